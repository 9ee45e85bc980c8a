//! The cost of simulations: the published workloads and others, with their judgement, as `runner check`
//! runs them.

pub mod many_workers;
pub mod smoke;
pub mod thirty_cells;
pub mod virtual_time;
pub mod wide_area;

use super::context::load_for_simulations;
use super::process::cpu_seconds;
use contend::capability::strategy::Strategy;
use contend::explore::case::Case;
use contend::explore::simulate::simulate;
use contend::model::sim_locks::SimLocks;
use contend::model::topology::Topology;
use contend::plan::workload_file;
use contend::workload::Workload;
use contend_dst::Recording;
use std::path::Path;
use std::sync::Arc;

/// Instances beyond one for each worker.
const SPARE: u32 = 8;

const CHANGE_TIMEOUT_S: u64 = 1800;

/// A workload of `workloads/`.
fn workload(name: &str) -> Workload {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workloads");
    let read = workload_file::read(&folder.join(format!("{name}.toml")));
    read.expect("a workload").workload().expect("a workload")
}

/// A case without faults on the cluster that is simulated if nothing is said.
fn case(workload: Workload, locks: Option<SimLocks>) -> Case {
    Case {
        seed: 1,
        workload,
        topology: Topology::default(),
        locks,
        settings: [].into(),
        faults: Vec::new(),
        autocommit_as_text: false,
        counts_found_rows: false,
        session: Default::default(),
        change_timeout_s: CHANGE_TIMEOUT_S,
        stuck_after_s: 0,
        time_limit_s: None,
    }
}

fn strategy(name: &str, case: &Case) -> Arc<dyn Strategy> {
    Arc::new(load_for_simulations(name, case.workload.workers() + SPARE))
}

/// Result and cost of one simulation.
struct Measured {
    changes: u64,
    statements: u64,
    simulated_s: f64,
    /// Of the whole process, which does nothing else.
    cpu_s: f64,
}

/// Simulates and judges; proves that every change was made, and that nothing was violated.
fn measure(case: &Case, strategy: &Arc<dyn Strategy>) -> Measured {
    let before = cpu_seconds();
    let simulated = simulate(case, strategy, Recording::Off).expect("a simulation");
    let cpu_s = cpu_seconds() - before;
    let Workload {
        changes_per_worker, ..
    } = case.workload;
    let all = u64::from(case.workload.workers()) * u64::from(changes_per_worker);
    assert_eq!(simulated.changes.len() as u64, all);
    assert!(simulated.changes.iter().all(|change| change.is_ok()));
    assert!(simulated.violation().is_none());
    Measured {
        changes: all,
        statements: simulated.statements,
        simulated_s: simulated.total_time as f64 / 1e9,
        cpu_s,
    }
}
