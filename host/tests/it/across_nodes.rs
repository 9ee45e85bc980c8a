//! Rivals of a row work on different nodes, it is counted where they did, and no verdict claims a
//! cluster that was not contended. Nodes that nobody named are found, or reported as not looked at.

use crate::on_the_lab::turn;
use crate::support::lab::lab;
use crate::support::{Sandbox, answer, verdict, why};
use crate::two_runs::as_root;
use contend::lab::Lab;
use serde_json::Value;

const SMALL: &str = "--workers-per-row 3 --changes-per-worker 6 --pause-ms 1 --hold-ms 1 \
                     --check-wait-ms 5";

/// As the issue has them: with 3, 6 and 9 rows all rivals of a row used to be on one node.
const ROWS: [u64; 5] = [3, 4, 5, 6, 9];

fn rows_from_two_nodes(trial: &Value) -> Option<u64> {
    trial["contention"]["rows_from_two_nodes"].as_u64()
}

fn remark(trial: &Value, checker: &str) -> String {
    let answers = trial["answers"].as_array().unwrap();
    let answer = answers.iter().find(|answer| answer["checker"] == checker);
    let remark = answer.unwrap()["remark"].as_str();
    remark.unwrap_or_default().to_owned()
}

fn with_endpoint(lab: &Lab) -> String {
    format!("--db {}", lab.endpoint_url())
}

#[test]
fn rivals_of_every_row_meet_on_different_nodes_in_the_simulator() {
    let sandbox = Sandbox::new();
    for rows in ROWS {
        let run = format!("--db sim --strategy cas --rows {rows} --seed 7 {SMALL}");
        let (_, trial) = sandbox.trial(&run);
        assert_eq!(verdict(&trial), "valid", "{rows}: {}", why(&trial));
        assert_eq!(rows_from_two_nodes(&trial), Some(rows), "{rows}");
    }
}

#[test]
fn rivals_of_every_row_meet_on_different_nodes_on_the_lab() {
    let _turn = turn();
    let sandbox = Sandbox::new();
    for rows in ROWS {
        let run = format!(
            "{} --strategy cas --rows {rows} {SMALL}",
            with_endpoint(lab())
        );
        let (_, trial) = sandbox.trial(&run);
        assert_eq!(verdict(&trial), "valid", "{rows}: {}", why(&trial));
        assert_eq!(rows_from_two_nodes(&trial), Some(rows), "{rows}");
    }
}

#[test]
fn pools_are_asked_from_different_nodes_also_where_each_worker_has_its_own() {
    let sandbox = Sandbox::new();
    for connect in ["endpoint", "nodes"] {
        let run = format!(
            "--db sim --workload ip-20 --strategy ip-window --workers-per-row 3 --seed 3 \
             --connect {connect} --pool 10.0.0.0/24,10.0.0.2-10.0.0.254 \
             --pool 10.0.1.0/24,10.0.1.2-10.0.1.254 --pool 10.0.2.0/24,10.0.2.2-10.0.2.254"
        );
        let (_, trial) = sandbox.trial(&run);
        assert_eq!(
            rows_from_two_nodes(&trial),
            Some(3),
            "{connect}: {}",
            why(&trial)
        );
    }
}

#[test]
fn lock_before_a_stale_read_is_violated_whatever_the_number_of_rows() {
    let sandbox = Sandbox::new();
    for rows in [3, 4, 6] {
        let run = format!(
            "--db sim:apply=20000..40000 --strategy lock-only+sync=false --lock lease --rows {rows} \
             --seed 1 --time-limit-s 60 {SMALL}"
        );
        let (code, trial) = sandbox.trial(&run);
        assert_eq!((verdict(&trial).as_str(), code), ("violated", 1), "{rows}");
    }
}

#[test]
fn lock_before_a_stale_read_is_violated_on_the_lab_too() {
    let _turn = turn();
    let sandbox = Sandbox::new();
    for rows in [3, 6] {
        let run = format!(
            "--lab={} --strategy lock-only+sync=false --lock redis --rows {rows} --workers-per-row 3 \
             --changes-per-worker 200 --pause-ms 0 --hold-ms 0 --check-tries 0 --time-limit-s 30",
            lab().options().dir.display()
        );
        let (code, trial) = sandbox.trial(&run);
        assert_eq!((verdict(&trial).as_str(), code), ("violated", 1), "{rows}");
        assert_eq!(rows_from_two_nodes(&trial), Some(rows));
    }
}

