//! Workers compete to move rows of one table from `available` to `deleting` and back.

mod audit;
mod background;
mod data;
mod net;
mod schema;

pub use self::audit::AuditAccess;
pub use self::background::BackgroundAccess;
pub use self::data::read_data;
pub use self::schema::{MADE, TABLES, make};

use crate::capability::database::{Database, Freshness, Session};
use crate::capability::statement::{Action, Statement};
use crate::model::data::{RowState, Status};
use crate::model::fault::Fault;
use crate::model::marker::{Mark, Marker};
use crate::model::value::{Row, Value};

/// A row's `id`.
pub fn row_id(row: u32) -> String {
    format!("volume-{row}")
}

/// The number of a row's `id`; nothing for one that the workload never made.
fn row_number(id: &str) -> Option<u32> {
    let row = id.strip_prefix("volume-")?.parse().ok()?;
    (row_id(row) == id).then_some(row)
}

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

/// From the columns status and attach_status.
fn row_state(columns: Row) -> RowState {
    let mut columns = columns.into_iter();
    let mut text = || columns.next().and_then(Value::into_text);
    RowState {
        status: Status::from(text().unwrap_or_else(|| "NULL".to_owned())),
        mark: Mark::from(text()),
    }
}
