//! The host's own look at a row, and giving one back.

use super::audit::AuditAccess;
use super::row::{row_id, row_state};
use crate::capability::database::{Database, Freshness, Session};
use crate::capability::statement::{Action, Statement};
use crate::model::data::RowState;
use crate::model::error::CallError;
use crate::model::marker::Marker;
use crate::model::value::Value;
use crate::workload::site::Site;
use std::sync::LazyLock;

/// The host's own statements on a row, made once.
pub(super) static ROWS: LazyLock<RowAccess> = LazyLock::new(RowAccess::default);

/// The row as one node holds it, with everything that was committed before this was called.
pub(super) async fn read_causally(
    site: &Site,
    node: &str,
    row: u32,
) -> Result<Option<RowState>, CallError> {
    ROWS.read(&*site.database, node, Freshness::Causal, row)
        .await
}

pub(super) struct RowAccess {
    read: Statement,
    restore: Statement,
    pub(super) audit: AuditAccess,
}

impl Default for RowAccess {
    fn default() -> Self {
        Self {
            read: Statement::of_host(
                "SELECT status, attach_status FROM volumes WHERE id = ?",
                Action::Read,
            ),
            restore: Statement::of_host(
                "UPDATE volumes SET status = 'available' \
                 WHERE id = ? AND status = 'deleting' AND attach_status = ?",
                Action::Write,
            ),
            audit: AuditAccess::default(),
        }
    }
}

impl RowAccess {
    /// The row as one node holds it; nothing if it is gone.
    pub(super) async fn read(
        &self,
        database: &dyn Database,
        node: &str,
        freshness: Freshness,
        row: u32,
    ) -> Result<Option<RowState>, CallError> {
        let id = [Value::from(row_id(row))];
        let rows = database.read(node, freshness, &self.read, &id).await?;
        Ok(rows.into_iter().next().map(row_state))
    }

    /// The row as a session finds it; nothing if it is gone.
    pub(super) async fn read_on(
        &self,
        session: &mut dyn Session,
        row: u32,
    ) -> Result<Option<RowState>, CallError> {
        let rows = session
            .query(&self.read, &[Value::from(row_id(row))])
            .await?;
        Ok(rows.into_iter().next().map(row_state))
    }

    /// Gives back a row that the change with this marker still holds. True if it did hold it.
    pub(super) async fn restore(
        &self,
        session: &mut dyn Session,
        row: u32,
        marker: Marker,
    ) -> Result<bool, CallError> {
        let parameters = [Value::from(row_id(row)), Value::from(marker.to_string())];
        let affected = session.execute(&self.restore, &parameters).await?;
        Ok(affected == 1)
    }
}
