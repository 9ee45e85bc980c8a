//! The main job: strategies on the embedded database, judged.

use crate::redis_server::{RedisServer, database};
use crate::support::{Sandbox, answer, count, hostile, verdict, why};
use contend::backend::sqlite::{Sqlite, SqliteLocation};
use contend::capability::database::{Database, Target};
use contend::capability::statement::{Action, Statement};
use std::fs;

/// The workload of the published "hell" in small: twenty workers for each of five rows.
const CONTENDED: &str = "--rows 5 --workers-per-row 20 --changes-per-worker 3 --check-wait-ms 5 \
                         --pause-ms 2 --hold-ms 2";

#[test]
fn every_right_strategy_is_valid_under_contention() {
    for strategy in [
        "cas",
        "for-update",
        "leader-fenced",
        "leader-lease",
        "leader-naive",
        "lock-change",
        "lock-change-fenced",
        "lock-only",
        "lock-operation",
    ] {
        let sandbox = Sandbox::new();
        let (code, trial) = sandbox.trial(&format!("--strategy {strategy} {CONTENDED}"));
        assert_eq!((verdict(&trial).as_str(), code), ("valid", 0), "{trial:#}");
        assert_eq!(count(&trial, "ok"), 300, "{strategy}");
        assert_eq!(answer(&trial, "nodes-agree"), "valid");
    }
}

/// Wrong elsewhere, and not here: SQLite has one node, makes writers wait for each other, and refuses
/// a write that was computed from an older state.
#[test]
fn strategy_wrong_on_a_cluster_can_be_right_on_sqlite() {
    for strategy in [
        "for-update-guard",
        "for-update-no-retry",
        "read-modify-write",
    ] {
        let sandbox = Sandbox::new();
        let (code, trial) = sandbox.trial(&format!("--strategy {strategy} --workload smoke"));
        assert_eq!((verdict(&trial).as_str(), code), ("valid", 0), "{trial:#}");
        assert_eq!(count(&trial, "ok"), 400, "{strategy}");
        if strategy == "read-modify-write" {
            let errors = trial["summary"]["errors_by_code"].as_object().unwrap();
            assert!(!errors.is_empty(), "nobody came in between: {trial:#}");
        }
    }
}

#[test]
fn a_fence_needs_tokens() {
    let sandbox = Sandbox::new();
    let arguments = "--strategy lock-change-fenced --workload smoke --lock file:locks --out run";
    let (_, trial) = sandbox.trial(arguments);
    assert_eq!(count(&trial, "ok"), 0);
    let history = fs::read_to_string(sandbox.path("run/lock-change-fenced/history.jsonl")).unwrap();
    assert!(history.contains("no-fencing"), "{history}");
}

#[test]
fn leader_needs_a_service_with_groups() {
    let sandbox = Sandbox::new();
    let arguments = "--strategy leader-lease --workload smoke --lock file:locks --out run";
    let (_, trial) = sandbox.trial(arguments);
    assert_eq!(count(&trial, "ok"), 0);
    let history = fs::read_to_string(sandbox.path("run/leader-lease/history.jsonl")).unwrap();
    assert!(history.contains("it has no groups"), "{history}");
}

#[test]
fn locks_in_files_do_as_well() {
    for strategy in ["lock-change", "lock-only", "lock-operation"] {
        let sandbox = Sandbox::new();
        let arguments = format!("--strategy {strategy} {CONTENDED} --lock file:locks");
        let (code, trial) = sandbox.trial(&arguments);
        assert_eq!((verdict(&trial).as_str(), code), ("valid", 0), "{trial:#}");
    }
}

