//! Reductions of a case, the boldest first.

use crate::explore::case::Case;
use crate::model::change::Nanos;
use crate::model::sim_fault::{FaultAction, SimFault};

const MS: Nanos = 1_000_000;

/// Each gives smaller cases, none if there is nothing left for it to take away.
pub const PASSES: &[fn(&Case) -> Vec<Case>] = &[
    without_faults,
    fewer_changes,
    fewer_rows,
    fewer_workers,
    without_background,
    fewer_nodes,
    shorter_waits,
    shorter_faults,
    earlier_faults,
];

fn without_faults(case: &Case) -> Vec<Case> {
    let none = (case.faults.len() > 1).then(|| with_faults(case, Vec::new()));
    let one_less = (0..case.faults.len()).map(|index| {
        let mut faults = case.faults.clone();
        faults.remove(index);
        with_faults(case, faults)
    });
    none.into_iter().chain(one_less).collect()
}

fn fewer_changes(case: &Case) -> Vec<Case> {
    fewer(case.workload.changes_per_worker, 1)
        .map(|changes| {
            let mut smaller = case.clone();
            smaller.workload.changes_per_worker = changes;
            smaller
        })
        .collect()
}

fn fewer_rows(case: &Case) -> Vec<Case> {
    let per_row = case.workload.workers_per_row;
    fewer(case.workload.rows, 1)
        .map(|rows| with_workers(case, rows, per_row))
        .collect()
}

/// With one worker on a row nothing can go wrong that another would have to do with.
fn fewer_workers(case: &Case) -> Vec<Case> {
    fewer(case.workload.workers_per_row, 1)
        .map(|per_row| with_workers(case, case.workload.rows, per_row))
        .collect()
}

fn without_background(case: &Case) -> Vec<Case> {
    if case.workload.background_generators == 0 {
        return Vec::new();
    }
    let mut smaller = case.clone();
    smaller.workload.background_generators = 0;
    vec![smaller]
}

fn fewer_nodes(case: &Case) -> Vec<Case> {
    fewer(case.topology.nodes, 1)
        .map(|nodes| with_nodes(case, nodes))
        .collect()
}

fn shorter_waits(case: &Case) -> Vec<Case> {
    let workload = &case.workload;
    let with = |pause_ms, hold_ms, check_tries| {
        let mut smaller = case.clone();
        smaller.workload.pause_ms = pause_ms;
        smaller.workload.hold_ms = hold_ms;
        smaller.workload.check_tries = check_tries;
        smaller
    };
    let (pause, hold, check) = (workload.pause_ms, workload.hold_ms, workload.check_tries);
    let mut smaller = vec![
        with(0, hold, check),
        with(pause, 0, check),
        with(pause, hold, 0),
        with(pause / 2, hold, check),
        with(pause, hold / 2, check),
    ];
    smaller.retain(|smaller| smaller.workload != *workload);
    smaller
}

fn shorter_faults(case: &Case) -> Vec<Case> {
    let mut smaller = Vec::new();
    for (index, fault) in case.faults.iter().enumerate() {
        let Some(now) = lasts(&mut fault.what.clone()).copied() else {
            continue;
        };
        // Shorter; or if that will not do, a number that is easier to read.
        let round = [1_000 * MS, 100 * MS, 10 * MS, MS].map(|unit| now / unit * unit);
        for shorter in [now / 2 / MS * MS, now / 4 * 3 / MS * MS]
            .into_iter()
            .chain(round)
        {
            let mut faults = case.faults.clone();
            if let Some(lasts) = lasts(&mut faults[index].what) {
                *lasts = shorter.max(MS);
            }
            if faults[index] != *fault {
                smaller.push(with_faults(case, faults));
            }
        }
    }
    smaller
}

fn earlier_faults(case: &Case) -> Vec<Case> {
    let mut smaller = Vec::new();
    for (index, fault) in case.faults.iter().enumerate() {
        let earlier = [
            0,
            fault.at / 2 / MS * MS,
            fault.at / MS * MS,
            fault.at / (MS / 10) * (MS / 10),
            fault.at / (MS / 100) * (MS / 100),
        ];
        for at in earlier.into_iter().filter(|at| *at < fault.at) {
            let mut faults = case.faults.clone();
            faults[index].at = at;
            faults.sort_by_key(|fault| fault.at);
            smaller.push(with_faults(case, faults));
        }
    }
    smaller
}

/// The least, a half and one less, each once.
fn fewer(now: u32, least: u32) -> impl Iterator<Item = u32> {
    let mut tries = vec![least, now / 2, now.saturating_sub(1)];
    tries.retain(|n| (least..now).contains(n));
    tries.sort_unstable();
    tries.dedup();
    tries.into_iter()
}

fn with_faults(case: &Case, faults: Vec<SimFault>) -> Case {
    Case {
        faults,
        ..case.clone()
    }
}

/// Workers are numbered by row first: each fault stays with a worker at the same place of its row.
fn with_workers(case: &Case, rows: u32, per_row: u32) -> Case {
    let before = case.workload.rows;
    let renumbered = |worker: u32| {
        let (row, place) = (worker % before, worker / before);
        (place % per_row) * rows + row % rows
    };
    let mut smaller = case.clone();
    smaller.workload.set_rows(rows);
    smaller.workload.workers_per_row = per_row;
    for fault in &mut smaller.faults {
        match &mut fault.what {
            FaultAction::PauseWorker { worker, .. }
            | FaultAction::CrashWorker { worker }
            | FaultAction::CutCommit { worker, .. } => *worker = renumbered(*worker),
            _ => {}
        }
    }
    smaller
}

/// A fault that has no place among fewer nodes is left out.
fn with_nodes(case: &Case, nodes: u32) -> Case {
    let mut smaller = case.clone();
    smaller.topology.nodes = nodes;
    smaller.topology.regions = smaller.topology.regions.min(nodes);
    if let Some(matrix) = &mut smaller.topology.latency_ms {
        matrix.truncate(nodes as usize);
        matrix
            .iter_mut()
            .for_each(|row| row.truncate(nodes as usize));
    }
    smaller.faults.retain_mut(|fault| match &mut fault.what {
        FaultAction::CrashNode { node, .. } | FaultAction::DelayApply { node, .. } => {
            *node %= nodes;
            true
        }
        FaultAction::Partition { nodes: side, .. } => {
            side.retain(|node| *node < nodes);
            (1..nodes as usize).contains(&side.len())
        }
        _ => true,
    });
    smaller
}

fn lasts(action: &mut FaultAction) -> Option<&mut Nanos> {
    match action {
        FaultAction::PauseWorker { lasts, .. }
        | FaultAction::CrashNode { lasts, .. }
        | FaultAction::Partition { lasts, .. }
        | FaultAction::DelayApply { lasts, .. }
        | FaultAction::BlindProxy { lasts }
        | FaultAction::RestartLocks { lasts }
        | FaultAction::SkewLocks { ahead: lasts } => Some(lasts),
        FaultAction::CrashWorker { .. }
        | FaultAction::CutCommit { .. }
        | FaultAction::FailoverLocks => None,
    }
}
