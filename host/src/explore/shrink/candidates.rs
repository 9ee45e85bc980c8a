//! Reductions of a case, the boldest first.

use crate::explore::case::Case;
use crate::model::change::Nanos;
use crate::model::sim_fault::FaultAction;

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
    let none = (case.faults.len() > 1).then(|| changed(case, |it| it.faults.clear()));
    let without = |index| changed(case, |it| drop(it.faults.remove(index)));
    let one_less = (0..case.faults.len()).map(without);
    none.into_iter().chain(one_less).collect()
}

fn fewer_changes(case: &Case) -> Vec<Case> {
    let fewer = fewer(case.workload.changes_per_worker);
    let with = |changes| changed(case, |it| it.workload.changes_per_worker = changes);
    fewer.map(with).collect()
}

fn fewer_rows(case: &Case) -> Vec<Case> {
    let per_row = case.workload.workers_per_row;
    let fewer = fewer(case.workload.rows);
    fewer
        .map(|rows| with_workers(case, rows, per_row))
        .collect()
}

/// With one worker on a row nothing can go wrong that another would have to do with.
fn fewer_workers(case: &Case) -> Vec<Case> {
    let rows = case.workload.rows;
    let fewer = fewer(case.workload.workers_per_row);
    fewer
        .map(|per_row| with_workers(case, rows, per_row))
        .collect()
}

fn without_background(case: &Case) -> Vec<Case> {
    match case.workload.background_generators {
        0 => Vec::new(),
        _ => vec![changed(case, |it| it.workload.background_generators = 0)],
    }
}

fn fewer_nodes(case: &Case) -> Vec<Case> {
    let fewer = fewer(case.topology.nodes);
    fewer.map(|nodes| with_nodes(case, nodes)).collect()
}

fn shorter_waits(case: &Case) -> Vec<Case> {
    let mut smaller = vec![
        changed(case, |it| it.workload.pause_ms = 0),
        changed(case, |it| it.workload.hold_ms = 0),
        changed(case, |it| it.workload.check_tries = 0),
        changed(case, |it| it.workload.pause_ms /= 2),
        changed(case, |it| it.workload.hold_ms /= 2),
    ];
    smaller.retain(|smaller| smaller.workload != case.workload);
    smaller
}

fn shorter_faults(case: &Case) -> Vec<Case> {
    let mut smaller = Vec::new();
    for (index, fault) in case.faults.iter().enumerate() {
        let Some(now) = fault.what.clone().time_mut().copied() else {
            continue;
        };
        // Shorter; or if that will not do, a number that is easier to read.
        let round = [1_000 * MS, 100 * MS, 10 * MS, MS].map(|unit| now / unit * unit);
        for shorter in [now / 2 / MS * MS, now / 4 * 3 / MS * MS]
            .into_iter()
            .chain(round)
        {
            let candidate = changed(case, |it| {
                if let Some(lasts) = it.faults[index].what.time_mut() {
                    *lasts = shorter.max(MS);
                }
            });
            if candidate != *case {
                smaller.push(candidate);
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
            smaller.push(changed(case, |it| {
                it.faults[index].at = at;
                it.faults.sort_by_key(|fault| fault.at);
            }));
        }
    }
    smaller
}

/// One, a half and one less, each once.
fn fewer(now: u32) -> impl Iterator<Item = u32> {
    let mut tries = vec![1, now / 2, now.saturating_sub(1)];
    tries.retain(|n| (1..now).contains(n));
    tries.sort_unstable();
    tries.dedup();
    tries.into_iter()
}

fn changed(case: &Case, change: impl FnOnce(&mut Case)) -> Case {
    let mut changed = case.clone();
    change(&mut changed);
    changed
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
