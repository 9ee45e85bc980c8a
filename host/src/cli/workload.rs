//! The numbers of a workload, each as a flag.

use crate::plan::pools::PoolOption;
use crate::plan::workload_file::WorkloadOptions;
use crate::workload::CheckConnections;
use crate::workload::ip_allocation::Connect;
use clap::Args;

#[derive(Args)]
pub struct WorkloadArguments {
    /// Number of rows that workers compete for [default: 100]
    #[arg(long, value_name = "N")]
    rows: Option<u32>,
    /// Number of workers that compete for each row [default: 1]
    #[arg(long, value_name = "N")]
    workers_per_row: Option<u32>,
    /// Number of changes that each worker makes [default: 10]
    #[arg(long, value_name = "N")]
    changes_per_worker: Option<u32>,
    /// Wait before each change [default: 10]
    #[arg(long, value_name = "MS")]
    pause_ms: Option<u64>,
    /// Wait between acquire and release [default: 10]
    #[arg(long, value_name = "MS")]
    hold_ms: Option<u64>,
    /// Most reads of all nodes after acquire; 0 for no check [default: 6]
    #[arg(long, value_name = "N")]
    check_tries: Option<u32>,
    /// Wait after the n-th read, times n [default: 250]
    #[arg(long, value_name = "MS")]
    check_wait_ms: Option<u64>,
    /// Connections of the check to the nodes: persistent or fresh [default: persistent]
    #[arg(long, value_name = "HOW")]
    check: Option<CheckConnections>,
    /// Number of sessions that load the database beside the workers, each on its own row [default: 0]
    #[arg(long, value_name = "N")]
    background_generators: Option<u32>,
    /// Reads of each such session in a second [default: 10]
    #[arg(long, value_name = "N")]
    background_selects_per_s: Option<u32>,
    /// Writes of each such session in a second [default: 5]
    #[arg(long, value_name = "N")]
    background_updates_per_s: Option<u32>,
    /// Record in the database what every transaction changes, as proof [default: true]
    #[arg(long, value_name = "BOOL")]
    audit: Option<bool>,
    /// ip-allocation: release each address after the hold [default: false]
    #[arg(long, value_name = "BOOL")]
    release: Option<bool>,
    /// ip-allocation: connect to the endpoint, or to the nodes in turn [default: endpoint]
    #[arg(long, value_name = "endpoint|nodes")]
    connect: Option<Connect>,
    /// ip-allocation: longest random wait before each step of an algorithm [default: 0]
    #[arg(long, value_name = "MS")]
    step_wait_ms: Option<u64>,
    /// ip-allocation: pool of addresses; may be repeated
    /// [default: 192.168.0.0/24,192.168.0.2-192.168.0.254]
    #[arg(long, value_name = "SUBNET,FIRST-LAST")]
    pool: Vec<PoolOption>,
}

impl WorkloadArguments {
    pub fn options(self) -> WorkloadOptions {
        WorkloadOptions {
            rows: self.rows,
            workers_per_row: self.workers_per_row,
            changes_per_worker: self.changes_per_worker,
            pause_ms: self.pause_ms,
            hold_ms: self.hold_ms,
            check_tries: self.check_tries,
            check_wait_ms: self.check_wait_ms,
            check: self.check,
            background_generators: self.background_generators,
            background_selects_per_s: self.background_selects_per_s,
            background_updates_per_s: self.background_updates_per_s,
            audit: self.audit,
            release: self.release,
            connect: self.connect,
            step_wait_ms: self.step_wait_ms,
            pool: (!self.pool.is_empty()).then_some(self.pool),
            ..WorkloadOptions::default()
        }
    }
}
