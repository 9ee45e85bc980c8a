//! A trial in which nothing can move any more is ended, and says what stands still.

use crate::support::{Sandbox, answer, hostile, verdict, why};
use serde_json::Value;
use std::time::{Duration, Instant};

const WORKLOAD: &str = "--rows 2 --workers-per-row 3 --changes-per-worker 4 --pause-ms 1 --hold-ms 1 \
                        --check-tries 2 --check-wait-ms 5";

/// No test waits for longer than a few seconds for what would take an hour.
const SOON: Duration = Duration::from_secs(60);

fn run(attack: &str, more: &str) -> (i32, Value) {
    let component = hostile().display();
    let began = Instant::now();
    let arguments = format!("--strategy {component} {WORKLOAD} --set attack={attack} {more}");
    let ran = Sandbox::new().trial(&arguments);
    assert!(
        began.elapsed() < SOON,
        "{attack} took {:?}",
        began.elapsed()
    );
    ran
}

#[track_caller]
fn is_stuck(trial: &Value) -> String {
    assert_eq!(trial["ended"], "stuck", "{trial:#}");
    let remarks = trial["remarks"].as_array().unwrap();
    let told = remarks.iter().find_map(Value::as_str).unwrap().to_owned();
    assert!(told.contains("nothing could move any more"), "{told}");
    told
}

#[test]
fn strategy_that_waits_for_what_never_comes_is_ended_as_stuck() {
    for world in ["--stuck-after-s 2", "--db sim --stuck-after-s 60"] {
        let (code, trial) = run("waits-for-ever", world);
        let told = is_stuck(&trial);
        assert!(
            told.contains("row 0 is available (no marker), of no change under way"),
            "{told}"
        );
        assert!(
            told.contains("worker 0 (acquire of 0_0), worker 2 (acquire of 2_0)"),
            "{told}"
        );
        assert_eq!(trial["stuck"]["rows"][1]["row"], 1, "{trial:#}");
        assert_eq!(
            (
                verdict(&trial).as_str(),
                answer(&trial, "progress").as_str()
            ),
            ("unknown", "unknown")
        );
        assert!(
            why(&trial).contains("row 0 is available"),
            "{}",
            why(&trial)
        );
        assert!(trial["reasons"]["stuck"].as_u64() == Some(6), "{trial:#}");
        assert!([2, 3].contains(&code), "{code}");
    }
}

#[test]
fn release_that_never_ends_is_ended_as_stuck() {
    for world in ["--stuck-after-s 2", "--db sim --seed 3 --stuck-after-s 60"] {
        let (_, trial) = run("release-waits-for-ever", world);
        let told = is_stuck(&trial);
        // Whose row it is comes first.
        for row in trial["stuck"]["rows"].as_array().unwrap() {
            assert_eq!(row["waiting"][0]["step"], "release", "{row:#}");
        }
        assert!(
            told.contains("which its own release does not end"),
            "{told}"
        );
        assert!(told.contains("(release of "), "{told}");
    }
}

#[test]
fn lie_that_leaves_all_others_waiting_is_violated_before_an_hour_has_passed() {
    for world in ["--stuck-after-s 2", "--db sim --stuck-after-s 60"] {
        let (code, trial) = run("lie-at-release", world);
        let told = is_stuck(&trial);
        assert!(
            told.contains(", of a change that is over, and there wait worker"),
            "{told}"
        );
        assert_eq!((verdict(&trial).as_str(), code), ("violated", 1));
    }
}

#[test]
fn worker_that_has_ended_keeps_no_trial_from_being_stuck() {
    let component = hostile().display();
    let (_, trial) = Sandbox::new().trial(&format!(
        "--strategy {component} --rows 1 --workers-per-row 2 --changes-per-worker 1 --pause-ms 1 --hold-ms 1 \
         --set attack=lie-at-release --db sim --stuck-after-s 60"
    ));
    let told = is_stuck(&trial);
    assert!(told.contains(", of a change that is over"), "{told}");
}

#[test]
fn holder_that_pauses_for_longer_is_not_stuck() {
    let began = Instant::now();
    let sandbox = Sandbox::new();
    let (_, trial) = sandbox.trial(
        "--strategy cas --rows 1 --workers-per-row 2 --changes-per-worker 2 --hold-ms 4000 --stuck-after-s 1",
    );
    // Who holds a row goes on by itself.
    assert_eq!(
        (trial["ended"].as_str(), verdict(&trial).as_str()),
        (Some("completed"), "valid")
    );
    assert!(began.elapsed() > Duration::from_secs(8));
}

#[test]
fn without_a_quiet_period_only_the_change_timeout_ends_a_wait() {
    let (_, trial) = run(
        "waits-for-ever",
        "--stuck-after-s 0 --change-timeout-s 1 --time-limit-s 3",
    );
    assert_ne!(trial["ended"], "stuck");
    assert!(
        trial["reasons"]["change-timeout"].as_u64() > Some(0),
        "{trial:#}"
    );
}

#[test]
fn search_finds_who_waits_for_what_never_comes() {
    let component = hostile().display();
    let found = Sandbox::new().run(&format!(
        "check {component} --set attack=waits-for-ever --faults none --seeds 20"
    ));
    assert_eq!(found.code, 1, "{}", found.stdout);
    let words: Vec<_> = found.stdout.split_whitespace().collect();
    let told = words.join(" ");
    assert!(told.contains("violated (progress)"), "{told}");
    assert!(told.contains("and still nothing moved"), "{told}");
}

#[test]
fn conformance_of_a_strategy_that_waits_for_ever_is_reported_soon() {
    let component = hostile().display();
    let began = Instant::now();
    let told = Sandbox::new().run(&format!(
        "test {component} --set attack=waits-for-ever --seeds 5"
    ));
    assert_eq!(told.code, 1, "{}", told.stdout);
    assert!(began.elapsed() < SOON, "it took {:?}", began.elapsed());
}

#[test]
fn calls_that_bring_no_progress_end_at_the_call_limit() {
    let component = hostile().display();
    for (attack, says) in [
        ("chatter", "calls in a row"),
        ("sleeps-of-nothing", "calls in a row"),
        ("refused-for-ever", "refused 1000 calls"),
    ] {
        for world in ["", "--db sim"] {
            let (_, trial) = Sandbox::new().trial(&format!(
                "--strategy {component} --rows 1 --workers-per-row 2 --changes-per-worker 2 --pause-ms 1 \
                 --hold-ms 1 --set attack={attack} --set every=2 --computing-ms 60000 \
                 --change-timeout-s 3000 {world}"
            ));
            let reasons = trial["reasons"].as_object().unwrap();
            assert_eq!(
                reasons.keys().collect::<Vec<_>>(),
                ["call-limit"],
                "{trial:#}"
            );
            let told = trial["messages"]["call-limit"].as_str().unwrap();
            assert!(told.contains(says), "{told}");
            assert_ne!(verdict(&trial), "violated", "{attack}: {trial:#}");
        }
    }
}