#[test]
fn one_writer_of_three_nodes_is_valid_and_says_what_that_does_not_show() {
    let _turn = turn();
    let sandbox = Sandbox::new();
    let writer = &lab().node_urls()[1].1;
    let run = format!("--db {writer} --strategy cas --rows 3 {SMALL}");
    let (code, trial) = sandbox.trial(&run);
    assert_eq!(
        (verdict(&trial).as_str(), code),
        ("valid", 0),
        "{}",
        why(&trial)
    );
    for checker in ["mutual-exclusion", "transition-chain"] {
        let remark = remark(&trial, checker);
        assert!(
            remark.contains("all sessions worked on one node"),
            "{remark}"
        );
    }
    assert_eq!(rows_from_two_nodes(&trial), Some(0));
    let text = sandbox.run(&run).stdout;
    assert!(text.contains("all on one of 3 nodes"), "{text}");
}

#[test]
fn unnamed_nodes_are_found_and_compared() {
    let _turn = turn();
    let sandbox = Sandbox::new();
    let one = format!("{} --node {}", with_endpoint(lab()), lab().node_urls()[0].1);
    for (database, found) in [(with_endpoint(lab()), 3), (one, 2)] {
        let run = format!("{database} --strategy cas --rows 3 {SMALL} --out found-{found}");
        let (code, trial) = sandbox.trial(&run);
        assert_eq!(
            (verdict(&trial).as_str(), code),
            ("valid", 0),
            "{}",
            why(&trial)
        );
        assert_eq!(answer(&trial, "nodes-agree"), "valid");
        assert!(!remark(&trial, "nodes-agree").contains("trivial"));
        let nodes = &trial["conditions"]["nodes"];
        assert_eq!(nodes["nodes"].as_array().unwrap().len(), 3, "{nodes}");
        assert_eq!(nodes["found"].as_array().unwrap().len(), found, "{nodes}");
        let counters = trial["conditions"]["counters"].as_array().unwrap();
        assert_eq!(counters.len(), 3, "{counters:?}");
        let text = sandbox.run(&format!("report found-{found}")).stdout;
        let told = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("discovered"), "{text}");
    }
}

/// A user whom one node does not let in: its grants were dropped there alone.
#[test]
fn nodes_that_can_not_be_found_are_no_agreement() {
    let _turn = turn();
    let user = "lonely@'127.0.0.1'";
    as_root(
        1,
        &format!(
            "CREATE DATABASE contend_lonely; CREATE USER {user} IDENTIFIED BY 'lonely'; \
             GRANT ALL ON `contend\\_%`.* TO {user}"
        ),
    );
    as_root(
        3,
        &format!(
            "SET SESSION wsrep_sync_wait = 1; SELECT 1; SET SESSION wsrep_on = 0; DROP USER {user}"
        ),
    );
    let node = |number: usize| {
        let mut url = url::Url::parse(&lab().node_urls()[number].1).unwrap();
        url.set_username("lonely").unwrap();
        url.set_password(Some("lonely")).unwrap();
        url.set_path("contend_lonely");
        url.to_string()
    };
    let sandbox = Sandbox::new();
    for named in [
        "".to_owned(),
        format!("--node {} --node {}", node(0), node(1)),
    ] {
        let run = format!("--db {} {named} --strategy cas --rows 2 {SMALL}", node(0));
        let (_, trial) = sandbox.trial(&run);
        assert_eq!(answer(&trial, "nodes-agree"), "unknown", "{trial:#}");
        assert_eq!(verdict(&trial), "unknown");
        let why = why(&trial);
        assert!(
            why.contains("1 of 3 nodes was not looked at; name them with --node"),
            "{why}"
        );
        assert!(!trial["answers"].to_string().contains("trivial"));
    }
    for number in [1, 3] {
        as_root(
            number,
            &format!("SET SESSION wsrep_on = 0; DROP USER IF EXISTS {user}"),
        );
    }
    as_root(
        2,
        &format!(
            "SET SESSION wsrep_on = 0; DROP USER IF EXISTS {user}; SET SESSION wsrep_on = 1; DROP DATABASE contend_lonely"
        ),
    );
}
