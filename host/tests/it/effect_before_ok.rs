//! An ok with nothing behind it is found, whatever comes later, and a right strategy is not accused.

use crate::on_the_lab::turn;
use crate::support::lab::lab;
use crate::support::{Sandbox, answer, component, hostile, verdict, why};
use contend::capability::strategy::Strategy;
use contend::explore::case::Case;
use contend::explore::simulate::simulate;
use contend::model::sim_fault::{FaultAction, SimFault};
use contend::model::sim_locks::SimLocks;
use contend::model::topology::Topology;
use contend::model::verdict::Verdict;
use contend::wasm::{Engine, Limits};
use contend::workload::Workload;
use contend_dst::Recording;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// The step that `tests/hostile/src/late.rs` makes too late.
const LATE: [&str; 5] = [
    "both-in-release",
    "commit-in-release",
    "commit-in-next-acquire",
    "release-in-next-acquire",
    "both-in-next-acquire",
];

/// The second and the fourth change are late, and the last one is not, so that nothing is missing in
/// the end.
const WORKLOAD: &str = "--rows 2 --workers-per-row 3 --changes-per-worker 5 --pause-ms 1 --hold-ms 1 \
                        --check-wait-ms 5 --change-timeout-s 60 --set every=2";

fn run(attack: &str, more: &str) -> (i32, Value) {
    let component = hostile().display();
    let arguments = format!("--strategy {component} {WORKLOAD} --set attack={attack} {more}");
    Sandbox::new().trial(&arguments)
}

#[track_caller]
fn is_found(attack: &str, more: &str) -> Value {
    let (code, trial) = run(attack, more);
    assert_eq!(
        answer(&trial, "effect-before-ok"),
        "violated",
        "{attack}: {trial:#}"
    );
    assert_eq!(
        (verdict(&trial).as_str(), code),
        ("violated", 1),
        "{attack}"
    );
    // Nobody else could have known, unless both transitions are one commit.
    let others: &[&str] = match attack {
        "both-in-next-acquire" => &["mutual-exclusion", "nodes-agree"],
        _ => &[
            "mutual-exclusion",
            "transition-chain",
            "every-change-counted",
            "nodes-agree",
        ],
    };
    for checker in others {
        assert_ne!(answer(&trial, checker), "violated", "{attack}: {trial:#}");
    }
    trial
}

#[track_caller]
fn is_not_accused(more: &str) {
    let (code, trial) = run("not-in-release", more);
    assert_eq!((verdict(&trial).as_str(), code), ("valid", 0), "{trial:#}");
    assert_eq!(answer(&trial, "effect-before-ok"), "valid");
}

#[test]
fn ok_with_nothing_behind_it_is_found_on_sqlite() {
    for attack in LATE {
        is_found(attack, "");
    }
    let trial = is_found("both-in-release", "");
    let why = why(&trial);
    assert!(why.contains("its effect was not there"), "{why}");
    is_not_accused("");
}

#[test]
fn ok_with_nothing_behind_it_is_found_without_checks() {
    for attack in LATE {
        is_found(attack, "--check-tries 0");
    }
    is_not_accused("--check-tries 0");
}

#[test]
fn ok_with_nothing_behind_it_is_found_in_the_simulator() {
    for attack in LATE {
        is_found(attack, "--db sim");
        is_found(attack, "--db sim:nodes=1 --lock session");
    }
    is_not_accused("--db sim");
}

#[test]
fn ok_with_nothing_behind_it_is_found_on_the_cluster() {
    let _turn = turn();
    let on = format!("--lab={} --lock redis", lab().options().dir.display());
    for attack in LATE {
        is_found(attack, &on);
    }
    is_not_accused(&on);
}

