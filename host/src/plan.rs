//! The plan of a run, decided to the last number before anything is touched.
//!
//! ```text
//! options → lab → strategies → kind → workload → world → plan, checked → strategies, loaded
//! ```

pub mod again;
pub mod at_hand;
pub mod cells;
pub mod command_line;
mod consistency;
pub mod differences;
mod error;
pub mod faults;
pub mod home;
pub mod lab;
pub mod nearest;
pub mod options;
pub mod pattern;
pub mod recorded;
pub mod resolve;
pub mod search;
pub mod settings;
pub mod strategies;
pub mod topology;
pub mod variant;
pub mod workload_file;

pub use self::error::PlanError;

use crate::backend::secret_url::SecretUrl;
use crate::backend::session_options::{AffectedRows, SessionOptions, SessionSettings};
use crate::backend::url::{AutocommitWrites, DatabaseUrl, LockUrl};
use crate::model::endpoint::Endpoint;
use crate::model::schedule::ScheduledFault;
use crate::model::sim_fault::SimFault;
use crate::model::topology::{ClusterKind, Topology};
use crate::wasm::Limits;
use crate::workload::Workload;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The number of the simulator's model, a part of the version. Raised when the same seed takes another
/// course than before: `explore/token/pinned.rs` notices.
pub const MODEL: u32 = 7;

/// The largest whole number that every program reads right.
const MAX_SEED: u64 = (1 << 53) - 1;

/// A whole run. It is written to the run's folder, and every figure can be traced to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub runner_version: String,
    /// The contract's package with its version.
    pub contract: String,
    pub workload_name: String,
    pub workload: Workload,
    /// One trial for each strategy, in this order, each on fresh data.
    pub trials: Vec<PlannedTrial>,
    /// The endpoint that strategies connect to.
    pub database: DatabaseUrl,
    /// Which endpoint of its lab that is; `None` for any other database. A simulated one is in `simulated`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    /// The servers behind it, one by one; empty if the endpoint is all there is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<SecretUrl>,
    /// The way in which autocommit writes are sent, where that makes a difference.
    pub autocommit_writes: AutocommitWrites,
    /// Which rows a write counts. Plans did not always say it.
    #[serde(default)]
    pub affected_rows: AffectedRows,
    /// Settings of the sessions of workers.
    #[serde(default, skip_serializing_if = "SessionSettings::is_none")]
    pub session: SessionSettings,
    pub locks: LockUrl,
    /// The `settings` of strategies.
    pub settings: BTreeMap<String, String>,
    /// The root of all randomness. It fixes what strategies draw, not how workers interleave.
    pub seed: u64,
    pub memory_mib: u64,
    pub computing_ms: u64,
    pub change_timeout_s: u64,
    /// The time without progress after which a trial is ended as stuck; 0 for ever, as in plans of before.
    #[serde(default)]
    pub stuck_after_s: u64,
    /// The faults injected into the lab's servers in each trial, in the order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<ScheduledFault>,
    /// The simulated world; absent where the database is a real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated: Option<SimulatedWorld>,
    /// Of each trial; none if it may take as long as it takes.
    pub time_limit_s: Option<u64>,
    /// Which time of `runner batch --repeat` it is; from 1.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub repetition: u32,
}

fn first() -> u32 {
    1
}

fn is_first(repetition: &u32) -> bool {
    *repetition == first()
}

/// The simulator's part of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimulatedWorld {
    /// The number of the simulator's model: with another one the same seed takes another course. Plans
    /// did not always say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<u32>,
    pub topology: Topology,
    /// In the order of time.
    pub faults: Vec<SimFault>,
}

/// One strategy's turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedTrial {
    /// The strategy's name; also that of its folder in the results.
    pub name: String,
    /// The path of its file; plans of before had it as it was given, which may be relative.
    pub component: PathBuf,
    /// The reference that it was pulled from, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Of the component's bytes; `sha256:…`.
    pub digest: String,
    /// The interfaces of the contract that it imports, sorted.
    pub imports: Vec<String>,
    /// Settings of its own, before those of the plan.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

impl PlannedTrial {
    /// True if the choice of the lock service makes a difference to this strategy.
    pub fn takes_locks(&self) -> bool {
        let is_of_locks = |interface: &String| ["lock", "group"].contains(&interface.as_str());
        self.imports.iter().any(is_of_locks)
    }
}

