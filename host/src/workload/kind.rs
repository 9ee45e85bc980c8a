//! What a workload of each kind does with the database.

use super::numbers::Workload;
use super::{ip_allocation, tables, volume_state};
use crate::capability::clock::Clock;
use crate::capability::database::{Database, Freshness, Session, Target};
use crate::capability::statement::{Action, Statement};
use crate::check::ip_allocation as allocations;
use crate::check::{self, Evidence};
use crate::model::change::{Change, Nanos};
use crate::model::fault::Fault;
use crate::model::found::Found;
use crate::model::verdict::Judgement;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// What workers compete for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Rows of one table, moved from `available` to `deleting` and back.
    VolumeState,
    /// Addresses of pools, taken and perhaps given back.
    IpAllocation,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::VolumeState, Self::IpAllocation];

    /// As a workload file has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VolumeState => "volume-state",
            Self::IpAllocation => "ip-allocation",
        }
    }

    /// How a workload file says which.
    pub fn choice() -> String {
        let said = Self::ALL.map(|kind| format!("kind = {:?}", kind.as_str()));
        said.join(" or ")
    }

    /// The tables that a strategy may read and write.
    pub fn tables(self) -> &'static [&'static str] {
        match self {
            Self::VolumeState => volume_state::TABLES,
            Self::IpAllocation => ip_allocation::TABLES,
        }
    }

    /// Every table that a run makes.
    fn made(self) -> &'static [&'static str] {
        match self {
            Self::VolumeState => volume_state::MADE,
            Self::IpAllocation => ip_allocation::TABLES,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Workload {
    pub fn kind(&self) -> Kind {
        match self.ip_allocation {
            None => Kind::VolumeState,
            Some(_) => Kind::IpAllocation,
        }
    }

    /// `100 rows × 3 workers × 10 changes`.
    pub fn size(&self) -> String {
        let (rows, changes) = match self.kind() {
            Kind::VolumeState => ("rows", "changes"),
            Kind::IpAllocation => ("pools", "allocations"),
        };
        format!(
            "{} {rows} × {} workers × {} {changes}",
            self.rows, self.workers_per_row, self.changes_per_worker
        )
    }

    /// What strategies find in `settings`: what was given, and what the workload says, which comes
    /// after.
    pub fn settings(&self, mut settings: BTreeMap<String, String>) -> BTreeMap<String, String> {
        let wait = self.ip_allocation.as_ref().map_or(0, |it| it.step_wait_ms);
        if wait > 0 {
            let entry = settings.entry("step-wait-ms".to_owned());
            entry.or_insert(wait.to_string());
        }
        settings
    }

    /// Is there a table of one of its names that is somebody else's, and so not ours to drop?
    pub async fn has_taken_tables(&self, database: &dyn Database) -> Result<bool, Fault> {
        tables::exist(database, self.kind().made()).await
    }

    /// Makes the tables anew, filled, and waits until every node has them.
    pub async fn prepare(&self, database: &dyn Database) -> Result<(), Fault> {
        let mut session = database.connect(&Target::Endpoint).await?;
        let made = self.make(&mut *session, database).await;
        session.close().await;
        made?;
        let last = self.kind().tables().last().unwrap_or(&"");
        let count = format!("SELECT count(*) FROM {last}");
        let count = Statement::of_host(count, Action::Read);
        for node in database.nodes() {
            database.read(node, Freshness::Causal, &count, &[]).await?;
        }
        Ok(())
    }

    async fn make(&self, session: &mut dyn Session, database: &dyn Database) -> Result<(), Fault> {
        for table in self.kind().made() {
            tables::define(session, format!("DROP TABLE IF EXISTS {table}")).await?;
        }
        match &self.ip_allocation {
            None => volume_state::make(session, database, self).await,
            Some(allocation) => ip_allocation::make(session, database.dialect(), allocation).await,
        }
    }

    /// Reads what is left of every node that answers. The readings are causal, so a node that lags is
    /// waited for. A fault only if no node answers.
    pub async fn read_found(
        &self,
        database: &dyn Database,
        clock: &dyn Clock,
    ) -> Result<Found, Fault> {
        match self.kind() {
            Kind::VolumeState => {
                let data = volume_state::read_data(database, clock, self.rows, self.audit).await?;
                Ok(Found::VolumeState(data))
            }
            Kind::IpAllocation => {
                let found = ip_allocation::read_allocations(database, clock).await?;
                Ok(Found::IpAllocation(found))
            }
        }
    }

    /// Asks every checker of its kind. What was found in the database is absent when the run was cut
    /// before that, or when the history lacks some of its changes.
    pub fn judge(&self, changes: &[Change], found: Option<&Found>) -> Judgement {
        match &self.ip_allocation {
            None => check::judge(&self.rows_and(changes, found)),
            Some(pools) => allocations::judge(&pools.evidence(changes, found)),
        }
    }

    /// As [`Workload::judge`], of a simulation in which everything worked from this moment on: also
    /// asks whether every change came to an end.
    pub fn judge_simulated(
        &self,
        changes: &[Change],
        found: Option<&Found>,
        whole_from: Nanos,
    ) -> Judgement {
        match &self.ip_allocation {
            None => check::judge_simulated(&self.rows_and(changes, found), whole_from),
            Some(pools) => {
                allocations::judge_simulated(&pools.evidence(changes, found), whole_from)
            }
        }
    }

    fn rows_and<'a>(&self, changes: &'a [Change], found: Option<&'a Found>) -> Evidence<'a> {
        Evidence {
            rows: self.rows,
            changes,
            data: match found {
                Some(Found::VolumeState(data)) => Some(data),
                Some(Found::IpAllocation(_)) | None => None,
            },
        }
    }
}
