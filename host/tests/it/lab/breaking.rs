//! Faults, and coming back from them.

use super::{ask, process, runner_lab, runs, same_up};
use crate::support::lab::lab_to_break;
use contend::lab::{GaleraView, Lab, NodeView, ProcessState};
use contend::model::lab_fault::{ALL, LabAction, LabFault};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

pub fn fault(lab: &Lab, action: LabAction, target: &str) {
    let target = target.to_owned();
    lab.fault(&LabFault { action, target }).unwrap();
}

pub fn pid(lab: &Lab, name: &str) -> Option<i32> {
    let processes = lab.processes();
    processes
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, pid)| *pid)
}

fn views(lab: &Lab) -> Vec<GaleraView> {
    let views = lab.status().nodes.into_iter().map(|node| match node.view {
        NodeView::Galera(view) => view,
        NodeView::Postgres(view) => panic!("{view:?}"),
    });
    views.collect()
}

/// Waits for what the nodes need some seconds for.
#[track_caller]
pub fn soon(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn every_server_can_be_paused_killed_and_restarted() {
    let lab = lab_to_break();
    for name in ["n2", "haproxy", "redis"] {
        let first = pid(&lab, name).unwrap();
        fault(&lab, LabAction::Pause, name);
        let status = lab.status();
        assert_eq!(process(&status, name), ProcessState::Paused);
        assert!(!status.whole);
        fault(&lab, LabAction::Resume, name);
        assert_eq!(process(&lab.status(), name), ProcessState::Running);
        fault(&lab, LabAction::Kill, name);
        assert_eq!(pid(&lab, name), None);
        assert!(!runs(first));
        fault(&lab, LabAction::Start, name);
        assert_eq!(process(&lab.status(), name), ProcessState::Running);
        runner_lab(&lab.options().dir, &format!("fault start {name}"))
            .refused_with(&[name, "runs already"]);
        let second = pid(&lab, name).unwrap();
        fault(&lab, LabAction::Pause, name);
        fault(&lab, LabAction::Restart, name);
        assert_ne!(pid(&lab, name), Some(second), "{name} was not restarted");
    }
    let said = runner_lab(&lab.options().dir, "fault isolate redis");
    said.refused_with(&["isolate is for nodes"]);
    assert!(lab.status().whole);
}

#[test]
fn stopped_server_can_not_be_paused() {
    let lab = lab_to_break();
    fault(&lab, LabAction::Kill, "redis");
    let dir = &lab.options().dir;
    for action in ["pause", "resume", "kill"] {
        runner_lab(dir, &format!("fault {action} redis"))
            .refused_with(&["redis is not running", "restart redis"]);
    }
    runner_lab(dir, "fault kill n4").refused_with(&["n1, n2, n3"]);
}

#[test]
fn an_isolated_node_is_alone_until_it_is_healed() {
    let lab = lab_to_break();
    fault(&lab, LabAction::Isolate, "n2");
    let sizes = || {
        let sizes = views(&lab).into_iter().map(|view| view.cluster_size);
        sizes.collect::<Vec<_>>()
    };
    soon("the others go on without it", || {
        sizes() == [Some(2), Some(1), Some(2)]
    });
    let minority = ask(&lab, "n2", "SELECT * FROM contend.nothing");
    assert!(
        minority.as_ref().is_err_and(|said| said.contains("1047")),
        "{minority:?}"
    );
    assert!(!lab.status().whole);
    fault(&lab, LabAction::Heal, "n2");
    assert_eq!(
        ask(&lab, "n2", "SET wsrep_sync_wait = 1; SELECT 5"),
        Ok("5".to_owned())
    );
    soon("all see each other", || sizes() == [Some(3); 3]);
}

/// It would believe for seconds that nothing has happened.
#[test]
fn a_node_that_was_paused_for_long_is_waited_for() {
    let lab = lab_to_break();
    ask(
        &lab,
        "n1",
        "CREATE OR REPLACE TABLE contend.paused (id INT PRIMARY KEY)",
    )
    .unwrap();
    fault(&lab, LabAction::Pause, "n3");
    let size = || views(&lab)[0].cluster_size;
    soon("it is given up", || size() == Some(2));
    ask(&lab, "n1", "INSERT INTO contend.paused VALUES (1)").unwrap();
    lab.make_whole(&mut |_| {}).unwrap();
    let seen = ask(&lab, "n3", "SELECT COUNT(*) FROM contend.paused");
    assert_eq!(seen, Ok("1".to_owned()));
}

#[test]
fn up_starts_what_is_missing_and_leaves_the_rest() {
    let lab = lab_to_break();
    for name in ["n1", "haproxy"] {
        fault(&lab, LabAction::Kill, name);
    }
    // It has to be sent a whole copy.
    fs::remove_dir_all(lab.options().dir.join("n1/data")).unwrap();
    let (second, redis) = (pid(&lab, "n2"), pid(&lab, "redis"));
    let said = runner_lab(&lab.options().dir, &same_up(&lab));
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stderr.contains("running, but not whole"),
        "{}",
        said.stderr
    );
    assert!(lab.status().whole);
    assert_eq!((pid(&lab, "n2"), pid(&lab, "redis")), (second, redis));
}

