//! The main job on a real cluster, in order and under faults.

use crate::support::lab::{lab, lab_to_break, start};
use crate::support::{Sandbox, count, verdict};
use contend::lab::{Kind, Lab};
use serde_json::Value;
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};

const SOLUTIONS: [&str; 6] = [
    "cas",
    "for-update",
    "lock-change",
    "lock-operation",
    "lock-change-reconnect",
    "lock-operation-reconnect",
];

const CONTENDED: &str = "--rows 5 --workers-per-row 6 --changes-per-worker 5 --pause-ms 2 \
                         --hold-ms 2 --check-wait-ms 20 --background-generators 5";

/// Long enough that a fault in its second second finds it in the middle.
const UNDER_FAULTS: &str = "--rows 5 --workers-per-row 4 --changes-per-worker 60 --pause-ms 5 \
                            --hold-ms 5 --check-wait-ms 20 --time-limit-s 240";

/// All runs on the lab that stays whole use its one database, so they take turns.
pub fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn on(lab: &Lab, arguments: &str) -> String {
    format!("--lab={} {arguments}", lab.options().dir.display())
}

pub fn trials(sandbox: &Sandbox, arguments: &str) -> (i32, Vec<Value>) {
    let finished = sandbox.run(&format!("{arguments} --json"));
    let report: Value = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", finished.stdout, finished.stderr));
    (finished.code, report["trials"].as_array().unwrap().clone())
}

#[test]
fn the_six_solutions_are_valid_on_a_real_cluster_with_either_lock_service() {
    let _turn = turn();
    let lab = lab();
    let all: String = SOLUTIONS.map(|name| format!("--strategy {name} ")).concat();
    for locks in ["redis", "file:locks"] {
        let sandbox = Sandbox::new();
        let arguments = on(lab, &format!("{all}{CONTENDED} --lock {locks} --out run"));
        let (code, trials) = trials(&sandbox, &arguments);
        assert_eq!(trials.len(), SOLUTIONS.len());
        for trial in &trials {
            assert_eq!(verdict(trial), "valid", "{locks}: {trial:#}");
            assert_eq!(count(trial, "ok"), 150, "{locks}: {trial:#}");
        }
        assert_eq!(code, 0);
    }
}

#[test]
fn a_run_on_the_cluster_reports_the_counters_and_use_of_its_servers() {
    let _turn = turn();
    let sandbox = Sandbox::new();
    let arguments = on(
        lab(),
        &format!("--strategy for-update {CONTENDED} --out run"),
    );
    let (_, trials) = trials(&sandbox, &arguments);
    let conditions = &trials[0]["conditions"];
    let counters = conditions["counters"].as_array().unwrap();
    let nodes: Vec<_> = counters.iter().map(|node| &node["node"]).collect();
    assert_eq!(nodes, ["n1", "n2", "n3"]);
    let commits = counters
        .iter()
        .map(|node| node["commits"].as_u64().unwrap());
    // Each of 150 changes is two commits.
    assert!(commits.sum::<u64>() >= 300, "{conditions:#}");
    for server in ["n1", "n2", "n3", "haproxy", "redis"] {
        let used = &conditions["usage"]["servers_cpu_ms"][server];
        assert!(used.is_number(), "{server}: {conditions:#}");
    }
    assert_eq!(conditions["server"]["autocommit"], "ON");
    assert!(conditions["background"]["selects"]["answered"].as_u64() > Some(0));
    let rows = fs::read_to_string(sandbox.path("run/for-update/rows.json")).unwrap();
    let rows: Value = serde_json::from_str(&rows).unwrap();
    assert_eq!(rows["nodes"].as_array().unwrap().len(), 3);
    assert_eq!(rows["silent"], Value::Array(vec![]));
}

#[test]
fn the_strategy_that_looks_and_then_writes_is_violated_on_the_cluster_too() {
    let _turn = turn();
    let sandbox = Sandbox::new();
    let (code, trials) = trials(
        &sandbox,
        &on(lab(), &format!("--strategy unguarded {CONTENDED}")),
    );
    assert_eq!((verdict(&trials[0]).as_str(), code), ("violated", 1));
}

