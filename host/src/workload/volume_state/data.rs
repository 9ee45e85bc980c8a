//! Reads the final state of the database.

use super::super::reading::{each_node, patiently};
use super::audit;
use super::row::{row_number, row_state};
use crate::capability::clock::Clock;
use crate::capability::database::{Database, Freshness};
use crate::capability::statement::{Action, Statement};
use crate::model::data::{FinalRows, NodeRows, RowState};
use crate::model::error::CallError;
use crate::model::value::Value;

/// Reads every row of every node that answers, and the net changes in the audit of the first of them:
/// it is replicated with the rows, in the same transactions. The readings are causal, so a node that
/// lags is waited for. An error only if no node answers.
pub(super) async fn read_data(
    database: &dyn Database,
    clock: &dyn Clock,
    rows: u32,
    audit: bool,
) -> Result<FinalRows, CallError> {
    let read = |node| read_rows(database, node, rows);
    let found = each_node(database, clock, read).await?;
    let effects = match found.nodes.first() {
        Some(first) if audit => {
            let read = || audit::effects(database, &first.node);
            Some(patiently(clock, read).await?)
        }
        _ => None,
    };
    Ok(FinalRows {
        effects,
        is_ordered: audit::is_ordered(database),
        nodes: found.nodes,
        silent: found.silent,
        unseen: found.unseen,
        has_primary: found.has_primary,
        breakdowns: Vec::new(),
    })
}

async fn read_rows(database: &dyn Database, node: &str, rows: u32) -> Result<NodeRows, CallError> {
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

pub(super) fn text(value: Value) -> String {
    value.into_text().unwrap_or_default()
}