/// The node that was killed first lacks a row, and must not be the one that the others copy.
#[test]
fn a_group_of_which_no_node_lives_begins_with_the_most_advanced() {
    let lab = lab_to_break();
    ask(
        &lab,
        "n1",
        "CREATE OR REPLACE TABLE contend.first (id INT PRIMARY KEY)",
    )
    .unwrap();
    fault(&lab, LabAction::Kill, "n1");
    let size = || views(&lab)[2].cluster_size;
    soon("it is missed", || size() == Some(2));
    ask(&lab, "n3", "INSERT INTO contend.first VALUES (1)").unwrap();
    fault(&lab, LabAction::Kill, "n2");
    fault(&lab, LabAction::Kill, "n3");
    let alone = LabFault {
        action: LabAction::Restart,
        target: "n1".to_owned(),
    };
    let error = lab.fault(&alone).unwrap_err().to_string();
    assert!(error.contains("runner lab up"), "{error}");
    lab.make_whole(&mut |_| {}).unwrap();
    for node in ["n1", "n2", "n3"] {
        let rows = ask(&lab, node, "SELECT COUNT(*) FROM contend.first");
        assert_eq!(rows, Ok("1".to_owned()), "{node}");
    }
}

/// Two of three are gone, so the third serves nobody.
#[test]
fn a_node_that_lost_the_majority_is_brought_back_with_the_others() {
    let lab = lab_to_break();
    fault(&lab, LabAction::Kill, "n2");
    fault(&lab, LabAction::Kill, "n3");
    let component = || views(&lab)[0].component.clone();
    soon("it knows", || {
        component().is_some_and(|word| word == "non-Primary")
    });
    lab.make_whole(&mut |_| {}).unwrap();
    assert!(lab.status().whole);
}

/// With what the lab sets by itself, a commit reaches the operating system, which a kill leaves alone.
#[test]
fn all_nodes_that_are_killed_at_once_come_back_with_what_was_committed() {
    let lab = lab_to_break();
    let table = "CREATE OR REPLACE TABLE contend.all_at_once (id INT PRIMARY KEY)";
    ask(&lab, "n1", table).unwrap();
    ask(&lab, "n2", "INSERT INTO contend.all_at_once VALUES (1)").unwrap();
    let nodes = ["n1", "n2", "n3"];
    let pids = nodes.map(|name| pid(&lab, name).unwrap());
    let others = ["haproxy", "redis"].map(|name| pid(&lab, name));
    let dir = &lab.options().dir;
    runner_lab(dir, "fault pause all").refused_with(&["can only be killed and started"]);
    fault(&lab, LabAction::Kill, ALL);
    assert!(pids.into_iter().all(|pid| !runs(pid)));
    assert_eq!(nodes.map(|name| pid(&lab, name)), [None; 3]);
    runner_lab(dir, "fault kill all").refused_with(&["no node of it runs"]);
    fault(&lab, LabAction::Start, ALL);
    assert!(lab.status().whole);
    assert_eq!(["haproxy", "redis"].map(|name| pid(&lab, name)), others);
    for node in nodes {
        let rows = ask(&lab, node, "SELECT COUNT(*) FROM contend.all_at_once");
        assert_eq!(rows, Ok("1".to_owned()), "{node}");
    }
}

/// No majority is left, and no node can come back to it by itself.
#[test]
fn a_node_killed_while_another_is_isolated_is_healed_with_it() {
    let lab = lab_to_break();
    fault(&lab, LabAction::Isolate, "n2");
    fault(&lab, LabAction::Kill, "n1");
    let component = || views(&lab)[2].component.clone();
    soon("the third knows that it is alone", || {
        component().is_some_and(|word| word == "non-Primary")
    });
    lab.make_whole(&mut |_| {}).unwrap();
    assert!(lab.status().whole);
    for name in ["n1", "n2", "n3"] {
        assert_eq!(ask(&lab, name, "SELECT 5"), Ok("5".to_owned()), "{name}");
    }
}
