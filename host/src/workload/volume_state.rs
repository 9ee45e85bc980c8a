//! Workers compete to move rows of one table from `available` to `deleting` and back.

mod audit;
mod background;
mod data;
mod net;
mod row;
mod schema;

pub use self::audit::AuditAccess;
pub use self::background::BackgroundAccess;
pub use self::data::read_data;
pub use self::row::row_id;
pub use self::schema::{MADE, TABLES, make};

use self::row::row_state;
use crate::capability::database::{Database, Freshness, Session};
use crate::capability::statement::{Action, Statement};
use crate::model::data::RowState;
use crate::model::fault::Fault;
use crate::model::marker::Marker;
use crate::model::value::Value;

/// The host's own statements on a row, made once.
pub struct RowAccess {
    read: Statement,
    restore: Statement,
    pub audit: AuditAccess,
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
    pub async fn read(
        &self,
        database: &dyn Database,
        node: &str,
        freshness: Freshness,
        row: u32,
    ) -> Result<Option<RowState>, Fault> {
        let id = [Value::from(row_id(row))];
        let rows = database.read(node, freshness, &self.read, &id).await?;
        Ok(rows.into_iter().next().map(row_state))
    }

    /// The row as a session finds it; nothing if it is gone.
    pub async fn read_on(
        &self,
        session: &mut dyn Session,
        row: u32,
    ) -> Result<Option<RowState>, Fault> {
        let rows = session
            .query(&self.read, &[Value::from(row_id(row))])
            .await?;
        Ok(rows.into_iter().next().map(row_state))
    }

    /// Gives back a row that the change with this marker still holds. True if it did hold it.
    pub async fn restore(
        &self,
        session: &mut dyn Session,
        row: u32,
        marker: Marker,
    ) -> Result<bool, Fault> {
        let parameters = [Value::from(row_id(row)), Value::from(marker.to_string())];
        let affected = session.execute(&self.restore, &parameters).await?;
        Ok(affected == 1)
    }
}
