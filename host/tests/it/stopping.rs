//! Limits of time.

use crate::support::{Sandbox, count, finished, hostile, signal, verdict};
use std::fs;
use std::time::Duration;

#[test]
fn a_time_limit_ends_the_trial_in_order() {
    let sandbox = Sandbox::new();
    let arguments = "--strategy cas --rows 2 --workers-per-row 2 --changes-per-worker 100000 \
                     --pause-ms 1 --hold-ms 1 --time-limit-s 1";
    let (code, trial) = sandbox.trial(arguments);
    assert_eq!((verdict(&trial).as_str(), code), ("valid", 0), "{trial:#}");
    assert_eq!(trial["ended"], "time-limit");
    assert!(count(&trial, "ok") > 10);
    assert_eq!(count(&trial, "errors"), 0, "changes under way may finish");
}

#[test]
fn a_step_that_never_ends_is_abandoned_when_the_run_is_to_end() {
    let sandbox = Sandbox::new();
    let arguments = format!(
        "--strategy {} --set attack=sleep-forever --rows 1 --workers-per-row 2 --time-limit-s 1",
        hostile().display()
    );
    let (code, trial) = sandbox.trial(&arguments);
    assert_eq!(code, 3);
    assert_eq!(trial["reasons"]["run-stopped"], 2, "{trial:#}");
    assert_eq!(count(&trial, "indeterminate"), 2);
}

/// The process catches Ctrl-C, and has worked for a second of processor time since it did.
fn wait_until_at_work(pid: u32) {
    let catches = || {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        u64::from_str_radix(mask.unwrap().trim(), 16).unwrap() & 2 != 0
    };
    let ticks = || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
        let used = fields.skip(11).take(2).map(|field| field.parse::<u64>());
        used.map(Result::unwrap).sum::<u64>()
    };
    while !catches() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let before = ticks();
    while ticks() < before + 100 {
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_search_that_ends_by_its_own_time_is_a_whole_one() {
    let ended = Sandbox::new().run("check cas --seeds 1000000000 --time 1s --faults none");
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("cas: valid\n"), "{}", ended.stdout);
}

#[test]
fn ctrl_c_ends_a_search_with_what_it_came_to() {
    let sandbox = Sandbox::new();
    let endless = "--seeds 1000000000 --faults none --jobs 1";
    for (strategies, told) in [
        ("cas", "cas: unknown: it was interrupted after "),
        (
            "cas for-update",
            "for-update: unknown: it was interrupted before its first seed\n",
        ),
    ] {
        let child = sandbox.start(&format!("check {strategies} {endless}"));
        wait_until_at_work(child.id());
        signal(&child, "-INT");
        let ended = finished(child.wait_with_output().unwrap());
        assert_eq!(ended.code, 3, "{}{}", ended.stdout, ended.stderr);
        for told in [told, "\n  ended early: interrupted\n"] {
            assert!(ended.stdout.contains(told), "{}", ended.stdout);
        }
    }
}
