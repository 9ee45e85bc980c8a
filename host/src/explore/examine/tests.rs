use super::*;
use crate::explore::outcome::whole_from;
use crate::model::marker::Marker;
use crate::model::sim_fault::{FaultAction, SimFault};
use crate::model::sim_locks::SimLocks;
use crate::model::topology::Topology;
use crate::model::verdict::{Answer, Judgement, Subject, Verdict};
use crate::workload::Workload;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

fn case() -> Case {
    Case {
        seed: 0,
        workload: Workload {
            rows: 2,
            workers_per_row: 3,
            changes_per_worker: 3,
            ..Workload::default()
        },
        topology: Topology::default(),
        locks: Some(SimLocks::Lease),
        settings: BTreeMap::new(),
        faults: Vec::new(),
        autocommit_as_text: false,
        counts_found_rows: false,
        session: Default::default(),
        change_timeout_s: 60,
        stuck_after_s: 0,
        time_limit_s: None,
    }
}

fn simulated(verdict: Verdict) -> Simulated {
    let about = Subject {
        row: 0,
        markers: vec![Marker {
            worker: 1,
            number: 0,
        }],
    };
    let answer = Answer {
        checker: "mutual-exclusion".to_owned(),
        question: "?".to_owned(),
        about: matches!(verdict, Verdict::Violated(_)).then_some(about),
        verdict,
        doubt: None,
        remark: None,
        further: 0,
    };
    Simulated {
        judgement: Judgement::of(vec![answer]),
        changes: Vec::new(),
        events: Vec::new(),
        let_go: 0,
        total_time: 1_000,
        statements: 10,
    }
}

/// Wrong wherever a worker is paused, as a lock without a fence would be.
fn pauses_break(case: &Case, _: Recording) -> Result<Simulated, String> {
    let is_pause = |fault: &SimFault| matches!(fault.what, FaultAction::PauseWorker { .. });
    Ok(simulated(match case.faults.iter().any(is_pause) {
        true => Verdict::Violated(format!("by seed {}", case.seed)),
        false => Verdict::Valid,
    }))
}

fn examine(
    classes: &str,
    simulate: &(dyn Fn(&Case, Recording) -> Result<Simulated, String> + Sync),
    jobs: usize,
) -> Result<Examined, String> {
    let search = SeedSearch {
        case: &case(),
        varied: Varied::default(),
        classes: &classes.parse().unwrap(),
        simulate,
        is_cancelled: &|| false,
    };
    let seeds = Seeds {
        first: 0,
        count: 200,
        time: None,
        jobs,
    };
    search.examine(&seeds, &|_| {})
}

#[test]
fn search_says_that_it_shrinks_what_it_found() {
    let shrinks = Mutex::new(Vec::new());
    let search = SeedSearch {
        case: &case(),
        varied: Varied::default(),
        classes: &FaultClasses::all(),
        simulate: &pauses_break,
        is_cancelled: &|| false,
    };
    let seeds = Seeds {
        first: 0,
        count: 200,
        time: None,
        jobs: 1,
    };
    let progress = |progress: Progress<'_>| {
        let seed = match progress {
            Progress::Searching(_) => None,
            Progress::Shrinking { seed } => Some(seed),
        };
        shrinks.lock().unwrap().push(seed);
    };
    let examined = search.examine(&seeds, &progress).unwrap();
    let found = examined.found.unwrap().seed;
    let shrinks = shrinks.into_inner().unwrap();
    assert_eq!(shrinks.last(), Some(&Some(found)));
    assert_eq!(shrinks.iter().flatten().count(), 1);
}

#[test]
fn the_lowest_seed_is_found_and_shrunk_whichever_thread_is_quickest() {
    let found = |jobs| examine("all", &pauses_break, jobs).unwrap().found.unwrap();
    let one = found(1);
    let all = FaultClasses::all();
    let search = SeedSearch {
        case: &case(),
        varied: Varied::default(),
        classes: &all,
        simulate: &pauses_break,
        is_cancelled: &|| false,
    };
    let is_pause = |fault: &SimFault| matches!(fault.what, FaultAction::PauseWorker { .. });
    let first = (0..).find(|&seed| search.case_of(seed).unwrap().faults.iter().any(is_pause));
    assert_eq!(Some(one.seed), first);
    let [SimFault { what, .. }] = &one.case.faults[..] else {
        panic!("{:?}", one.case.faults);
    };
    assert!(matches!(what, FaultAction::PauseWorker { .. }));
    assert_eq!(one.case.workload.workers(), 1);
    assert_eq!(one.checker, "mutual-exclusion");
    assert_eq!(one.prose, format!("by seed {}", one.case.seed));
    for _ in 0..10 {
        let four = found(4);
        assert_eq!(
            (four.seed, four.case, four.tries),
            (one.seed, one.case.clone(), one.tries)
        );
    }
}

