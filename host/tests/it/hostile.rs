//! A component that misbehaves costs its own worker one change, and nobody else anything.

mod shares;

use crate::support::{Sandbox, answer, count, hostile, verdict, why};
use serde_json::Value;

/// Each second change misbehaves, and the others must come out right.
const WORKLOAD: &str = "--rows 2 --workers-per-row 3 --changes-per-worker 4 --pause-ms 1 \
                        --hold-ms 1 --check-tries 2 --check-wait-ms 5 --memory-mib 16 \
                        --set every=2";

const CHANGES: u64 = 24;

fn attack(name: &str, more: &str) -> (i32, Value) {
    let component = hostile().display();
    let arguments = format!("--strategy {component} {WORKLOAD} --set attack={name} {more}");
    Sandbox::new().trial(&arguments)
}

/// The attack ends its instance for this reason; the worker goes on with a fresh one, and what was
/// done in between is right.
#[track_caller]
fn is_contained(name: &str, reasons: &[&str], more: &str) {
    let (_, trial) = attack(name, more);
    let seen = trial["reasons"].as_object().unwrap();
    assert!(!seen.is_empty(), "{name} did nothing: {trial:#}");
    for reason in seen.keys() {
        assert!(reasons.contains(&reason.as_str()), "{name}: {reason}");
    }
    assert_eq!(
        count(&trial, "changes"),
        CHANGES,
        "{name}: a worker stopped"
    );
    assert!(count(&trial, "ok") >= CHANGES / 3, "{name}: {trial:#}");
    assert_ne!(verdict(&trial), "violated", "{name}: {}", why(&trial));
    assert_eq!(answer(&trial, "every-change-counted"), "valid", "{name}");
}

#[test]
fn endless_loops_end() {
    is_contained("endless-loop", &["computing-limit"], "--computing-ms 100");
    is_contained(
        "chatter",
        &["call-limit"],
        "--computing-ms 60000 --change-timeout-s 600",
    );
    is_contained("sleep-forever", &["change-timeout"], "--change-timeout-s 1");
}

#[test]
fn traps_end_one_change() {
    is_contained("trap", &["trap"], "");
    is_contained("deep-recursion", &["stack-overflow", "trap"], "");
    is_contained("not-utf8", &["trap"], "");
    for handle in [
        "forged-handle",
        "used-after-drop",
        "dropped-twice",
        "wrong-kind",
    ] {
        is_contained(handle, &["trap"], "");
    }
}

#[test]
fn memory_has_a_limit() {
    is_contained("memory-bomb", &["memory-limit"], "");
}

#[test]
fn huge_texts_are_refused() {
    // Each hands more to the host than one call may, and is told so before it is copied. The computing
    // time is ample: to fill so many bytes takes some.
    for (name, size_mb) in [
        ("huge-sql", 8),
        ("huge-param", 8),
        ("aliased-params", 8),
        ("aliased-names", 8),
        ("huge-fault", 3),
    ] {
        let more = format!("--set size-mb={size_mb} --computing-ms 10000");
        is_contained(name, &["trap"], &more);
    }
}

#[test]
fn answered_or_refused_call_costs_nothing() {
    for name in ["orphan", "growing-text"] {
        let (code, trial) = attack(name, "--change-timeout-s 60");
        assert!(trial["reasons"].get("ESCAPED").is_none(), "{trial:#}");
        assert_eq!(
            (verdict(&trial).as_str(), code),
            ("valid", 0),
            "{name}: {trial:#}"
        );
    }
    let more = "--change-timeout-s 60 --computing-ms 60000";
    let (code, trial) = attack("many-statements", more);
    assert_eq!((verdict(&trial).as_str(), code), ("valid", 0), "{trial:#}");
}

#[test]
fn forbidden_sql_is_rejected_and_nothing_escapes() {
    // It counts what got through as a fault of its own; else it is a compare-and-swap.
    let (code, trial) = attack("forbidden-sql", "");
    assert!(trial["reasons"].get("ESCAPED").is_none(), "{trial:#}");
    let refused = trial["summary"]["errors_by_code"]["rejected not-allowed"]
        .as_u64()
        .unwrap();
    assert!(refused > 100, "{trial:#}");
    assert_eq!((verdict(&trial).as_str(), code), ("valid", 0));
}

#[test]
fn holdings_of_an_instance_have_a_limit() {
    for name in ["many-sessions", "many-lock-sessions", "many-locks"] {
        let (_, trial) = attack(name, "");
        assert!(trial["reasons"].get("ESCAPED").is_none(), "{trial:#}");
        assert!(
            trial["summary"]["errors_by_code"]["rejected too-many"]
                .as_u64()
                .unwrap()
                > 0
        );
        assert_eq!(answer(&trial, "every-change-counted"), "valid");
    }
}

#[test]
fn holdings_of_a_dead_instance_are_released() {
    is_contained("lost-lock", &["trap"], "--change-timeout-s 20");
    is_contained(
        "lost-lock",
        &["trap"],
        "--change-timeout-s 20 --lock file:locks",
    );
    is_contained("lost-transaction", &["trap"], "--change-timeout-s 20");
    let (_, trial) = attack("trap-at-release", "--change-timeout-s 20");
    assert!(count(&trial, "restored") > 0, "{trial:#}");
    assert_eq!(verdict(&trial), "valid", "{trial:#}");
}

#[test]
fn lies_are_found_out_from_the_data() {
    for name in [
        "lie",
        "lie-at-release",
        "lie-no-effect",
        "uncommitted",
        "wrong-marker",
    ] {
        let (code, trial) = attack(name, "--change-timeout-s 1 --time-limit-s 20");
        assert_eq!(
            answer(&trial, "every-change-counted"),
            "violated",
            "{name}: {trial:#}"
        );
        assert_eq!(code, 1, "{name}");
    }
    let (code, trial) = attack("wrong-release", "--change-timeout-s 1 --time-limit-s 20");
    assert_eq!(
        (verdict(&trial).as_str(), code),
        ("violated", 1),
        "{trial:#}"
    );
}
