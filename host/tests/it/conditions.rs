//! The surroundings of the workers of a trial: other load, other connections, and the use of all.

use crate::support::{Sandbox, count, verdict};
use serde_json::Value;

const SMALL: &str = "--strategy cas --rows 2 --workers-per-row 3 --changes-per-worker 10";

fn background(trial: &Value) -> &Value {
    &trial["conditions"]["background"]
}

#[test]
fn background_load_reads_and_writes_its_own_rows_and_is_in_none_of_the_strategys_figures() {
    let sandbox = Sandbox::new();
    let load =
        "--background-generators 3 --background-selects-per-s 2 --background-updates-per-s 40";
    let (code, trial) = sandbox.trial(&format!("{SMALL} {load} --out run"));
    assert_eq!((code, &*verdict(&trial)), (0, "valid"), "{trial:#}");
    let loaded = background(&trial);
    assert_eq!(loaded["generators"], 3);
    let answered = |kind: &str| loaded[kind]["answered"].as_u64().unwrap();
    assert!(answered("selects") > 0, "{loaded:#}");
    assert!(answered("updates") > 0, "{loaded:#}");
    assert!(loaded["updates"]["p99_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(count(&trial, "changes"), 60);
    let rows = std::fs::read_to_string(sandbox.path("run/cas/rows.json")).unwrap();
    let rows: Value = serde_json::from_str(&rows).unwrap();
    assert_eq!(rows["nodes"][0]["rows"].as_array().unwrap().len(), 2);
    assert_eq!(rows["nodes"][0]["foreign"], Value::Array(vec![]));
}

#[test]
fn without_generators_there_is_no_background_rather_than_an_empty_one() {
    let (_, trial) = Sandbox::new().trial(SMALL);
    assert!(background(&trial).is_null(), "{trial:#}");
}

#[test]
fn use_of_the_runner_is_reported() {
    let (_, trial) = Sandbox::new().trial(SMALL);
    let usage = &trial["conditions"]["usage"];
    assert!(usage["runner_cpu_ms"].is_f64(), "{usage:#}");
    assert!(
        usage["runner_peak_kib"].as_u64().unwrap() > 1000,
        "{usage:#}"
    );
}

#[test]
fn a_check_over_fresh_connections_finds_the_same() {
    let (code, trial) = Sandbox::new().trial(&format!("{SMALL} --check fresh"));
    assert_eq!((code, count(&trial, "ok")), (0, 60), "{trial:#}");
}

#[test]
fn a_simulated_trial_reports_the_end_of_each_fault() {
    let sandbox = Sandbox::new();
    let schedule = "--fault 9h:crash:n2:for:2s --fault 1ms:pause:worker-1:for:20s \
                    --fault 10s:cut-after-commit:worker-0";
    let arguments = format!(
        "--strategy cas --db sim --rows 1 --workers-per-row 2 --changes-per-worker 1 {schedule} \
         --out run"
    );
    let finished = sandbox.run(&arguments);
    for told in [
        "  fault: 1ms pause worker-1 for 20s\n",
        "  fault: 10s cut-after-commit worker-0 (cut nothing: there was no commit any more)\n",
        "  fault: 32400s crash n2 for 2s (never came: the trial was over before)\n",
    ] {
        assert!(finished.stdout.contains(told), "{}", finished.stdout);
    }
    let (_, trial) = sandbox.report("run");
    let faults = trial["conditions"]["simulated"]["faults"]
        .as_array()
        .unwrap();
    let fates: Vec<_> = faults.iter().map(|event| &event["fate"]).collect();
    assert_eq!(fates, ["came", "no-commit", "too-late"]);
    let table = std::fs::read_to_string(sandbox.path("run/results.csv")).unwrap();
    assert!(
        table.contains("1ms pause worker-1 for 20s; 10s cut-after-commit"),
        "{table}"
    );
}

#[test]
fn a_simulated_trial_without_faults_reports_none() {
    let small = "--rows 1 --workers-per-row 2 --changes-per-worker 1";
    let (_, trial) = Sandbox::new().trial(&format!("--strategy cas --db sim {small}"));
    let simulated = &trial["conditions"]["simulated"];
    assert!(simulated["statements"].is_u64(), "{trial:#}");
    assert!(simulated["faults"].is_null(), "{simulated:#}");
}

#[test]
fn the_runner_reports_its_own_lateness_and_not_in_the_simulator() {
    let sandbox = Sandbox::new();
    let (_, trial) = sandbox.trial(&format!("{SMALL} --hold-ms 20 --out run"));
    let late = &trial["conditions"]["lateness"];
    for kind in ["timers", "tasks"] {
        for figure in ["p50_ms", "p99_ms", "max_ms"] {
            assert!(late[kind][figure].is_f64(), "{kind} {figure}: {late:#}");
        }
    }
    assert!(!late["worst_ms"].as_array().unwrap().is_empty(), "{late:#}");
    let told = sandbox.run("report run").stdout;
    assert!(
        told.contains("  the runner itself: timers late by p50 "),
        "{told}"
    );
    let (_, trial) = sandbox.trial(&format!("{SMALL} --db sim"));
    assert!(trial["conditions"]["lateness"].is_null(), "{trial:#}");
    assert!(trial["bottleneck"].is_null(), "{trial:#}");
}

/// The runner on a processor that it has to share with many.
#[test]
fn a_runner_that_gets_no_processor_says_that_it_was_the_bottleneck() {
    let sandbox = Sandbox::new();
    // A low priority among six that compute: its turn comes seldom.
    let script = "cpu=$(taskset -pc $$ | grep -oE '[0-9]+' | tail -1); \
                  for i in 1 2 3 4 5 6; do timeout 30 taskset -c $cpu sh -c 'while :; do :; done' & \
                  done; \
                  taskset -c $cpu nice -n 5 $runner --strategy cas --rows 1 --workers-per-row 3 \
                  --changes-per-worker 10 --out run; code=$?; kill $(jobs -p); exit $code";
    let ended = sandbox.shell(script);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let told = "\ncas: the runner was the bottleneck: ";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    let compared = sandbox.run("compare run run");
    assert_eq!(compared.code, 0, "{}{}", compared.stdout, compared.stderr);
    let told = "times and rates are not compared: first: the runner was the bottleneck";
    assert!(compared.stdout.contains(told), "{}", compared.stdout);
}