/// The most workers that one run can have. Each takes six mappings of memory, and Linux allows a
/// process 65,530 of them unless it is set otherwise.
pub const MAX_WORKERS: u64 = 10_000;

/// The most workers of a simulation, whose instances share a few mappings.
pub const MAX_SIMULATED_WORKERS: u64 = 100_000;

const HOUR_MS: u64 = 3_600_000;

impl Plan {
    pub fn limits(&self) -> Limits {
        Limits {
            memory_bytes: self.memory_mib << 20,
            computing: Duration::from_millis(self.computing_ms),
        }
    }

    /// The options of sessions with the database. A statement may take as long as the call that
    /// waits for it, and a second more, so that it is the run's own time-out that comes first.
    pub fn session_options(&self) -> SessionOptions {
        SessionOptions {
            autocommit_writes: self.autocommit_writes,
            affected_rows: self.affected_rows,
            statement_limit: Some(Duration::from_secs(self.change_timeout_s.saturating_add(1))),
        }
    }

    /// Where new sessions go; `None` if only the named database knows.
    pub fn endpoint(&self) -> Option<Endpoint> {
        match &self.simulated {
            Some(world) => Some(match world.topology.kind {
                ClusterKind::Galera => world.topology.endpoint,
                ClusterKind::Postgres => Endpoint::OneWriter,
            }),
            None => self.endpoint,
        }
    }

    /// The `settings` of this trial's strategy.
    pub fn settings_of(&self, trial: &PlannedTrial) -> BTreeMap<String, String> {
        let mut settings = self.settings.clone();
        settings.extend(trial.settings.clone());
        self.workload.settings(settings)
    }

    /// Checks every number against its range; says which key is wrong and what it may be.
    pub fn validate(&self) -> Result<(), PlanError> {
        let workload = &self.workload;
        let (rows, per_row) = (
            u64::from(workload.rows),
            u64::from(workload.workers_per_row),
        );
        let most = match self.simulated {
            Some(_) => MAX_SIMULATED_WORKERS,
            None => MAX_WORKERS,
        };
        in_range("rows", rows, 1, most)?;
        in_range("workers_per_row", per_row, 1, most)?;
        in_range("rows × workers_per_row", rows * per_row, 1, most)?;
        let changes = u64::from(workload.changes_per_worker);
        in_range("changes_per_worker", changes, 1, 100_000_000)?;
        in_range("pause_ms", workload.pause_ms, 0, HOUR_MS)?;
        in_range("hold_ms", workload.hold_ms, 0, HOUR_MS)?;
        in_range("check_tries", u64::from(workload.check_tries), 0, 1000)?;
        in_range("check_wait_ms", workload.check_wait_ms, 0, HOUR_MS)?;
        let generators = u64::from(workload.background_generators);
        in_range("background_generators", generators, 0, MAX_WORKERS)?;
        let selects = u64::from(workload.background_selects_per_s);
        in_range("background_selects_per_s", selects, 0, 1000)?;
        let updates = u64::from(workload.background_updates_per_s);
        in_range("background_updates_per_s", updates, 0, 1000)?;
        for (key, wait) in workload.kind.bounded() {
            in_range(key, wait, 0, HOUR_MS)?;
        }
        in_range("memory_mib", self.memory_mib, 1, 4096)?;
        in_range("computing_ms", self.computing_ms, 10, HOUR_MS)?;
        in_range("change_timeout_s", self.change_timeout_s, 1, 7 * 86_400)?;
        in_range("stuck_after_s", self.stuck_after_s, 0, 7 * 86_400)?;
        if let Some(limit) = self.time_limit_s {
            in_range("time_limit_s", limit, 1, 30 * 86_400)?;
        }
        Ok(())
    }
}

/// Refuses a seed that other programs read wrongly: their numbers have 53 bits.
pub fn check_seed(seed: u64) -> Result<(), PlanError> {
    in_range("seed", seed, 0, MAX_SEED)
}

fn in_range(key: &'static str, value: u64, least: u64, most: u64) -> Result<(), PlanError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(PlanError::OutOfRange {
        key,
        value,
        least,
        most,
    })
}

/// The name of a workload that is nowhere written down: rows × workers per row.
pub fn workload_name(workload: &Workload) -> String {
    let size = format!("{}x{}", workload.rows, workload.workers_per_row);
    format!("{}{size}", workload.kind.prefix())
}
