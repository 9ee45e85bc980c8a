//! Budgets of all workers: one that asks for more than its share is refused, and all others have theirs.

use crate::support::{Finished, Sandbox, count, hostile, verdict};
use serde_json::Value;

const WORKLOAD: &str =
    "--pause-ms 0 --hold-ms 0 --check-tries 9 --check-wait-ms 5 --computing-ms 60000";

fn run(shell: &str, attack: &str, more: &str) -> Value {
    let component = hostile().display();
    let finished = Sandbox::new().shell(&format!(
        "{shell} $runner --strategy {component} {WORKLOAD} --set attack={attack} {more} --json"
    ));
    let Finished {
        code,
        stdout,
        stderr,
    } = finished;
    let report: Value = serde_json::from_str(&stdout)
        .unwrap_or_else(|error| panic!("{error}: {code}: {stdout}{stderr}"));
    report["trials"][0].clone()
}

/// All changes came out right, those of who misbehaves included: what is refused has no effect.
#[track_caller]
fn assert_all_ok(trial: &Value, refused: &str) {
    assert_eq!(verdict(trial), "valid", "{trial:#}");
    assert_eq!(count(trial, "ok"), count(trial, "changes"), "{trial:#}");
    let errors = &trial["summary"]["errors_by_code"];
    assert!(errors[refused].as_u64().unwrap_or(0) > 0, "{errors:#}");
}

fn peak_mib(trial: &Value) -> u64 {
    let peak = &trial["conditions"]["usage"]["runner_peak_kib"];
    peak.as_u64().expect("a peak") >> 10
}

#[test]
fn locks_of_one_worker_leave_descriptors_for_the_others() {
    let more =
        "--rows 4 --workers-per-row 3 --changes-per-worker 20 --lock file:locks --set worker=0_";
    // Twelve workers have sixteen descriptors each, beside those of the host.
    let trial = run("ulimit -n 400;", "hoarded-names", more);
    assert_all_ok(&trial, "rejected too-many");
    for lock in ["file:locks", "memory"] {
        let more = more.replace("file:locks", lock);
        assert_all_ok(&run("", "hoarded-names", &more), "rejected too-many");
    }
    let simulated = more.replace("--lock file:locks", "--db sim");
    assert_all_ok(&run("", "hoarded-names", &simulated), "rejected too-many");
}

#[test]
fn answers_of_all_workers_have_one_budget() {
    let more = "--rows 25 --workers-per-row 2 --changes-per-worker 2";
    let refused = "rejected answer-too-large";
    let trial = run("", "large-answers", more);
    assert_all_ok(&trial, refused);
    // Fifty answers of 45 MB were more than 2 GiB, the rows that a driver had ready among them.
    assert!(peak_mib(&trial) < 1536, "{} MiB", peak_mib(&trial));
    assert_all_ok(
        &run("", "large-answers", &format!("{more} --db sim")),
        refused,
    );
}

#[test]
fn prepared_statements_of_all_workers_have_one_budget() {
    let more = "--rows 10 --workers-per-row 2 --changes-per-worker 2";
    let trial = run("", "long-statements", more);
    assert_eq!(verdict(&trial), "valid", "{trial:#}");
    assert_eq!(count(&trial, "ok"), 40, "{trial:#}");
    // Kept, they were 40 of 1.4 MiB for each of 20 workers.
    assert!(peak_mib(&trial) < 600, "{} MiB", peak_mib(&trial));
}