#[test]
fn no_password_is_in_what_a_run_leaves_or_says() {
    let _turn = turn();
    let lab = lab();
    let url = lab.endpoint_url();
    let password = url.split([':', '@']).nth(2).unwrap();
    assert!(password.len() > 8, "no password where it was looked for");
    let sandbox = Sandbox::new();
    let nodes: String = lab
        .node_urls()
        .iter()
        .map(|(_, url)| format!("--node {url} "))
        .collect();
    let small = "--strategy cas --rows 1 --workers-per-row 2 --changes-per-worker 2 --out run";
    let said = sandbox.run(&format!(
        "--db {url} {nodes}--lock {} {small}",
        lab.redis_url()
    ));
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(!said.stdout.contains(password) && !said.stderr.contains(password));
    let files = sandbox.shell(&format!("grep -rl {password} run; true"));
    assert_eq!(files.stdout, "", "the password is in a file of the run");
    assert_eq!(sandbox.run("bundle run").code, 0);
    let bundled = sandbox.shell("zcat run.tar.gz >run.tar; grep -c 127.0.0.1 run.tar");
    assert_eq!(bundled.code, 0, "the bundle was not looked into");
    let bundled = sandbox.shell(&format!("grep -c {password} run.tar"));
    assert_eq!(bundled.stdout, "0\n", "the password is in the bundle");
    // So a rerun asks for it.
    let unnamed = sandbox.run("rerun run.tar.gz --out again");
    unnamed.refused_with(&[
        "127.0.0.1",
        "(--db URL)",
        "(--node URL, once for each)",
        "(--lock URL)",
    ]);
    let again = format!(
        "rerun run.tar.gz --out again --db {url} {nodes}--lock {}",
        lab.redis_url()
    );
    let again = sandbox.run(&again);
    assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
    assert!(!again.stdout.contains(password) && !again.stderr.contains(password));
    let files = sandbox.shell(&format!("grep -rl {password} again; true"));
    assert_eq!(files.stdout, "", "the password is in a file of the rerun");
    let wrong = url.replace(password, "wrong-password");
    let refused = sandbox.run(&format!("--db {wrong} {small}-2"));
    refused.refused_with(&["127.0.0.1"]);
    assert!(
        !refused.stderr.contains("wrong-password"),
        "{}",
        refused.stderr
    );
}

/// Runs a strategy under a schedule, and sees that the verdict is right and every change accounted
/// for.
fn survives(lab: &Lab, strategy: &str, more: &str) -> Value {
    let sandbox = Sandbox::new();
    let arguments = format!("--strategy {strategy} {UNDER_FAULTS} {more} --out run");
    let (code, trials) = trials(&sandbox, &on(lab, &arguments));
    let trial = trials.into_iter().next().unwrap();
    assert_eq!((verdict(&trial).as_str(), code), ("valid", 0), "{trial:#}");
    let history = fs::read_to_string(sandbox.path(&format!("run/{strategy}/history.jsonl")));
    let changes: Vec<Value> = history
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(changes.len(), 20 * 60, "a change is missing: {trial:#}");
    for change in &changes {
        for step in [&change["acquire"], &change["release"]] {
            let is_unclear = step["outcome"]["indeterminate"].is_object();
            let settled = step["settled"].as_str().unwrap_or_default();
            let is_settled = ["took-effect", "no-effect"].contains(&settled);
            assert!(!is_unclear || is_settled, "not resolved: {change:#}");
        }
    }
    for event in trial["conditions"]["faults"].as_array().unwrap() {
        assert!(event["error"].is_null(), "{event:#}");
    }
    assert!(lab.status().whole, "it was not made whole after the run");
    trial
}

#[test]
fn a_node_killed_in_mid_run_costs_changes_and_no_row() {
    let lab = lab_to_break();
    for strategy in ["cas", "for-update"] {
        let trial = survives(&lab, strategy, "--fault 1s:kill:n2");
        let lost = trial["summary"]["errors"].as_u64().unwrap();
        assert!(lost > 0, "nobody noticed: {trial:#}");
        // What the others used is not what all of them used.
        let used = &trial["conditions"]["usage"]["servers_cpu_ms"];
        assert_eq!(used.as_object().unwrap().len(), 0, "{trial:#}");
        assert!(count(&trial, "ok") > 600, "{trial:#}");
    }
}

#[test]
fn a_node_paused_until_it_is_shut_out_and_resumed_costs_no_row() {
    let lab = lab_to_break();
    let schedule = "--fault 1s:pause:n3 --fault 12s:resume:n3";
    let trial = survives(&lab, "cas", schedule);
    let done = trial["conditions"]["faults"].as_array().unwrap().len();
    assert_eq!(done, 2, "{trial:#}");
}

