//! Strategies whose verdict is known, and which `runner check` must reach.
//!
//! `make test` tries as many seeds as it has time for; `make oracles` all of them, with the release
//! build that `CONTEND_ORACLES` names.

mod early_release;
mod isolation;
mod postgres;

use crate::support::{Finished, Sandbox, component};
use contend::capability::strategy::Strategy;
use contend::explore::case::Case;
use contend::explore::simulate::simulate;
use contend::model::topology::Topology;
use contend::wasm::{Engine, Limits};
use contend::workload::Workload;
use contend_dst::Recording;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The release build, where all seeds are to be tried.
fn thorough() -> Option<PathBuf> {
    std::env::var_os("CONTEND_ORACLES").map(PathBuf::from)
}

fn check(arguments: &str, few: u32, many: u32) -> Finished {
    let thorough = thorough();
    let seeds = if thorough.is_some() { many } else { few };
    let sandbox = Sandbox::new();
    let arguments = format!("check {arguments} --seeds {seeds}");
    match thorough {
        Some(runner) => sandbox.run_program(&runner, &arguments),
        None => sandbox.run(&arguments),
    }
}

/// Nothing is found, although there was something to find.
fn holds(arguments: &str, few: u32, many: u32) {
    let finished = check(arguments, few, many);
    let told = format!("{arguments}\n{}{}", finished.stdout, finished.stderr);
    assert_eq!(finished.code, 0, "{told}");
}

/// The search finds a violation, describes it with these words, and shows at most twelve events.
fn is_violated(arguments: &str, seeds: u32, words: &str) {
    let finished = check(&format!("{arguments} --json"), seeds, seeds);
    let output = format!("{arguments}\n{}{}", finished.stdout, finished.stderr);
    assert_eq!(finished.code, 1, "{output}");
    let report: Value = serde_json::from_str(&finished.stdout).expect(&output);
    let witness = &report["checked"][0]["witness"];
    assert!(
        witness["prose"].as_str().unwrap().contains(words),
        "{output}"
    );
    let moments = witness["timeline"]["moments"].as_array().unwrap();
    assert!((2..=12).contains(&moments.len()), "{output}");
    let replay = witness["replay"].as_str().unwrap();
    assert!(replay.starts_with("runner check "), "{output}");
}

const TWO_HOLDERS: &str = "at once";

#[test]
fn reading_and_then_writing_loses_updates() {
    is_violated("unguarded --faults none", 1_000, TWO_HOLDERS);
    is_violated("read-modify-write --faults none", 1_000, TWO_HOLDERS);
    // On one node too.
    is_violated(
        "read-modify-write --faults none --db sim:nodes=1",
        1_000,
        TWO_HOLDERS,
    );
}

#[test]
fn compare_and_swap_and_row_locks_hold() {
    holds("cas for-update --faults none", 60, 10_000);
}

#[test]
fn compare_and_swap_and_row_locks_hold_under_all_faults() {
    holds("cas for-update --faults all", 40, 10_000);
}

#[test]
fn a_lock_alone_holds_as_long_as_its_service_does() {
    for service in ["lease", "file", "session"] {
        holds(
            &format!("lock-only --faults none --lock {service}"),
            25,
            2_000,
        );
    }
}

#[test]
fn a_holder_that_pauses_for_longer_than_its_lease_is_not_alone() {
    // The first comes back while the second has the row, and the second gives back what is not its own.
    is_violated(
        "lock-only --lock lease --faults pause",
        2_000,
        "what worker 1 held since",
    );
}

#[test]
fn a_fencing_token_keeps_a_late_holder_off() {
    holds("lock-change-fenced --lock lease --faults pause", 25, 10_000);
}

#[test]
fn leader_that_believes_for_ever_that_it_leads_is_found() {
    for service in ["lease", "session"] {
        holds(
            &format!("leader-naive --faults none --lock {service}"),
            25,
            2_000,
        );
    }
    is_violated(
        "leader-naive --lock lease --faults pause",
        2_000,
        TWO_HOLDERS,
    );
}

#[test]
fn leaders_whose_term_or_row_decides_are_right_under_all_faults() {
    for service in ["lease", "session"] {
        let leaders = format!("leader-lease leader-fenced --faults all --lock {service}");
        holds(&leaders, 40, 10_000);
    }
}