#[test]
fn faults_are_aimed_at_what_workers_do_without_them() {
    let with_calls = |case: &Case, recording| {
        let mut simulated = pauses_break(case, recording)?;
        simulated.let_go = 1_000;
        let lock = |sent, call, at| Event {
            at,
            what: What::Lock {
                actor: Actor::Worker(2),
                sent,
                call,
                names: "volume-0".into(),
                token: None,
            },
        };
        let granted = LockCall::Granted { lease_ends: None };
        simulated.events = vec![
            lock(500, granted, 2_000),
            lock(51_000, granted, 51_007),
            lock(91_000, LockCall::NotGranted, 91_007),
        ];
        Ok(simulated)
    };
    let simulated: Result<Simulated, String> = with_calls(&case(), Recording::Keep);
    let call = Call {
        worker: 2,
        sent: 50_000,
        answered: 50_007,
    };
    assert_eq!(calls(&simulated.unwrap()), [call]);
    let found = examine("pause", &with_calls, 1).unwrap().found.unwrap();
    assert_eq!(found.seed, found.case.seed);
}

#[test]
fn without_the_fault_nothing_is_found_and_all_is_counted() {
    let examined = examine("cut,crash-node", &pauses_break, 2).unwrap();
    assert!(examined.found.is_none());
    let tally = examined.tally;
    assert_eq!(
        (tally.seeds, tally.statements, tally.simulated_ns),
        (200, 2_000, 200_000)
    );
    let kinds: Vec<_> = tally.faults.keys().map(String::as_str).collect();
    assert_eq!(kinds, ["connection cut at commit", "node crashed"]);
    assert_eq!(tally.unknown, 0);
}

#[test]
fn a_seed_that_can_not_be_simulated_ends_the_search() {
    let fails = |case: &Case, recording| match case.seed {
        17 => Err("stuck".to_owned()),
        _ => pauses_break(case, recording),
    };
    assert_eq!(examine("none", &fails, 2).err().unwrap(), "stuck");
}

#[test]
fn unknown_is_counted_and_no_violation() {
    let unknown = |_: &Case, _| Ok(simulated(Verdict::Unknown("nothing was contended".into())));
    let tally = examine("all", &unknown, 2).unwrap().tally;
    assert_eq!(tally.unknown, 200);
    assert_eq!(tally.unknown_why.unwrap(), "nothing was contended");
}

#[test]
fn shrinking_ends_when_it_has_cost_too_much() {
    let costly = |case: &Case, recording| {
        let mut simulated = pauses_break(case, recording)?;
        simulated.statements = MOST_STATEMENTS;
        Ok(simulated)
    };
    let found = examine("pause", &costly, 1).unwrap().found.unwrap();
    let first = found.case.faults.len();
    assert!(
        first <= 3 && found.case.workload.workers() > 1,
        "one step at most"
    );
}

#[test]
fn everything_is_whole_only_when_what_faults_left_behind_is_undone() {
    let mut case = case();
    assert_eq!(whole_from(&case), 0);
    case.faults.push(SimFault {
        at: 1_000_000_000,
        what: FaultAction::CrashNode {
            node: 0,
            lasts: 2_000_000_000,
        },
    });
    let usual = whole_from(&case);
    // Suspected after 6 s, back after 6 s, asked three times by the proxy, a lease of 10 s.
    assert_eq!(usual, 3_000_000_000 + 28_000_000_000);
    case.settings.insert("lease-ms".into(), "60000".into());
    assert_eq!(whole_from(&case), usual + 50_000_000_000);
}

#[test]
fn cancelled_search_reports_what_it_found() {
    let has_violated = AtomicBool::new(false);
    let noting = |case: &Case, recording| {
        let simulated = pauses_break(case, recording)?;
        has_violated.fetch_or(simulated.violation().is_some(), Relaxed);
        Ok(simulated)
    };
    let (case, classes) = (case(), "pause".parse().unwrap());
    let examine = |is_cancelled: &(dyn Fn() -> bool + Sync)| {
        let search = SeedSearch {
            case: &case,
            varied: Varied::default(),
            classes: &classes,
            simulate: &noting,
            is_cancelled,
        };
        let seeds = Seeds {
            first: 0,
            count: 200,
            time: None,
            jobs: 1,
        };
        let examined: Result<Examined, String> = search.examine(&seeds, &|_| {});
        examined.unwrap()
    };
    let nothing = examine(&|| true);
    assert!(nothing.found.is_none() && nothing.tally.seeds == 0);
    let found = examine(&|| has_violated.load(Relaxed)).found.unwrap();
    assert_eq!((found.tries, found.case.workload.workers()), (0, 6));
}
