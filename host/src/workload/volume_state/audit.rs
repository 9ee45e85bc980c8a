//! Reading what the triggers recorded.

use super::data::text;
use super::net::{Name, Net, Seen};
use super::row::row_state;
use crate::capability::database::{Database, Freshness};
use crate::capability::statement::{Action, Statement};
use crate::model::data::{AuditEntry, Status};
use crate::model::error::CallError;
use crate::model::marker::{Mark, Marker};
use crate::model::value::{Row, Value};
use std::sync::LazyLock;

const COLUMNS: &str =
    "transaction_name, old_id, old_status, old_marker, new_id, new_status, new_marker";

/// The net changes of all transactions, from one node, causally; in the order of commits where the
/// database has one ([`is_ordered`]).
pub(super) async fn effects(
    database: &dyn Database,
    node: &str,
) -> Result<Vec<AuditEntry>, CallError> {
    let order = match is_ordered(database) {
        true => " ORDER BY number",
        false => "",
    };
    let all = format!("SELECT {COLUMNS} FROM volumes_audit{order}");
    let all = Statement::of_host(all, Action::Read);
    read(database, node, &all, &[]).await
}

static BY_MARKER: LazyLock<Statement> = LazyLock::new(|| {
    let by_marker = format!("SELECT {COLUMNS} FROM volumes_audit WHERE new_marker = ?");
    Statement::of_host(by_marker, Action::Read)
});

/// True if a transaction has committed that brought the row to this status with this marker, as
/// one node says, causally. `None` where what is recorded under the marker does not say so: a
/// transaction that wrote other markers in between.
pub(super) async fn has(
    database: &dyn Database,
    node: &str,
    row: u32,
    status: &Status,
    marker: Marker,
) -> Result<Option<bool>, CallError> {
    let of = [Value::from(marker.to_string())];
    let effects = read(database, node, &BY_MARKER, &of).await?;
    Ok(led_to(&effects, row, status, marker))
}

async fn read(
    database: &dyn Database,
    node: &str,
    select: &Statement,
    parameters: &[Value],
) -> Result<Vec<AuditEntry>, CallError> {
    let causal = Freshness::Causal;
    let rows = database.read(node, causal, select, parameters).await?;
    let mut net = Net::default();
    for (number, columns) in (0..).zip(rows) {
        let (transaction, before, after) = recorded(columns);
        // What has no name is by itself.
        let transaction = transaction.unwrap_or(Name::Number(-1 - number));
        net.add(transaction, before, after);
    }
    Ok(net.effects())
}

/// True if the audit stands in the order of commits. SQLite has one writer at a time, which numbers
/// what it records; on other databases transactions overlap.
pub(super) fn is_ordered(database: &dyn Database) -> bool {
    database.dialect() == "sqlite"
}

fn recorded(columns: Row) -> (Option<Name>, Option<Seen>, Option<Seen>) {
    let mut columns = columns.into_iter();
    let transaction = match columns.next() {
        Some(Value::Integer(number)) => Some(Name::Number(number)),
        Some(Value::Text(name)) => Some(match name.parse() {
            Ok(number) => Name::Number(number),
            Err(_) => Name::Text(name.as_str().into()),
        }),
        _ => None,
    };
    let mut seen = || {
        let id = columns.next().unwrap_or(Value::Null);
        let state = columns.by_ref().take(2).collect();
        (id != Value::Null).then(|| (text(id), row_state(state)))
    };
    let before = seen();
    (transaction, before, seen())
}

fn led_to(effects: &[AuditEntry], row: u32, status: &Status, marker: Marker) -> Option<bool> {
    let mark = Mark::Of(marker);
    let there = |effect: &&AuditEntry| {
        let to = effect.to.as_ref();
        effect.row == row && to.is_some_and(|to| to.status == *status && to.mark == mark)
    };
    // A release begins where the marker is already; one that deletes the row first leaves no state
    // with the marker before it inserts the row again.
    let is_whole = |effect: &AuditEntry| {
        let from = effect.from.as_ref();
        *status == Status::Deleting || from.is_none_or(|from| from.mark == mark)
    };
    let mut there = effects.iter().filter(there).peekable();
    match there.peek() {
        None => Some(false),
        Some(_) => there.any(is_whole).then_some(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::data::RowState;

    fn state(status: &str, mark: &str) -> RowState {
        RowState {
            status: Status::from(status.to_owned()),
            mark: Mark::from(Some(mark.to_owned())),
        }
    }

    #[test]
    fn release_is_found_by_what_it_leads_from() {
        let marker = Marker {
            worker: 3,
            number: 0,
        };
        let [held, free] = ["deleting", "available"].map(|status| state(status, "3_0"));
        let released = |effects: &[AuditEntry]| led_to(effects, 0, &Status::Available, marker);
        let acquire = AuditEntry::of_row(0, state("available", "4_0"), held.clone());
        assert_eq!(released(std::slice::from_ref(&acquire)), Some(false));
        let release = AuditEntry::of_row(0, held.clone(), free.clone());
        assert_eq!(released(&[acquire, release.clone()]), Some(true));
        let elsewhere = AuditEntry { row: 1, ..release };
        assert_eq!(released(&[elsewhere]), Some(false));
        let anew = AuditEntry {
            from: None,
            ..AuditEntry::of_row(0, held, free.clone())
        };
        assert_eq!(released(&[anew]), Some(true));
        // An acquire that writes the marker first may stand there by half.
        let half = AuditEntry::of_row(0, state("available", "4_0"), free);
        assert_eq!(released(&[half]), None);
    }
}