/// The published form has a transaction inside: the lock only spares it conflicts.
#[test]
fn a_lock_around_a_transaction_may_fail_and_the_row_stays_right() {
    holds("lock-change --lock lease --faults pause", 25, 10_000);
    holds(
        "lock-change --lock lease --faults lock-failover",
        25,
        10_000,
    );
}

#[test]
fn a_lock_service_that_forgets_lets_two_in() {
    is_violated(
        "lock-only --lock lease --faults lock-failover",
        2_000,
        TWO_HOLDERS,
    );
}

/// Each is trusted, and breaks without any fault. A transaction inside of the lock still decides, and a lock
/// of one node is right where one node is written to.
#[test]
fn a_lock_that_does_not_last_or_is_not_of_all_lets_two_in() {
    for service in ["evicting", "per-node", "pooled"] {
        let trusts = format!("lock-only --lock {service} --faults none");
        is_violated(&trusts, 2_000, TWO_HOLDERS);
    }
    holds(
        "lock-only --lock per-node --faults none --db sim:endpoint=one-writer",
        25,
        2_000,
    );
    for service in ["evicting", "per-node"] {
        let decides = format!("lock-change --lock {service} --faults none");
        holds(&decides, 25, 10_000);
    }
}

#[test]
fn a_row_lock_without_a_write_excludes_no_session_on_another_node() {
    is_violated("for-update-guard --faults none", 1_000, TWO_HOLDERS);
    holds(
        "for-update-guard --faults none --db sim:nodes=1",
        60,
        10_000,
    );
}

#[test]
fn a_conflict_that_is_taken_for_a_success_is_found() {
    is_violated("for-update-no-retry --faults none", 1_000, "worker");
}

/// With snapshot isolation, who reads, computes and writes is refused nearly always: what is left is
/// the window in which the server does not see the change of another node.
#[test]
fn snapshot_isolation_makes_lost_updates_rarer_and_its_race_window_lets_them_through() {
    let without = lost(false, 0);
    let with_window = lost(true, 300);
    let without_window = lost(true, 0);
    assert_eq!(without_window, 0);
    assert!(
        0 < with_window && with_window < without,
        "{with_window} of {without}"
    );
}

/// In how many of a hundred seeds an update is lost.
fn lost(snapshot_isolation: bool, snapshot_race_us: u64) -> usize {
    let limits = Limits {
        memory_bytes: 16 << 20,
        computing: Duration::from_secs(1),
    };
    let engine = Engine::for_simulations(limits, 16).unwrap();
    let strategy = engine.load(&component("read-modify-write")).unwrap();
    let strategy: Arc<dyn Strategy> = Arc::new(strategy);
    let case = |seed| Case {
        seed,
        workload: Workload {
            rows: 1,
            workers_per_row: 2,
            changes_per_worker: 2,
            pause_ms: 0,
            hold_ms: 1,
            ..Workload::default()
        },
        topology: Topology {
            snapshot_isolation,
            snapshot_race_us,
            ..Topology::default()
        },
        locks: None,
        settings: [].into(),
        faults: Vec::new(),
        autocommit_as_text: false,
        counts_found_rows: false,
        session: Default::default(),
        change_timeout_s: 5,
        stuck_after_s: 0,
        time_limit_s: None,
    };
    let is_lost = |&seed: &u64| {
        let simulated = simulate(&case(seed), &strategy, Recording::Off).unwrap();
        simulated.violation().is_some()
    };
    (0..100).filter(is_lost).count()
}

#[test]
fn a_primary_key_and_a_locked_range_give_no_address_twice() {
    holds("ip-window ip-for-update --faults none", 40, 3_000);
    holds("ip-window ip-for-update", 30, 3_000);
}

/// Two who overwrite each other's timestamps at once both believe that they have won.
#[test]
fn deciding_without_a_key_gives_an_address_twice() {
    let sequential = "ip-three-step+choice=sequential --faults none";
    is_violated(sequential, 1_000, "given twice");
}

#[test]
fn taking_a_conflict_for_success_gives_an_address_twice() {
    is_violated("ip-for-update-no-retry --faults none", 1_000, "given twice");
}