#[test]
fn redis_restarted_in_mid_run_on_the_cluster_costs_no_row() {
    let lab = lab_to_break();
    survives(
        &lab,
        "lock-operation",
        "--lock redis --fault 1s:restart:redis",
    );
}

#[test]
fn run_that_the_servers_have_no_room_for_is_refused() {
    let sandbox = Sandbox::new();
    let crowd =
        "--strategy cas --rows 2 --workers-per-row 2 --background-generators 7000 --out crowd";
    let refused = sandbox.run(&on(lab(), crowd));
    refused.refused_with(&["room for", "the run needs 7004", "max_connections"]);
    assert!(!refused.stdout.contains("killed"), "{}", refused.stdout);
}

#[test]
fn a_fault_whose_time_never_came_is_reported() {
    let _turn = turn();
    let small = "--strategy cas --rows 2 --workers-per-row 2 --changes-per-worker 3";
    let arguments = on(lab(), &format!("{small} --fault 600s:kill:n2"));
    let (code, trials) = trials(&Sandbox::new(), &arguments);
    assert_eq!(code, 0, "{trials:#?}");
    let events = trials[0]["conditions"]["faults"].as_array().unwrap();
    assert_eq!(events.len(), 1);
    let told = events[0]["error"].as_str().unwrap_or_default();
    assert!(told.contains("over before"), "{events:#?}");
}

#[test]
fn a_schedule_without_a_lab_or_for_a_server_that_is_not_there_is_refused() {
    let sandbox = Sandbox::new();
    let refused = sandbox.run("--strategy cas --workload smoke --fault 1s:kill:n2");
    refused.refused_with(&["say --lab"]);
    let _turn = turn();
    let refused = sandbox.run(&on(
        lab(),
        "--strategy cas --workload smoke --fault 1s:kill:n9",
    ));
    refused.refused_with(&["n9", "n1, n2, n3"]);
}

#[test]
fn addresses_are_given_once_on_a_real_cluster_and_who_never_retries_is_found_out() {
    let _turn = turn();
    let sandbox = Sandbox::new();
    // Not `ip-three-step`: that one is right most of the time.
    let right = ["ip-for-update", "ip-two-step", "ip-window"];
    let all: String = right.map(|name| format!("--strategy {name} ")).concat();
    let wrong = "--strategy ip-for-update-no-retry";
    let arguments = on(lab(), &format!("{all}{wrong} --workload ip-3x10 --out run"));
    let (code, trials) = trials(&sandbox, &arguments);
    assert_eq!((trials.len(), code), (4, 1));
    for (trial, name) in trials.iter().zip(right) {
        assert_eq!(verdict(trial), "valid", "{name}: {trial:#}");
        assert_eq!(count(trial, "ok"), 30, "{name}: {trial:#}");
    }
    let silent = &trials[3];
    assert_eq!(verdict(silent), "violated", "{silent:#}");
    assert_eq!(count(silent, "ok"), 30, "it says that all is well");
}

/// A strategy that is right, on nodes that flush once a second: what all nodes had when they were killed
/// is gone, and that is the database's doing. Where no second was cut, the next kill has another chance.
#[test]
fn commits_that_are_lost_when_all_nodes_are_killed_are_called_lost_and_not_silent() {
    let settings = [("innodb_flush_log_at_trx_commit", "0")];
    let (lab, _watchdog) = start(Kind::Galera, &settings);
    let run = "--strategy cas --rows 10 --workers-per-row 3 --changes-per-worker 1000 --pause-ms 1 \
               --hold-ms 1 --check-wait-ms 20 --time-limit-s 5 --fault 4s:kill:all --out run";
    for _ in 0..8 {
        let sandbox = Sandbox::new();
        let (code, trials) = trials(&sandbox, &on(&lab, run));
        let said = sandbox.run("report run").stdout;
        assert!(!said.contains("a silent success"), "{said}");
        assert!(lab.status().whole, "{said}");
        if said.contains("committed, acknowledged, and lost") {
            assert_eq!((verdict(&trials[0]).as_str(), code), ("violated", 1));
            return;
        }
    }
    panic!("no commit was ever lost");
}
