//! Strategies on a simulated PostgreSQL whose verdict is known from real ones.

use super::{TWO_HOLDERS, check, holds, is_violated};

#[test]
fn isolation_level_decides_what_a_read_is_worth() {
    let rmw = "read-modify-write --faults none --db sim:kind=postgres";
    is_violated(rmw, 1_000, TWO_HOLDERS);
    for level in ["repeatable-read", "serializable"] {
        holds(&format!("{rmw} --isolation {level}"), 60, 10_000);
    }
}

#[test]
fn right_strategies_hold_at_every_level() {
    for level in ["read-committed", "repeatable-read", "serializable"] {
        let checked = "cas for-update --faults none --db sim:kind=postgres";
        holds(&format!("{checked} --isolation {level}"), 25, 5_000);
    }
}

/// All but the promotion of a standby, which can lose a commit of any strategy.
#[test]
fn right_strategies_hold_under_the_faults_of_a_primary_that_stays() {
    let faults = "pause,crash-worker,crash-node,partition,cut,delay-apply,blind-proxy";
    for db in ["sim:kind=postgres", "sim:kind=postgres,synchronous=true"] {
        holds(
            &format!("cas for-update --faults {faults} --db {db}"),
            25,
            5_000,
        );
    }
}

#[test]
fn promotion_loses_acknowledged_commits_unless_they_waited_for_a_standby() {
    let finished = check(
        "cas --faults promote --db sim:kind=postgres --json",
        1_000,
        1_000,
    );
    let told = format!("{}{}", finished.stdout, finished.stderr);
    assert_eq!(finished.code, 1, "{told}");
    assert!(told.contains("is on no server any more"), "{told}");
    assert!(told.contains(" lost"), "{told}");
    assert!(!told.contains("a silent success"), "{told}");
    holds(
        "cas for-update --faults promote --db sim:kind=postgres,synchronous=true",
        25,
        5_000,
    );
}