#[test]
fn locks_in_redis_do_as_well() {
    for strategy in [
        "leader-fenced",
        "leader-lease",
        "leader-naive",
        "lock-change",
        "lock-change-fenced",
        "lock-only",
        "lock-operation",
        "lock-change-reconnect",
        "lock-operation-reconnect",
    ] {
        let sandbox = Sandbox::new();
        let locks = database();
        let arguments = format!("--strategy {strategy} {CONTENDED} --lock {locks}");
        let (code, trial) = sandbox.trial(&arguments);
        assert_eq!((verdict(&trial).as_str(), code), ("valid", 0), "{trial:#}");
        assert_eq!(count(&trial, "ok"), 300, "{strategy}: {trial:#}");
    }
}

/// A lost lock costs changes, and no row.
#[test]
fn redis_restarted_in_mid_run_is_reported_and_costs_no_row() {
    for strategy in ["lock-change", "lock-operation"] {
        let mut server = RedisServer::start("");
        let sandbox = Sandbox::new();
        let locks = server.url();
        let run = format!(
            "--strategy {strategy} --lock {locks} --rows 5 --workers-per-row 2 \
             --changes-per-worker 60 --pause-ms 5 --hold-ms 5 --check-wait-ms 5 --out run"
        );
        let mut runner = sandbox.start(&run);
        let history = sandbox.path(&format!("run/{strategy}/history.jsonl"));
        let begun = || fs::read_to_string(&history).is_ok_and(|text| text.lines().count() > 50);
        while !begun() {
            assert!(runner.try_wait().unwrap().is_none(), "it ended too early");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        server.restart();
        runner.wait().unwrap();
        let (code, trial) = sandbox.report("run");
        assert_eq!((verdict(&trial).as_str(), code), ("valid", 0), "{trial:#}");
        assert_eq!(count(&trial, "changes"), 600);
        assert!(count(&trial, "ok") > 300, "{trial:#}");
    }
}

#[test]
fn the_faults_kept_from_the_original_leave_the_rows_right() {
    for strategy in ["lock-change-reconnect", "lock-operation-reconnect"] {
        let sandbox = Sandbox::new();
        let (code, trial) = sandbox.trial(&format!("--strategy {strategy} --workload smoke"));
        assert_eq!((verdict(&trial).as_str(), code), ("valid", 0), "{trial:#}");
        assert_eq!(count(&trial, "ok"), 400, "{strategy}");
    }
}

/// Whatever service gives it: the lock that should have lasted until the release was never there.
#[test]
fn a_lock_that_is_lost_before_its_release_is_counted() {
    let redis = database();
    for locks in ["memory", "file:locks", &redis] {
        for (strategy, lost) in [
            ("lock-operation", None),
            ("lock-change-reconnect", None),
            ("lock-operation-reconnect", Some(400)),
        ] {
            let sandbox = Sandbox::new();
            let arguments = format!("--strategy {strategy} --workload smoke --lock {locks}");
            let (_, trial) = sandbox.trial(&arguments);
            let counted = trial["summary"]["lost_locks"]["not-owner"].as_u64();
            assert_eq!(counted, lost, "{strategy} with {locks}: {trial:#}");
        }
    }
}

#[test]
fn looking_and_then_writing_is_violated_with_two_workers_their_markers_and_times() {
    let sandbox = Sandbox::new();
    let (code, trial) = sandbox.trial(&format!("--strategy unguarded {CONTENDED}"));
    assert_eq!(
        (verdict(&trial).as_str(), code),
        ("violated", 1),
        "{trial:#}"
    );
    for checker in ["mutual-exclusion", "transition-chain"] {
        assert_eq!(answer(&trial, checker), "violated");
    }
    let witness = why(&trial);
    assert!(witness.contains(" ms"), "{witness}");
    let markers = witness.matches('_').count();
    assert!(witness.contains("worker") && markers >= 2, "{witness}");
}

#[test]
fn without_contention_nothing_is_decided() {
    for strategy in ["unguarded", "cas"] {
        let sandbox = Sandbox::new();
        let arguments = format!("--strategy {strategy} --rows 4 --changes-per-worker 2");
        let (code, trial) = sandbox.trial(&arguments);
        assert_eq!((verdict(&trial).as_str(), code), ("unknown", 0));
        assert!(why(&trial).contains("contended"), "{}", why(&trial));
        assert_eq!(answer(&trial, "every-change-counted"), "valid");
    }
}

#[test]
fn a_run_without_rivals_ends_with_0_and_says_how_to_make_some() {
    for world in ["sqlite", "sim"] {
        let sandbox = Sandbox::new();
        let run = "--strategy cas --rows 4 --changes-per-worker 2";
        let measured = sandbox.run(&format!("{run} --db {world} --out run"));
        assert_eq!(measured.code, 0, "{}{}", measured.stdout, measured.stderr);
        let hint = "`--workers-per-row 2` gives each row";
        assert!(measured.stdout.contains(hint), "{}", measured.stdout);
        assert_eq!(sandbox.run("report run").code, 0);
        assert_eq!(sandbox.run("report run --require valid").code, 3);
        let required = sandbox.run(&format!("{run} --db {world} --require valid"));
        assert_eq!(required.code, 3, "{}{}", required.stdout, required.stderr);
        let rivals = format!("{run} --db {world} --workers-per-row 3 --require valid");
        let valid = sandbox.run(&rivals);
        assert_eq!(valid.code, 0, "{}{}", valid.stdout, valid.stderr);
        assert!(!valid.stdout.contains("hint"), "{}", valid.stdout);
    }
    let wrong = Sandbox::new().run("--strategy cas --rows 4 --require violated");
    assert_eq!(wrong.code, 2);
}

#[test]
fn a_run_without_rivals_in_which_changes_fail_is_unknown() {
    let sandbox = Sandbox::new();
    let hostile = hostile().display();
    let (code, trial) = sandbox.trial(&format!(
        "--strategy {hostile} --set attack=trap --set every=3 --rows 2 --changes-per-worker 6"
    ));
    assert!(
        count(&trial, "errors") > 0 && count(&trial, "ok") > 0,
        "{trial:#}"
    );
    assert_eq!((verdict(&trial).as_str(), code), ("unknown", 3));
}

#[test]
fn the_main_job_makes_the_published_number_of_changes() {
    let sandbox = Sandbox::new();
    let (_, trial) = sandbox.trial("--strategy cas.wasm --rows 400 --out run");
    assert_eq!(count(&trial, "ok"), 4000);
    let plan = fs::read_to_string(sandbox.path("run/plan.json")).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let workload = &plan["workload"];
    for (key, value) in [
        ("rows", 400),
        ("workers_per_row", 1),
        ("changes_per_worker", 10),
        ("pause_ms", 10),
        ("hold_ms", 10),
        ("check_tries", 6),
        ("check_wait_ms", 250),
    ] {
        assert_eq!(workload[key], value, "{key}");
    }
}

#[test]
fn several_strategies_run_on_fresh_data_and_make_a_line_each() {
    let sandbox = Sandbox::new();
    let finished = sandbox.run("--strategy all --workload smoke --out run --csv table.csv");
    assert_eq!(finished.code, 1, "{}{}", finished.stdout, finished.stderr);
    for file in ["table.csv", "run/results.csv"] {
        let mut reader = csv::Reader::from_path(sandbox.path(file)).unwrap();
        let headings = reader.headers().unwrap().clone();
        let published = "solution,total time,ok,errors,release max,release sum,release mean";
        let begins: Vec<_> = headings.iter().take(7).collect();
        assert_eq!(begins.join(","), published);
        let column = |name| headings.iter().position(|heading| heading == name).unwrap();
        let (ok, verdict) = (column("ok"), column("verdict"));
        let lines: Vec<_> = reader.records().map(Result::unwrap).collect();
        let names: Vec<_> = lines.iter().map(|line| line[0].to_owned()).collect();
        let all = [
            "cas",
            "for-update",
            "for-update-guard",
            "for-update-no-retry",
            "leader-fenced",
            "leader-lease",
            "leader-naive",
            "lock-change",
            "lock-change-fenced",
            "lock-change-reconnect",
            "lock-only",
            "lock-operation",
            "lock-operation-reconnect",
            "read-modify-write",
            "unguarded",
        ];
        assert_eq!(names, all);
        assert_eq!((&lines[0][ok], &lines[0][verdict]), ("400", "valid"));
        // What others among them do wrong, SQLite makes right.
        for (name, line) in names.iter().zip(&lines) {
            let expected = if name == "unguarded" {
                "violated"
            } else {
                "valid"
            };
            assert_eq!(&line[verdict], expected, "{name}");
        }
    }
}

#[tokio::test]
async fn a_database_of_ones_own_is_filled_anew_by_each_run_and_never_taken_from_others() {
    let sandbox = Sandbox::new();
    let run = "--strategy cas --strategy for-update --workload smoke --db sqlite:own.db";
    for _ in 0..2 {
        let run = sandbox.run(run);
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    }
    let others = SqliteLocation::File(sandbox.path("others.db"));
    let others = Sqlite::open(others).await.unwrap();
    let mut session = others.connect(&Target::Endpoint).await.unwrap();
    let table = Statement::of_host("CREATE TABLE volumes (id INTEGER)", Action::Define);
    session.execute(&table, &[]).await.unwrap();
    session.close().await;
    others.close().await;
    let refused = sandbox.run(&run.replace("own.db", "others.db"));
    refused.refused_with(&["sqlite:others.db", "volumes", "drop it or name another"]);
    assert!(!sandbox.path("others.db-contend").exists());
}

#[test]
fn in_memory_the_workers_compete_as_well() {
    let sandbox = Sandbox::new();
    let (code, trial) =
        sandbox.trial("--strategy cas --workload smoke --db sqlite::memory: --out run");
    assert_eq!((verdict(&trial).as_str(), code), ("valid", 0), "{trial:#}");
    assert!(!sandbox.path("run/cas/database.sqlite").exists());
}

#[test]
fn without_the_audit_the_checkers_say_what_they_can_not_tell() {
    let sandbox = Sandbox::new();
    let (code, trial) = sandbox.trial("--strategy cas --workload smoke --audit false");
    assert_eq!((verdict(&trial).as_str(), code), ("unknown", 3));
    assert_eq!(answer(&trial, "mutual-exclusion"), "valid");
    assert_eq!(answer(&trial, "transition-chain"), "unknown");
    assert_eq!(answer(&trial, "every-change-counted"), "unknown");
}

#[test]
fn a_report_from_the_folder_says_what_the_run_said() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("--strategy cas --strategy unguarded --workload smoke --out run");
    let report = sandbox.run("report run");
    assert_eq!((run.code, run.stdout), (report.code, report.stdout));
    let csv = sandbox.run("report run --csv -");
    assert_eq!(
        csv.stdout,
        fs::read_to_string(sandbox.path("run/results.csv")).unwrap()
    );
    assert_eq!(sandbox.run("report run --quiet").stdout, "");
}

#[test]
fn the_histogram_log_can_be_read_back_and_has_every_acquire() {
    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
    let sandbox = Sandbox::new();
    let (_, trial) = sandbox.trial("--strategy cas --workload smoke --out run");
    let log = fs::read(sandbox.path("run/cas/latency.hlog")).unwrap();
    let mut counts = Vec::new();
    for entry in IntervalLogIterator::new(&log) {
        if let LogEntry::Interval(interval) = entry.unwrap() {
            use base64::Engine;
            let coded = interval.encoded_histogram();
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(coded)
                .unwrap();
            let mut deserializer = hdrhistogram::serialization::Deserializer::new();
            let histogram: Histogram<u64> = deserializer.deserialize(&mut &bytes[..]).unwrap();
            counts.push((interval.tag().unwrap().as_str().to_owned(), histogram.len()));
        }
    }
    let ok = count(&trial, "ok");
    let expected = [("acquire-ok".to_owned(), ok), ("release-ok".to_owned(), ok)];
    assert_eq!(counts, expected);
}
