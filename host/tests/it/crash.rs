//! Measurements survive any end of the runner.

use crate::support::{Sandbox, answer, count, finished, hostile, signal, verdict, why};
use std::fs;
use std::time::{Duration, Instant};

const LONG: &str = "--strategy cas --rows 4 --workers-per-row 2 --changes-per-worker 100000 \
                    --pause-ms 1 --hold-ms 1 --out run";

/// Waits until the history has this many lines; the run is under way then.
fn wait_for_lines(sandbox: &Sandbox, strategy: &str, lines: usize) {
    let history = sandbox.path("run").join(strategy).join("history.jsonl");
    let began = Instant::now();
    while fs::read_to_string(&history).map_or(0, |text| text.lines().count()) < lines {
        assert!(began.elapsed() < Duration::from_secs(60), "no history came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn kill_9_loses_no_finished_change() {
    let sandbox = Sandbox::new();
    let mut child = sandbox.start(LONG);
    wait_for_lines(&sandbox, "cas", 200);
    signal(&child, "-KILL");
    child.wait().unwrap();

    let recorded = fs::read_to_string(sandbox.path("run/cas/history.jsonl")).unwrap();
    let whole = recorded.matches('\n').count();
    let report = sandbox.run("report run --json");
    assert_eq!(report.code, 3, "{}{}", report.stdout, report.stderr);
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    let trial = &report["trials"][0];
    assert_eq!(
        trial["summary"]["changes"].as_u64().unwrap() as usize,
        whole
    );
    assert_eq!(trial["ended"], serde_json::Value::Null);
    let remarks = trial["remarks"].to_string();
    assert!(remarks.contains("killed"), "{remarks}");
    // The table and the CSV come from what is there, too.
    assert!(
        sandbox
            .run("report run")
            .stdout
            .contains("the runner was killed")
    );
    assert!(
        sandbox
            .run("report run --csv -")
            .stdout
            .contains(",killed,")
    );
}

#[test]
fn each_signal_to_end_cuts_the_run_in_order_and_its_verdict_says_so() {
    for name in ["-INT", "-TERM", "-HUP"] {
        cut_by(name);
    }
}

fn cut_by(name: &str) {
    let sandbox = Sandbox::new();
    // These tests may have been told to outlive their terminal, by `nohup`.
    let script = format!("exec env --default-signal=HUP $runner {LONG}");
    let child = sandbox.start_shell(&script);
    wait_for_lines(&sandbox, "cas", 200);
    signal(&child, name);
    let ended = finished(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 3, "{name}: {}{}", ended.stdout, ended.stderr);
    let (code, trial) = sandbox.report("run");
    assert_eq!(
        (verdict(&trial).as_str(), code),
        ("unknown", 3),
        "{trial:#}"
    );
    let told = why(&trial);
    assert!(told.starts_with("the run was interrupted: "), "{told}");
    assert!(told.ends_with(" of 800000 changes were made"), "{told}");
    assert_eq!(answer(&trial, "mutual-exclusion"), "valid");
    assert!(
        ended.stdout.contains("ended early: interrupted"),
        "{}",
        ended.stdout
    );
    for file in [
        "results.csv",
        "cas/verdict.json",
        "cas/end.json",
        "cas/latency.hlog",
    ] {
        assert!(sandbox.path("run").join(file).is_file(), "{file}");
    }
}

#[test]
fn a_full_disk_ends_the_run_and_keeps_what_was_written() {
    let sandbox = Sandbox::new();
    // The limit on the size of a file stands for the size of a disk: a write beyond it fails in the
    // same way, and needs no root. The database is in memory, so that the history meets it first.
    let script = format!("trap '' XFSZ; ulimit -f 32; exec $runner {LONG} --db sqlite::memory:");
    let ended = sandbox.shell(&script);
    ended.refused_with(&["could not be recorded", "history.jsonl"]);
    assert!(
        ended.stdout.contains("ended early: failed"),
        "what was measured is shown: {}",
        ended.stdout
    );
    let (code, trial) = sandbox.report("run");
    assert!(count(&trial, "ok") > 50);
    // The change that is not in the history is in the data, and is no fault of the strategy.
    assert_eq!(
        (verdict(&trial).as_str(), code),
        ("unknown", 3),
        "{trial:#}"
    );
}

#[test]
fn killed_while_the_data_was_written_the_history_stays() {
    let sandbox = Sandbox::new();
    sandbox.run("--strategy cas --workload smoke --out run");
    for file in ["rows.json", "end.json"] {
        fs::remove_file(sandbox.path("run/cas").join(file)).unwrap();
    }
    let effects = sandbox.path("run/cas/effects.jsonl");
    let text = fs::read_to_string(&effects).unwrap();
    fs::write(&effects, &text[..text.len() / 2]).unwrap();
    let (code, trial) = sandbox.report("run");
    assert_eq!(
        (verdict(&trial).as_str(), code),
        ("unknown", 3),
        "{trial:#}"
    );
    assert_eq!(count(&trial, "ok"), 400);
    assert_eq!(answer(&trial, "mutual-exclusion"), "valid");
}

#[test]
fn a_torn_history_is_not_held_against_the_data() {
    let sandbox = Sandbox::new();
    sandbox.run("--strategy cas --workload smoke --out run");
    fs::remove_file(sandbox.path("run/cas/end.json")).unwrap();
    let history = sandbox.path("run/cas/history.jsonl");
    let text = fs::read_to_string(&history).unwrap();
    fs::write(&history, &text[..text.len() - 20]).unwrap();
    let (code, trial) = sandbox.report("run");
    assert_eq!(
        (verdict(&trial).as_str(), code),
        ("unknown", 3),
        "{trial:#}"
    );
    assert!(trial["remarks"].to_string().contains("torn"), "{trial:#}");
}

#[test]
fn a_file_that_lost_some_lines_is_reported_and_nothing_is_judged_by_it() {
    let sandbox = Sandbox::new();
    sandbox.run("--strategy cas --workload smoke --out run");
    for (file, lines) in [
        ("history.jsonl", "399 of 400"),
        ("effects.jsonl", "799 of 800"),
    ] {
        let path = sandbox.path("run/cas").join(file);
        let whole = fs::read_to_string(&path).unwrap();
        let (most, _) = whole.trim_end().rsplit_once('\n').unwrap();
        fs::write(&path, format!("{most}\n")).unwrap();
        sandbox
            .run("report run")
            .refused_with(&[file, "not whole", lines]);
        fs::write(&path, whole).unwrap();
    }
    assert_eq!(sandbox.run("report run").code, 0);
}

#[test]
fn strategies_whose_turn_never_came_are_named_and_not_counted_as_valid() {
    let sandbox = Sandbox::new();
    let child = sandbox.start(&format!("{LONG} --strategy for-update"));
    wait_for_lines(&sandbox, "cas", 200);
    signal(&child, "-INT");
    let ended = finished(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 3, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("cas: unknown"), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("not run: for-update"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_cut_run_that_is_violated_says_so() {
    let sandbox = Sandbox::new();
    let long = LONG
        .replace("cas", "unguarded")
        .replace("--hold-ms 1", "--hold-ms 5");
    let child = sandbox.start(&long);
    wait_for_lines(&sandbox, "unguarded", 400);
    signal(&child, "-TERM");
    let ended = finished(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    let (code, trial) = sandbox.report("run");
    assert_eq!((verdict(&trial).as_str(), code), ("violated", 1));
    assert_eq!(answer(&trial, "whole-run"), "unknown");
}

#[test]
fn a_run_under_nohup_outlives_its_terminal() {
    let sandbox = Sandbox::new();
    let script = format!("trap '' HUP; exec $runner {LONG}");
    let child = sandbox.start_shell(&script);
    wait_for_lines(&sandbox, "cas", 200);
    signal(&child, "-HUP");
    let history = || {
        fs::metadata(sandbox.path("run/cas/history.jsonl"))
            .unwrap()
            .len()
    };
    let before = history();
    std::thread::sleep(Duration::from_secs(1));
    assert!(history() > before, "it went on");
    signal(&child, "-INT");
    assert_eq!(finished(child.wait_with_output().unwrap()).code, 3);
}

#[test]
fn a_cut_simulation_is_no_valid_one() {
    let sandbox = Sandbox::new();
    let child = sandbox.start(&format!("{LONG} --db sim"));
    wait_for_lines(&sandbox, "cas", 200);
    signal(&child, "-TERM");
    let ended = finished(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 3, "{}{}", ended.stdout, ended.stderr);
    let (code, trial) = sandbox.report("run");
    assert_eq!((verdict(&trial).as_str(), code), ("unknown", 3));
}

#[test]
fn a_second_ctrl_c_does_not_wait_for_changes_under_way() {
    let sandbox = Sandbox::new();
    let hostile = hostile().display();
    let child = sandbox.start(&format!(
        "--strategy {hostile} --set attack=sleep-forever --set every=2 --rows 1 --out run --pause-ms 0"
    ));
    wait_for_lines(&sandbox, "hostile", 1);
    std::thread::sleep(Duration::from_millis(200));
    let first = Instant::now();
    signal(&child, "-INT");
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "-INT");
    let ended = finished(child.wait_with_output().unwrap());
    // The grace is five seconds.
    assert!(first.elapsed() < Duration::from_secs(4), "it waited");
    assert!(ended.stdout.contains("run-stopped"), "{}", ended.stdout);
}
