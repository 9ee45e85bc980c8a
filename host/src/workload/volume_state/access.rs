//! The host's own look at a row, and giving one back.

use super::row::{row_id, row_state};
use crate::capability::database::{Database, Freshness, Session};
use crate::capability::statement::{Action, Statement};
use crate::model::data::RowState;
use crate::model::error::CallError;
use crate::model::marker::Marker;
use crate::model::value::Value;
use crate::workload::site::Site;
use std::sync::LazyLock;

static READ: LazyLock<Statement> = LazyLock::new(|| {
    let read = "SELECT status, attach_status FROM volumes WHERE id = ?";
    Statement::of_host(read, Action::Read)
});

static RESTORE: LazyLock<Statement> = LazyLock::new(|| {
    let restore = "UPDATE volumes SET status = 'available' \
                   WHERE id = ? AND status = 'deleting' AND attach_status = ?";
    Statement::of_host(restore, Action::Write)
});

/// The row as one node holds it, with everything that was committed before this was called.
pub(super) async fn read_causally(
    site: &Site,
    node: &str,
    row: u32,
) -> Result<Option<RowState>, CallError> {
    read(&*site.database, node, Freshness::Causal, row).await
}

/// The row as one node holds it; nothing if it is gone.
pub(super) async fn read(
    database: &dyn Database,
    node: &str,
    freshness: Freshness,
    row: u32,
) -> Result<Option<RowState>, CallError> {
    let id = [Value::from(row_id(row))];
    let rows = database.read(node, freshness, &READ, &id).await?;
    Ok(rows.into_iter().next().map(row_state))
}

/// The row as a session finds it; nothing if it is gone.
pub(super) async fn read_on(
    session: &mut dyn Session,
    row: u32,
) -> Result<Option<RowState>, CallError> {
    let id = [Value::from(row_id(row))];
    let rows = session.query(&READ, &id).await?;
    Ok(rows.into_iter().next().map(row_state))
}

/// Gives back a row that the change with this marker still holds. True if it did hold it.
pub(super) async fn restore(
    session: &mut dyn Session,
    row: u32,
    marker: Marker,
) -> Result<bool, CallError> {
    let parameters = [Value::from(row_id(row)), Value::from(marker.to_string())];
    Ok(session.execute(&RESTORE, &parameters).await? == 1)
}
