//! Workers compete to move rows of one table from `available` to `deleting` and back.

mod background;
mod data;
mod schema;

pub use self::background::BackgroundAccess;
pub use self::data::read_data;
pub use self::schema::{TABLES, exists, prepare};

use crate::capability::database::{Database, Freshness, Session};
use crate::capability::statement::{Action, Statement};
use crate::model::data::{RowState, Status};
use crate::model::fault::Fault;
use crate::model::marker::{Mark, Marker};
use crate::model::value::{Row, Value};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The numbers of a workload; the defaults are those of the published experiment. Every field is a
/// key of a workload file and a flag of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeState {
    pub rows: u32,
    pub workers_per_row: u32,
    pub changes_per_worker: u32,
    /// Before each change.
    pub pause_ms: u64,
    /// Between acquire and release.
    pub hold_ms: u64,
    /// Readings of all nodes after acquire, at most; 0 leaves the check out.
    pub check_tries: u32,
    /// The wait after the n-th reading is n times this.
    pub check_wait_ms: u64,
    /// How the check reaches the nodes.
    pub check: CheckConnections,
    /// Sessions beside the workers' that load the database with statements of their own, each on a
    /// row of its own; 0 for none.
    pub background_generators: u32,
    /// What each of them does in every second.
    pub background_selects_per_s: u32,
    pub background_updates_per_s: u32,
    /// Lets the database itself record every committed update, by a trigger into a table of its own.
    /// Without it most checkers can't tell.
    pub audit: bool,
}

/// How the check after acquire reaches the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckConnections {
    /// Over connections that stay open and that workers share.
    Persistent,
    /// Over a new connection to each node for each reading, as the reference harness did.
    Fresh,
}

impl FromStr for CheckConnections {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "persistent" => Ok(Self::Persistent),
            "fresh" => Ok(Self::Fresh),
            _ => Err("it is persistent or fresh".to_owned()),
        }
    }
}

impl Default for VolumeState {
    fn default() -> Self {
        Self {
            rows: 100,
            workers_per_row: 1,
            changes_per_worker: 10,
            pause_ms: 10,
            hold_ms: 10,
            check_tries: 6,
            check_wait_ms: 250,
            check: CheckConnections::Persistent,
            background_generators: 0,
            background_selects_per_s: 10,
            background_updates_per_s: 5,
            audit: true,
        }
    }
}

impl VolumeState {
    pub fn workers(&self) -> u32 {
        self.rows * self.workers_per_row
    }

    /// The row of a worker: neighbours in number compete for different rows, so that those of one
    /// row do not start next to each other.
    pub fn row_of(&self, worker: u32) -> u32 {
        worker % self.rows
    }
}

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
