//! Readers that share a document and writers that have it alone, in every world.

use crate::redis_server;
use crate::support::lab::{lab, postgres_lab};
use crate::support::{Sandbox, answer, count, verdict};
use serde_json::Value;

/// More readers than the limit, and writers that can meet each other.
const CONTENDED: &str = "--rows 2 --workers-per-row 6 --writers-per-row 2 --reader-limit 2 \
                         --changes-per-worker 6 --pause-ms 2 --hold-ms 15";

/// The checkers of the clock and the limit, and those of the rows.
const BY_PRESENCE: [&str; 2] = ["exclusion", "reader-limit"];
const BY_ROWS: &str = "undisturbed";

fn visit(strategy: &str, arguments: &str) -> (i32, Value) {
    Sandbox::new().trial(&format!("--strategy {strategy} {arguments}"))
}

#[track_caller]
fn is_valid(arguments: &str) -> Value {
    let (code, trial) = visit("lock-read-write", arguments);
    assert_eq!((verdict(&trial).as_str(), code), ("valid", 0), "{trial:#}");
    for checker in [
        BY_ROWS,
        "exclusion",
        "every-visit-recorded",
        "every-write-counted",
        "nodes-agree",
    ] {
        assert_eq!(answer(&trial, checker), "valid", "{checker}: {trial:#}");
    }
    trial
}

#[track_caller]
fn is_violated(arguments: &str) {
    let (code, trial) = visit("lock-read-write-early", arguments);
    assert_eq!(
        (verdict(&trial).as_str(), code),
        ("violated", 1),
        "{trial:#}"
    );
    for checker in BY_PRESENCE.into_iter().chain([BY_ROWS]) {
        assert_eq!(answer(&trial, checker), "violated", "{checker}: {trial:#}");
    }
}

#[test]
fn readers_and_writers_are_kept_apart_on_sqlite_and_an_early_release_is_found() {
    let trial = is_valid(CONTENDED);
    assert_eq!(count(&trial, "ok"), 72);
    assert_eq!(answer(&trial, "reader-limit"), "valid");
    let visits = &trial["summary"]["visits"];
    assert_eq!(
        (&visits["reads"], &visits["writes"]),
        (&48.into(), &24.into())
    );
    assert!(visits["writer_wait_ms"]["max"].as_f64().unwrap() > 0.0);
    is_violated(CONTENDED);
}

#[test]
fn readers_and_writers_are_kept_apart_on_the_cluster_and_an_early_release_is_found() {
    let dir = lab().options().dir.display();
    let place = format!(
        "--lab={dir} --lock {} {CONTENDED}",
        redis_server::database()
    );
    let trial = is_valid(&place);
    let nodes = trial["contention"]["nodes"].as_array().unwrap();
    assert!(nodes.len() > 1, "{trial:#}");
    is_violated(&place);
}

#[test]
fn readers_and_writers_are_kept_apart_by_advisory_locks() {
    let dir = postgres_lab().options().dir.display();
    let trial = is_valid(&format!("--lab={dir} --lock postgres {CONTENDED}"));
    assert_eq!(answer(&trial, "reader-limit"), "valid");
}

#[test]
fn readers_and_writers_are_kept_apart_in_the_simulator_and_an_early_release_is_found() {
    for locks in ["lease", "session", "memory"] {
        let trial = is_valid(&format!("--db sim --lock {locks} --seed 1 {CONTENDED}"));
        assert_eq!(answer(&trial, "reader-limit"), "valid", "{locks}");
    }
    is_violated(&format!("--db sim --lock session --seed 1 {CONTENDED}"));
}

#[test]
fn service_without_a_limit_rejects_readers_and_is_valid_without_one() {
    let (_, trial) = visit("lock-read-write", &format!("{CONTENDED} --lock file:locks"));
    assert_eq!(verdict(&trial), "unknown");
    assert_eq!(trial["summary"]["visits"]["reads"], 0, "{trial:#}");
    let unlimited = CONTENDED.replace("--reader-limit 2", "--reader-limit 0");
    is_valid(&format!("{unlimited} --lock file:locks"));
}

#[test]
fn lease_that_ends_under_its_holder_is_found() {
    let found = Sandbox::new().run("check lock-read-write --faults pause --lock lease --seeds 400");
    assert_eq!(found.code, 1, "{}{}", found.stdout, found.stderr);
    let holds = Sandbox::new().run("check lock-read-write --faults none --lock lease --seeds 25");
    assert_eq!(holds.code, 0, "{}{}", holds.stdout, holds.stderr);
}

#[test]
fn our_workloads_of_readers_and_writers_are_valid_and_name_who_waited() {
    for name in ["read-write-5x6", "read-write-starving"] {
        let trial = is_valid(&format!("--workload {name} --csv {name}.csv"));
        let visits = &trial["summary"]["visits"];
        assert!(visits["writer_overtaken_max"].is_u64(), "{visits}");
    }
}

#[test]
fn new_strategy_for_documents_is_refused_with_where_to_read() {
    let refused = Sandbox::new().run("new mine --workload read-write");
    assert_eq!(refused.code, 2);
    let words = "in that language so far; wit/access.wit";
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
}
