//! What was measured survives whatever ends the runner.

use crate::support::{Sandbox, finished};
use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

const LONG: &str = "--strategy cas --rows 4 --workers-per-row 2 --changes-per-worker 100000 \
                    --pause-ms 1 --hold-ms 1 --out run";

/// Waits until the history has this many lines; the run is under way then.
fn wait_for_lines(sandbox: &Sandbox, lines: usize) {
    let history = sandbox.path("run/cas/history.jsonl");
    let began = Instant::now();
    while fs::read_to_string(&history).map_or(0, |text| text.lines().count()) < lines {
        assert!(began.elapsed() < Duration::from_secs(60), "no history came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args([name, &pid])
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn kill_9_loses_no_finished_change() {
    let sandbox = Sandbox::new();
    let mut child = sandbox.start(LONG);
    wait_for_lines(&sandbox, 200);
    signal(&child, "-KILL");
    child.wait().unwrap();

    let recorded = fs::read_to_string(sandbox.path("run/cas/history.jsonl")).unwrap();
    let whole = recorded.matches('\n').count();
    let report = sandbox.run("report run --json");
    assert_eq!(report.code, 2, "{}{}", report.stdout, report.stderr);
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
fn ctrl_c_ends_the_run_in_order_with_a_verdict() {
    let sandbox = Sandbox::new();
    let child = sandbox.start(LONG);
    wait_for_lines(&sandbox, 200);
    signal(&child, "-INT");
    let ended = finished(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
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
    let script = format!(
        "trap '' XFSZ; ulimit -f 32; exec {} {LONG} --db sqlite::memory:",
        env!("CARGO_BIN_EXE_runner")
    );
    let ended = std::process::Command::new("bash")
        .args(["-c", &script])
        .current_dir(sandbox.path(""))
        .output()
        .unwrap();
    let ended = finished(ended);
    ended.refused_with(&["could not be recorded", "history.jsonl"]);
    let report = sandbox.run("report run --json");
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    assert!(report["trials"][0]["summary"]["ok"].as_u64().unwrap() > 50);
}
