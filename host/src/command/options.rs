//! Options that make a plan, whichever command they are for.

use crate::backend::session_options::AffectedRows;
use crate::backend::url::AutocommitWrites;
use crate::plan::workload_file::WorkloadOptions;
use crate::wasm::Limits;
use std::time::Duration;

pub use crate::run_dir::bundle::DEFAULT_UNPACKED_MIB;

/// The limits of an instance, unless the user says otherwise.
pub const DEFAULT_MEMORY_MIB: u64 = 64;
pub const DEFAULT_COMPUTING_MS: u64 = 1000;

pub fn default_limits() -> Limits {
    Limits {
        memory_bytes: DEFAULT_MEMORY_MIB << 20,
        computing: Duration::from_millis(DEFAULT_COMPUTING_MS),
    }
}

/// Of these, `resolve` makes a plan.
#[derive(Clone)]
pub struct PlanOptions {
    pub strategies: Vec<String>,
    pub workload: Option<String>,
    pub flags: WorkloadOptions,
    /// For what neither flags nor file say, before the runner's own defaults.
    pub defaults: WorkloadOptions,
    pub database: String,
    /// The servers behind it.
    pub nodes: Vec<String>,
    pub autocommit_writes: AutocommitWrites,
    /// None where the user did not say.
    pub affected_rows: Option<AffectedRows>,
    pub locks: String,
    pub settings: Vec<String>,
    pub memory_mib: u64,
    pub computing_ms: u64,
}
