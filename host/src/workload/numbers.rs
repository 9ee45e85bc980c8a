//! A workload: its kind, and the numbers that every kind has.

use super::kind::Chosen;
use super::tables;
use crate::capability::database::{Database, Freshness, Session, Target};
use crate::capability::statement::{Action, Statement};
use crate::model::change::Change;
use crate::model::error::CallError;
use crate::model::verdict::Judgement;
use crate::model::words;
use crate::workload::final_state::FinalState;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The numbers of a workload; the defaults are those of the published experiment. Every number is a
/// key of a workload file and a flag of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// The number of rows, or of pools, that workers compete for.
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
    /// The connections of the check.
    pub check: CheckConnections,
    /// Sessions beside the workers' that load the database with statements of their own, each on a
    /// row of its own; 0 for none.
    pub background_generators: u32,
    /// The number of SELECTs of each of them in every second.
    pub background_selects_per_s: u32,
    pub background_updates_per_s: u32,
    /// Lets the database itself record the changes of every transaction, by triggers into a table of its
    /// own. Without it most checkers return unknown.
    pub audit: bool,
    /// Recorded as a key of its own name with its options; the usual kind is not recorded.
    #[serde(flatten)]
    pub kind: Chosen,
}

words! {
    /// The connections of the check after acquire.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum CheckConnections {
        /// Over connections that stay open and that workers share.
        Persistent = "persistent",
        /// Over a new connection to each node for each reading, as the reference harness did.
        Fresh = "fresh",
    }
}

impl Default for Workload {
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
            kind: Chosen::default(),
        }
    }
}

impl Workload {
    /// Keys that not every kind takes.
    pub const OF_SOME_KINDS: [&str; 8] = [
        "rows",
        "check_tries",
        "check_wait_ms",
        "check",
        "background_generators",
        "background_selects_per_s",
        "background_updates_per_s",
        "audit",
    ];

    pub fn workers(&self) -> u32 {
        self.rows * self.workers_per_row
    }

    /// The planned changes of all workers.
    pub fn changes(&self) -> u64 {
        u64::from(self.workers()) * u64::from(self.changes_per_worker)
    }

    /// Makes it fewer rows, the first of them.
    pub fn set_rows(&mut self, rows: u32) {
        self.rows = rows;
        if let Some(resized) = self.kind.resized(rows) {
            self.kind = resized.into();
        }
    }

    /// The row of a worker: neighbours in number compete for different rows, so that those of one
    /// row do not start next to each other.
    pub fn row_of(&self, worker: u32) -> u32 {
        worker % self.rows
    }

    /// The workers in the order in which they are dealt to the nodes: all of row 0, then all of row
    /// 1, … So the rivals of a row come to different nodes, whatever the number of rows.
    ///
    /// ```text
    /// 3 rows, 2 workers each, 3 nodes:  worker 0 3 1 4 2 5
    ///                                   row    0 0 1 1 2 2
    ///                                   node   0 1 2 0 1 2
    /// ```
    pub fn dealing_order(&self) -> impl Iterator<Item = u32> {
        let (rows, per_row) = (self.rows, self.workers_per_row);
        (0..rows).flat_map(move |row| (0..per_row).map(move |turn| turn * rows + row))
    }

    /// A worker's place in [`Workload::dealing_order`].
    pub fn seat_of(&self, worker: u32) -> u32 {
        self.row_of(worker) * self.workers_per_row + worker / self.rows
    }

    /// `100 rows × 3 workers × 10 changes`.
    pub fn size(&self) -> String {
        let [rows, changes] = self.kind.nouns();
        format!(
            "{} {rows} × {} workers × {} {changes}",
            self.rows, self.workers_per_row, self.changes_per_worker
        )
    }

    /// The `settings` of strategies: those that were given, and those that the workload makes, which come
    /// after.
    pub fn settings(&self, mut settings: BTreeMap<String, String>) -> BTreeMap<String, String> {
        for (name, value) in self.kind.settings() {
            settings.entry(name).or_insert(value);
        }
        settings
    }

    /// True if a table of one of its names is there already, which must not be dropped.
    pub async fn has_taken_tables(&self, database: &dyn Database) -> Result<bool, CallError> {
        tables::exist(database, self.kind.made()).await
    }

    /// Makes the tables anew, filled, and waits until every node has them.
    pub async fn prepare(&self, database: &dyn Database) -> Result<(), CallError> {
        let mut session = database.connect(&Target::Endpoint).await?;
        let made = self.make(&mut *session, database).await;
        session.close().await;
        made?;
        let last = self.kind.tables().last().unwrap_or(&"");
        let count = format!("SELECT count(*) FROM {last}");
        let count = Statement::of_host(count, Action::Read);
        for node in database.nodes() {
            database.read(node, Freshness::Causal, &count, &[]).await?;
        }
        Ok(())
    }

    async fn make(
        &self,
        session: &mut dyn Session,
        database: &dyn Database,
    ) -> Result<(), CallError> {
        for table in self.kind.made() {
            tables::define(session, format!("DROP TABLE IF EXISTS {table}")).await?;
        }
        self.kind.make(session, database, self).await
    }

    /// Asks every checker of its kind: `WorkloadKind::judge`.
    pub fn judge(&self, changes: &[Change], found: Option<&FinalState>) -> Judgement {
        self.kind.judge(self, changes, found, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rivals_of_a_row_sit_next_to_each_other() {
        for (rows, per_row) in [(1, 1), (3, 3), (4, 3), (9, 2), (5, 1)] {
            let workload = Workload {
                rows,
                workers_per_row: per_row,
                ..Workload::default()
            };
            let order: Vec<_> = workload.dealing_order().collect();
            let seats = order.iter().map(|&worker| workload.seat_of(worker));
            assert!(seats.eq(0..rows * per_row), "{rows}x{per_row}");
            let seated = order.chunks(per_row as usize).zip(0..);
            for (rivals, row) in seated {
                assert!(rivals.iter().all(|&worker| workload.row_of(worker) == row));
            }
        }
    }
}
