//! What the run left in the database.

use super::super::reading::{each_node, patiently};
use super::{row_number, row_state};
use crate::capability::clock::Clock;
use crate::capability::database::{Database, Freshness};
use crate::capability::statement::{Action, Statement};
use crate::model::data::{Data, Effect, NodeRows, RowState};
use crate::model::fault::Fault;
use crate::model::value::{Row, Value};

/// Reads every row of every node that answers, and the changes of state in the audit of the first of
/// them: it is replicated with the rows, in the same transactions. The readings are causal, so a node that lags is waited
/// for. A fault only if no node answers.
pub async fn read_data(
    database: &dyn Database,
    clock: &dyn Clock,
    rows: u32,
    audit: bool,
) -> Result<Data, Fault> {
    let read = async |node: &str| read_rows(database, node, rows).await;
    let (nodes, silent) = each_node(database, clock, read).await?;
    let effects = match nodes.first() {
        Some(first) if audit => {
            let read = async || read_effects(database, &first.node).await;
            Some(patiently(clock, read).await?)
        }
        _ => None,
    };
    Ok(Data {
        effects,
        nodes,
        silent,
    })
}

async fn read_rows(database: &dyn Database, node: &str, rows: u32) -> Result<NodeRows, Fault> {
    let all = Statement::of_host(
        "SELECT id, status, attach_status FROM volumes",
        Action::Read,
    );
    let mut found: Vec<Option<RowState>> = vec![None; rows as usize];
    let mut foreign = Vec::new();
    for mut columns in database.read(node, Freshness::Causal, &all, &[]).await? {
        let id = text(columns.remove(0));
        match row_number(&id).and_then(|row| found.get_mut(row as usize)) {
            Some(slot) => *slot = Some(row_state(columns)),
            None => foreign.push(id),
        }
    }
    foreign.sort();
    Ok(NodeRows {
        node: node.to_owned(),
        rows: found,
        foreign,
    })
}

async fn read_effects(database: &dyn Database, node: &str) -> Result<Vec<Effect>, Fault> {
    let all = Statement::of_host(
        "SELECT volume_id, old_status, old_marker, new_status, new_marker FROM volumes_audit",
        Action::Read,
    );
    let rows = database.read(node, Freshness::Causal, &all, &[]).await?;
    // An update of another column (a fencing token, say) leaves the state as it was, and so does one
    // that writes the same state again: no transition, and nothing that a change has to answer for.
    let effects = rows.into_iter().map(effect);
    Ok(effects.filter(|effect| effect.from != effect.to).collect())
}

fn effect(mut columns: Row) -> Effect {
    let to = row_state(columns.split_off(3));
    let from = row_state(columns.split_off(1));
    let id = text(columns.remove(0));
    Effect {
        // A row that the workload never made has no number; no change is on such a row, so
        // whatever happened to it is found to be unexplained.
        row: row_number(&id).unwrap_or(u32::MAX),
        from,
        to,
    }
}

fn text(value: Value) -> String {
    value.into_text().unwrap_or_default()
}
