//! Options that make a plan, whichever command they are for.

use super::workload_file::{self, WorkloadOptions};
use crate::backend::session_options::{AffectedRows, SessionSettings};
use crate::backend::url::AutocommitWrites;
use crate::model::endpoint::Endpoint;
use crate::wasm::Limits;
use crate::workload::Kind;
use std::path::PathBuf;
use std::time::Duration;

/// The limits of an instance, unless the user says otherwise.
pub const DEFAULT_MEMORY_MIB: u64 = 64;
pub const DEFAULT_COMPUTING_MS: u64 = 1000;

pub fn default_limits() -> Limits {
    Limits {
        memory_bytes: DEFAULT_MEMORY_MIB << 20,
        computing: Duration::from_millis(DEFAULT_COMPUTING_MS),
    }
}

/// The options of which [`super::resolve`] makes a plan.
#[derive(Clone)]
pub struct PlanOptions {
    pub strategies: Vec<String>,
    pub workload: Option<String>,
    pub flags: WorkloadOptions,
    /// For what neither flags nor file say.
    pub defaults: Defaults,
    pub database: String,
    /// The servers behind it.
    pub nodes: Vec<String>,
    /// Run on the lab of this machine, in this folder or in the usual one.
    pub lab: Option<Option<PathBuf>>,
    pub autocommit_writes: AutocommitWrites,
    /// None where the user did not say.
    pub affected_rows: Option<AffectedRows>,
    pub session: SessionSettings,
    /// Of a lab or the simulator; `None` where the user did not say.
    pub endpoint: Option<Endpoint>,
    pub locks: String,
    pub settings: Vec<String>,
    pub memory_mib: u64,
    pub computing_ms: u64,
}

/// The values of options that a command has by itself.
#[derive(Clone, Copy)]
pub struct Defaults {
    /// `None`: each time another one.
    pub seed: Option<u64>,
    pub change_timeout_s: u64,
    pub stuck_after_s: u64,
    /// The numbers of a workload that is not named.
    pub unnamed: fn(Kind) -> WorkloadOptions,
}

impl Defaults {
    pub const RUN: Self = Self {
        seed: None,
        // An hour: the published waits reached half of one.
        change_timeout_s: 3600,
        // Longer than a database's wait for a row lock (50 s), and than usual leases.
        stuck_after_s: 60,
        unnamed: |_| WorkloadOptions::default(),
    };

    pub const CHECK: Self = Self {
        seed: Some(1),
        change_timeout_s: 60,
        // Longer than a lease of ten seconds, and than what the checker `progress` asks for.
        stuck_after_s: 20,
        unnamed: small_workload,
    };
}

/// The workload of a check that names none: small, so that many seeds are tried, and with enough
/// workers on a row for each to meet others on other nodes.
pub fn small_workload(kind: Kind) -> WorkloadOptions {
    let of_every_kind = WorkloadOptions {
        changes_per_worker: Some(3),
        pause_ms: Some(1),
        hold_ms: Some(2),
        ..WorkloadOptions::default()
    };
    let of_kind = workload_file::part(kind.small()).unwrap_or_default();
    of_kind.or(of_every_kind)
}