#[test]
fn search_without_faults_finds_an_ok_with_nothing_behind_it() {
    let component = hostile().display();
    for attack in LATE {
        let sandbox = Sandbox::new();
        let found = sandbox.run(&format!(
            "check {component} --set attack={attack} --set every=2 --changes-per-worker 3 --faults none \
             --seeds 1000 --lock session"
        ));
        let told = &found.stdout;
        assert_eq!(found.code, 1, "{attack}: {told}");
        if attack == "both-in-next-acquire" {
            assert!(told.contains("(transition-chain)"), "{told}");
            continue;
        }
        assert!(told.contains("(effect-before-ok)"), "{attack}: {told}");
        let words = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("its effect was not there"), "{told}");
        assert!(
            words.contains("causally:"),
            "no look in the timeline: {told}"
        );
    }
}

#[test]
fn run_in_which_nothing_came_through_is_not_valid() {
    for attack in ["trap", "trap-at-release"] {
        let (code, trial) = run(attack, "");
        let told = (verdict(&trial), code);
        assert_eq!(
            told,
            ("valid".to_owned(), 0),
            "half of it is right: {trial:#}"
        );
        let component = hostile().display();
        let workload = WORKLOAD.replace("every=2", "every=1");
        let arguments = format!("--strategy {component} {workload} --set attack={attack}");
        let (code, trial) = Sandbox::new().trial(&arguments);
        assert_eq!(
            answer(&trial, "effect-before-ok"),
            "unknown",
            "{attack}: {trial:#}"
        );
        assert_eq!(verdict(&trial), "unknown", "{attack}: {trial:#}");
        assert_ne!(code, 0, "{attack}");
    }
}

/// Workers pause for longer than their leases, so that rows are taken from them, on three nodes with old
/// readings.
#[test]
fn strategy_that_loses_its_row_to_another_worker_is_not_accused() {
    let limits = Limits {
        memory_bytes: 16 << 20,
        computing: Duration::from_secs(1),
    };
    let engine = Engine::for_simulations(limits, 16).unwrap();
    for name in [
        "lock-only",
        "lock-operation",
        "cas",
        "read-modify-write",
        "unguarded",
    ] {
        let strategy: Arc<dyn Strategy> = Arc::new(engine.load(&component(name)).unwrap());
        let mut violated = 0;
        for seed in 0..60 {
            let case = Case {
                seed,
                workload: Workload {
                    rows: 1,
                    workers_per_row: 3,
                    changes_per_worker: 3,
                    pause_ms: 1,
                    // So long that a row is held when who was paused goes on.
                    hold_ms: if seed % 2 == 0 { 1 } else { 3_000 },
                    check_tries: 3,
                    check_wait_ms: 1,
                    ..Workload::default()
                },
                topology: Topology::default(),
                locks: Some(SimLocks::Lease),
                settings: Default::default(),
                faults: faults(seed),
                autocommit_as_text: false,
                counts_found_rows: false,
                session: Default::default(),
                change_timeout_s: 60,
                stuck_after_s: 0,
                time_limit_s: None,
            };
            let simulated = simulate(&case, &strategy, Recording::Off).unwrap();
            for answer in &simulated.judgement.answers {
                let is_violated = matches!(answer.verdict, Verdict::Violated(_));
                violated += usize::from(is_violated);
                assert!(
                    answer.checker != "effect-before-ok" || !is_violated,
                    "{name}, seed {seed}: {answer:#?}"
                );
            }
        }
        if ["lock-only", "read-modify-write", "unguarded"].contains(&name) {
            assert!(
                violated > 0,
                "{name} never lost a row, so this shows nothing"
            );
        }
    }
}

/// Each worker pauses once; with an odd seed only one of them does, so that the others take its lease
/// when that is over.
fn faults(seed: u64) -> Vec<SimFault> {
    let pause = |worker: u32| SimFault {
        at: 500_000 + (seed * 7 + u64::from(worker) * 13) % 40 * 150_000,
        what: FaultAction::PauseWorker {
            worker,
            lasts: 12_000_000_000,
        },
    };
    let workers = match seed % 2 {
        0 => 0..3,
        _ => 0..1,
    };
    let mut faults: Vec<SimFault> = workers.map(pause).collect();
    faults.sort_by_key(|fault| fault.at);
    faults
}
