use super::*;
use crate::model::sim_fault::{Cut, FaultAction, SimFault};
use crate::model::sim_locks::SimLocks;
use crate::model::topology::Topology;
use crate::workload::Workload;
use std::collections::BTreeMap;

const S: u64 = 1_000_000_000;

fn big() -> Case {
    let fault = |at, what| SimFault { at, what };
    Case {
        seed: 100,
        workload: Workload {
            rows: 4,
            workers_per_row: 5,
            changes_per_worker: 20,
            background_generators: 7,
            ..Workload::default()
        },
        topology: Topology {
            nodes: 5,
            latency_ms: Some(vec![vec![1.0; 5]; 5]),
            ..Topology::default()
        },
        locks: Some(SimLocks::Lease),
        settings: BTreeMap::new(),
        faults: vec![
            fault(
                1_234_567,
                FaultAction::CrashNode {
                    node: 4,
                    lasts: 5 * S,
                },
            ),
            fault(
                3_456_789,
                FaultAction::PauseWorker {
                    worker: 13,
                    lasts: 16 * S,
                },
            ),
            fault(
                S,
                FaultAction::Partition {
                    nodes: vec![3, 4],
                    lasts: S,
                },
            ),
        ],
        autocommit_as_text: false,
        counts_found_rows: false,
        session: Default::default(),
        change_timeout_s: 60,
        stuck_after_s: 0,
        time_limit_s: None,
    }
}

fn pauses(case: &Case) -> Vec<(u32, u64)> {
    let pause = |fault: &SimFault| match fault.what {
        FaultAction::PauseWorker { worker, lasts } => Some((worker, lasts)),
        _ => None,
    };
    case.faults.iter().filter_map(pause).collect()
}

#[test]
fn shrinking_removes_what_is_not_needed() {
    let shrunk = shrink(big(), |case| {
        let long_pause = pauses(case).iter().any(|(_, lasts)| *lasts > 10 * S);
        long_pause && case.workload.workers_per_row >= 2
    });
    let Case {
        workload,
        topology,
        faults,
        seed,
        ..
    } = &shrunk.case;
    assert_eq!((workload.rows, workload.workers_per_row), (1, 2));
    assert_eq!((workload.changes_per_worker, workload.pause_ms), (1, 0));
    assert_eq!((workload.hold_ms, workload.check_tries), (0, 0));
    assert_eq!(workload.background_generators, 0);
    assert_eq!((topology.nodes, *seed), (1, 100));
    assert_eq!(topology.latency_ms, Some(vec![vec![1.0]]));
    let [SimFault { at: 0, what }] = &faults[..] else {
        panic!("{faults:?}");
    };
    let FaultAction::PauseWorker { worker, lasts } = what else {
        panic!("{what:?}");
    };
    assert!(*worker < 2);
    assert_eq!(
        *lasts,
        12 * S,
        "three quarters of 16 s, and no more of that"
    );
}

#[test]
fn shrinking_keeps_what_is_needed() {
    let shrunk = shrink(big(), |_| false);
    assert_eq!(shrunk.case, big());
    assert!(shrunk.tries > 20 && shrunk.tries < MOST_TRIES);
}

#[test]
fn a_neighbouring_seed_will_do() {
    let shrunk = shrink(big(), |case| case.seed == 102 && case.workload.rows == 1);
    assert_eq!((shrunk.case.seed, shrunk.case.workload.rows), (102, 1));
}

#[test]
fn a_fault_stays_with_a_worker_of_its_row_and_its_place() {
    // Worker 13 of 4 rows is the fourth on row 1.
    let shrunk = shrink(big(), |case| {
        case.faults.len() == 3 && case.workload.workers_per_row == 5
    });
    assert_eq!(shrunk.case.workload.rows, 1);
    assert_eq!(pauses(&shrunk.case)[0].0, 3);
}

#[test]
fn a_smaller_case_is_always_one_that_can_be() {
    let mut seen = 0u32;
    let mut take_all = |case: &Case| {
        seen += 1;
        let (workers, nodes) = (case.workload.workers(), case.topology.nodes);
        assert!(workers > 0 && nodes > 0 && case.workload.changes_per_worker > 0);
        for fault in &case.faults {
            match &fault.what {
                FaultAction::PauseWorker { worker, lasts } => {
                    assert!(*worker < workers && *lasts > 0)
                }
                FaultAction::CutCommit { worker, .. } => assert!(*worker < workers),
                FaultAction::CrashNode { node, .. } => assert!(*node < nodes),
                FaultAction::Partition { nodes: side, .. } => {
                    assert!(!side.is_empty() && side.len() < nodes as usize);
                    assert!(side.iter().all(|node| *node < nodes));
                }
                _ => {}
            }
        }
        assert!(case.faults.is_sorted_by_key(|fault| fault.at));
        // Every third is taken, so that the passes meet in many ways.
        seen.is_multiple_of(3)
    };
    let mut case = big();
    let cut = FaultAction::CutCommit {
        worker: 19,
        cut: Cut::After,
    };
    case.faults.push(SimFault {
        at: 2 * S,
        what: cut,
    });
    shrink(case, &mut take_all);
    assert!(seen > 20);
}

#[test]
fn the_number_of_tries_has_a_bound() {
    // Always something left to halve.
    let mut case = big();
    case.workload.pause_ms = u64::MAX;
    case.workload.hold_ms = u64::MAX;
    let mut seen = 0;
    let shrunk = shrink(case, |case| {
        seen += 1;
        let workload = &case.workload;
        workload.pause_ms > 0 && workload.hold_ms > 0 && case.faults.len() == 3
    });
    assert_eq!((shrunk.tries, seen), (MOST_TRIES, MOST_TRIES));
}
