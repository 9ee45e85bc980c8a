//! The main job on a real PostgreSQL primary with standbys, in order and when it fails over.

use crate::support::lab::{postgres_lab, postgres_lab_to_break};
use crate::support::{Sandbox, count, verdict};
use contend::lab::Lab;
use serde_json::Value;

const CONTENDED: &str = "--rows 4 --workers-per-row 5 --changes-per-worker 5 --pause-ms 2 --hold-ms 2 \
                         --check-wait-ms 20 --background-generators 3";

fn trials(lab: &Lab, arguments: &str) -> (i32, Vec<Value>) {
    trials_of(&Sandbox::new(), lab, arguments)
}

fn trials_of(sandbox: &Sandbox, lab: &Lab, arguments: &str) -> (i32, Vec<Value>) {
    let dir = lab.options().dir.display();
    let finished = sandbox.run(&format!("--lab={dir} {arguments} --out run --json"));
    let report: Value = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", finished.stdout, finished.stderr));
    (finished.code, report["trials"].as_array().unwrap().clone())
}

#[test]
fn right_solutions_are_valid_and_a_wrong_one_is_violated() {
    for trial in right_and_wrong("") {
        for checker in ["mutual-exclusion", "transition-chain"] {
            let answers = trial["answers"].as_array().unwrap();
            let answer = answers.iter().find(|answer| answer["checker"] == checker);
            // There is no other node on which rivals could have met.
            assert!(answer.unwrap()["remark"].is_null(), "{trial:#}");
        }
        assert_eq!(trial["contention"]["nodes"], serde_json::json!([0]));
    }
}

#[test]
fn right_solutions_through_a_pooler_are_valid_and_a_wrong_one_is_violated() {
    for trial in right_and_wrong("--endpoint pooled") {
        // The pooler may lead to another server at each transaction.
        assert_eq!(trial["contention"]["nodes"], serde_json::json!([]));
    }
}

fn right_and_wrong(arguments: &str) -> Vec<Value> {
    let right = [
        "cas",
        "for-update",
        "for-update-guard",
        "lock-change",
        "lock-change-fenced",
        "lock-operation",
    ];
    let all: String = right.map(|name| format!("--strategy {name} ")).concat();
    let (code, trials) = trials(
        postgres_lab(),
        &format!("{all} --strategy unguarded {CONTENDED} --lock redis {arguments}"),
    );
    assert_eq!(trials.len(), right.len() + 1);
    for trial in &trials[..right.len()] {
        assert_eq!(verdict(trial), "valid", "{trial:#}");
        assert_eq!(count(trial, "ok"), 100, "{trial:#}");
    }
    assert_eq!(verdict(&trials[right.len()]), "violated");
    assert_eq!(code, 1);
    trials
}

/// What a session sets once holds for each of its transactions, and a rerun goes the same way.
#[test]
fn isolation_level_holds_through_a_pooler_and_in_the_rerun() {
    let (sandbox, lab) = (Sandbox::new(), postgres_lab());
    let dir = lab.options().dir.display();
    let arguments = "--strategy read-modify-write --endpoint pooled --isolation repeatable-read \
                     --rows 2 --workers-per-row 5 --changes-per-worker 20";
    let (code, trials) = trials_of(&sandbox, lab, arguments);
    assert_eq!((code, &*verdict(&trials[0])), (0, "valid"), "{trials:#?}");
    let again = sandbox.run(&format!("rerun run --lab={dir} --out again"));
    assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
    for run in ["run", "again"] {
        let plan = std::fs::read_to_string(sandbox.path(run).join("plan.json")).unwrap();
        assert!(plan.contains("pgbouncer=true"), "{plan}");
        let answer = sandbox.run(&format!("report {run}"));
        assert!(
            answer.stdout.contains("pgbouncer=true"),
            "{}",
            answer.stdout
        );
    }
}

/// A value that was read may decide a write only if no other session can write it meanwhile.
#[test]
fn isolation_level_decides_whether_a_read_may_be_written_by() {
    for (level, expected) in [
        ("read-committed", "violated"),
        ("repeatable-read", "valid"),
        ("serializable", "valid"),
    ] {
        let arguments = format!(
            "--strategy read-modify-write --isolation {level} --rows 2 --workers-per-row 5 \
             --changes-per-worker 20 --stuck-after-s 5"
        );
        let (_, trials) = trials(postgres_lab(), &arguments);
        assert_eq!(verdict(&trials[0]), expected, "{level}: {:#}", trials[0]);
    }
}

/// A row that is deleted and inserted again is another row to a statement that waited for it: whoever
/// waits finds no range, and takes the pool for exhausted.
#[test]
fn locked_ranges_that_are_replaced_are_found_by_snapshots_and_not_by_statements() {
    let strategies = "--strategy ip-for-update --strategy ip-window --strategy ip-two-step";
    for (level, expected) in [("read-committed", "violated"), ("repeatable-read", "valid")] {
        let arguments = format!("{strategies} --workload ip-20 --isolation {level}");
        let (_, trials) = trials(postgres_lab(), &arguments);
        let verdicts: Vec<_> = trials.iter().map(verdict).collect();
        assert_eq!(
            verdicts,
            [expected, "valid", "valid"],
            "{level}: {trials:#?}"
        );
    }
}

/// The server that was the primary is killed: what it had acknowledged is there, or the verdict says
/// that it is not. A compare-and-swap keeps everything else.
#[test]
fn fail_over_in_mid_run_is_survived() {
    let lab = postgres_lab_to_break();
    let sandbox = Sandbox::new();
    let fault = "kind = \"volume-state\"\n[[fault]]\nat = \"1s\"\naction = \"promote\"\n\
                 target = \"standby\"\n";
    sandbox.write("fail-over.toml", fault);
    let arguments = "--workload fail-over.toml --rows 4 --workers-per-row 3 \
                     --changes-per-worker 80 --pause-ms 5 --hold-ms 5 --check-wait-ms 20 \
                     --time-limit-s 60";
    // The second trial finds another one promoted.
    let twice = format!("--strategy cas --strategy for-update {arguments}");
    let (_, trials) = trials_of(&sandbox, &lab, &twice);
    let mut promoted = Vec::new();
    for trial in &trials {
        let fault = &trial["conditions"]["faults"][0];
        assert!(fault["error"].is_null(), "{fault:#}");
        promoted.push(fault["fault"]["target"].as_str().unwrap().to_owned());
        assert!(count(trial, "ok") > 0, "{trial:#}");
        assert_ne!(verdict(trial), "unknown", "{trial:#}");
    }
    assert_ne!(promoted[0], promoted[1]);
    let answers = trials[0]["answers"].as_array().unwrap();
    for checker in ["mutual-exclusion", "transition-chain"] {
        let answer = answers.iter().find(|answer| answer["checker"] == checker);
        assert_eq!(answer.unwrap()["verdict"], "valid", "{:#}", trials[0]);
    }
}
