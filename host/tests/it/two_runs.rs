//! Two runs at once on one database or one lock service: each has its own, or the second is refused
//! before it touches anything. What a killed run left is gone after the next one.

use crate::on_the_lab::turn;
use crate::redis_server::database;
use crate::support::lab::lab;
use crate::support::{Finished, Sandbox, finished, signal};
use contend::backend::sqlite::{Sqlite, SqliteLocation};
use contend::capability::database::{Database, Freshness, Target};
use contend::capability::statement::{Action, Statement};
use serde_json::Value;
use std::fs;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

const RIVALS: &str = "--strategy cas --rows 4 --workers-per-row 3 --pause-ms 1 --hold-ms 1 \
                      --check-wait-ms 5";

/// Starts a run that goes on until it is ended, and waits until it makes changes.
fn start(sandbox: &Sandbox, arguments: &str, out: &str) -> Child {
    let endless = format!("{arguments} --changes-per-worker 1000000 --out {out}");
    let mut child = sandbox.start(&endless);
    let history = sandbox.path(out).join("cas/history.jsonl");
    let began = Instant::now();
    while fs::metadata(&history).map_or(0, |file| file.len()) < 2_000 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before its time");
        assert!(began.elapsed() < Duration::from_secs(60), "no history came");
        sleep(Duration::from_millis(20));
    }
    child
}

/// Ends a run as Ctrl-C does, and gives its verdicts.
fn end(sandbox: &Sandbox, child: Child, out: &str) -> Vec<String> {
    signal(&child, "-INT");
    let ended = finished(child.wait_with_output().unwrap());
    let report = sandbox.run(&format!("report {out} --json"));
    let report: Value = serde_json::from_str(&report.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", ended.stdout, ended.stderr));
    let answers = report["trials"][0]["answers"].as_array();
    let verdict = |answer: &Value| match answer["verdict"].as_object() {
        Some(verdict) => format!("{}: {verdict:?}", answer["checker"]),
        None => answer["verdict"].as_str().unwrap().to_owned(),
    };
    // It was cut, and says so; the rest is the verdict on what it did.
    let answers = answers.unwrap().iter();
    let answers = answers.filter(|answer| answer["checker"] != "whole-run");
    answers.map(verdict).collect()
}

fn kill(mut child: Child) {
    signal(&child, "-KILL");
    child.wait().unwrap();
}

fn short(sandbox: &Sandbox, arguments: &str) -> Finished {
    sandbox.run(&format!("{arguments} --changes-per-worker 3"))
}

fn is_valid(run: &Finished) {
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
}

#[test]
fn second_run_on_one_sqlite_file_is_refused_and_the_first_goes_on() {
    let sandbox = Sandbox::new();
    let on_file = format!("{RIVALS} --db sqlite:one.db");
    let first = start(&sandbox, &on_file, "first");
    for named in ["sqlite:one.db", "sqlite:./one.db"] {
        let second = short(&sandbox, &format!("{RIVALS} --db {named} --out second"));
        second.refused_with(&["in use by another run", &first.id().to_string()]);
        assert!(!sandbox.path("second").exists());
    }
    let answers = end(&sandbox, first, "first");
    assert!(
        answers.iter().all(|verdict| verdict == "valid"),
        "{answers:?}"
    );
    is_valid(&short(&sandbox, &on_file));
    assert!(!sandbox.path("one.db-contend").exists());
}

#[test]
fn killed_run_leaves_a_sqlite_file_to_the_next_one() {
    let sandbox = Sandbox::new();
    let on_file = format!("{RIVALS} --db sqlite:one.db");
    kill(start(&sandbox, &on_file, "first"));
    is_valid(&short(&sandbox, &on_file));
    let left = fs::read_dir(sandbox.path(".")).unwrap().flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
    assert!(
        !left.iter().any(|name| name == "one.db-contend"),
        "{left:?}"
    );
}

#[tokio::test]
async fn table_of_the_user_in_a_sqlite_file_is_refused_and_left_alone() {
    let sandbox = Sandbox::new();
    let location = SqliteLocation::File(sandbox.path("one.db"));
    let database = Sqlite::open(location).await.unwrap();
    let mut session = database.connect(&Target::Endpoint).await.unwrap();
    let table = Statement::of_host("CREATE TABLE volumes (mine int)", Action::Write);
    session.execute(&table, &[]).await.unwrap();
    session.close().await;
    let refused = short(&sandbox, &format!("{RIVALS} --db sqlite:one.db"));
    refused.refused_with(&["already has a table", "volumes"]);
    let look = Statement::of_host("SELECT mine FROM volumes", Action::Read);
    let rows = database.read("sqlite", Freshness::AsItIs, &look, &[]).await;
    assert_eq!(rows.unwrap().len(), 0);
    database.close().await;
}

/// Statements by the user that the servers run as, who may do everything. A row on each line.
pub fn as_root(node: u32, statements: &str) -> String {
    let user = Command::new("id").arg("-un").output().unwrap().stdout;
    let socket = lab().options().dir.join(format!("n{node}/socket"));
    let said = Command::new("mariadb")
        .args(["--no-defaults", "--batch", "--skip-column-names", "--user"])
        .arg(String::from_utf8(user).unwrap().trim())
        .arg("--socket")
        .arg(socket)
        .args(["--execute", statements])
        .output()
        .unwrap();
    assert!(
        said.status.success(),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    String::from_utf8(said.stdout).unwrap()
}

fn schemas_of_runs() -> Vec<String> {
    let said = as_root(
        1,
        "SET SESSION wsrep_sync_wait = 1; SHOW DATABASES LIKE 'contend\\_run\\_%'",
    );
    said.lines().map(str::to_owned).collect()
}

/// Waits for these to be the schemas of runs: what one node dropped is there on others for a moment.
fn schemas_are<T: AsRef<str>>(expected: &[T]) {
    let expected: Vec<&str> = expected.iter().map(AsRef::as_ref).collect();
    let began = Instant::now();
    while schemas_of_runs() != expected {
        let found = schemas_of_runs();
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{found:?}, not {expected:?}"
        );
        sleep(Duration::from_millis(100));
    }
}

#[test]
fn two_runs_on_one_lab_are_both_right_and_leave_nothing() {
    let _turn = turn();
    let sandbox = Sandbox::new();
    let on_lab = format!("{RIVALS} --lab={}", lab().options().dir.display());
    let first = start(&sandbox, &on_lab, "first");
    sleep(Duration::from_secs(1));
    let during = schemas_of_runs();
    assert_eq!(during.len(), 1, "{during:?}");
    is_valid(&short(&sandbox, &on_lab));
    // The other run's is left alone.
    schemas_are(&during);
    let answers = end(&sandbox, first, "first");
    assert!(
        answers.iter().all(|verdict| verdict == "valid"),
        "{answers:?}"
    );
    schemas_are::<&str>(&[]);
}

#[test]
fn killed_run_leaves_nothing_on_a_lab_after_the_next_one() {
    let _turn = turn();
    let sandbox = Sandbox::new();
    let on_lab = format!("{RIVALS} --lab={}", lab().options().dir.display());
    kill(start(&sandbox, &on_lab, "first"));
    assert_eq!(schemas_of_runs().len(), 1);
    // Of another machine, and without any sign since: nothing of it is certain yet.
    let elsewhere = "contend_run_00000000_1_1_0";
    as_root(
        1,
        &format!("CREATE DATABASE {elsewhere}; CREATE DATABASE contend_runaway"),
    );
    is_valid(&short(&sandbox, &on_lab));
    schemas_are(&[elsewhere]);
    as_root(
        1,
        &format!(
            "CREATE TABLE {elsewhere}.contend_run (id int PRIMARY KEY, owner varchar(64), \
         host varchar(64), beat datetime); INSERT INTO {elsewhere}.contend_run \
         VALUES (1, '{elsewhere}', 'there', UTC_TIMESTAMP() - INTERVAL 5 MINUTE)"
        ),
    );
    is_valid(&short(&sandbox, &on_lab));
    // Five minutes are not enough.
    schemas_are(&[elsewhere]);
    as_root(
        1,
        &format!("UPDATE {elsewhere}.contend_run SET beat = beat - INTERVAL 10 MINUTE"),
    );
    is_valid(&short(&sandbox, &on_lab));
    schemas_are::<&str>(&[]);
    let kept = as_root(
        1,
        "SHOW DATABASES LIKE 'contend\\_runaway'; DROP DATABASE contend_runaway",
    );
    assert_eq!(kept.trim(), "contend_runaway", "no name of ours");
}

/// A user who may use one schema and make none.
#[test]
fn second_run_of_a_user_without_schemas_is_refused_and_the_first_goes_on() {
    let _turn = turn();
    as_root(
        1,
        "CREATE DATABASE only_one; CREATE USER narrow@'127.0.0.1' IDENTIFIED BY 'narrow'; \
         GRANT ALL ON only_one.* TO narrow@'127.0.0.1'",
    );
    let sandbox = Sandbox::new();
    let url = |text: &str| {
        let mut url = url::Url::parse(text).unwrap();
        url.set_username("narrow").unwrap();
        url.set_password(Some("narrow")).unwrap();
        url.set_path("only_one");
        url.to_string()
    };
    let on_lab = format!("{RIVALS} --db {}", url(&lab().endpoint_url()));
    let first = start(&sandbox, &on_lab, "first");
    schemas_are::<&str>(&[]);
    // Through another node it is seen as well.
    for (_, node) in lab().node_urls() {
        let second = short(
            &sandbox,
            &format!("{RIVALS} --db {} --out second", url(&node)),
        );
        second.refused_with(&[
            "in use by another run",
            "GRANT ALL",
            &first.id().to_string(),
        ]);
        assert!(!sandbox.path("second").exists());
    }
    let answers = end(&sandbox, first, "first");
    assert!(
        answers.iter().all(|verdict| verdict == "valid"),
        "{answers:?}"
    );
    is_valid(&short(&sandbox, &on_lab));
    kill(start(&sandbox, &on_lab, "killed"));
    is_valid(&short(&sandbox, &on_lab));
    as_root(
        1,
        "CREATE OR REPLACE TABLE only_one.volumes (id int PRIMARY KEY)",
    );
    short(&sandbox, &on_lab).refused_with(&["already has a table", "volumes"]);
    as_root(1, "DROP DATABASE only_one; DROP USER narrow@'127.0.0.1'");
}

#[test]
fn two_runs_on_one_redis_do_not_wait_for_each_other() {
    let sandbox = Sandbox::new();
    let redis = database();
    let locked = "--strategy lock-operation --rows 1 --workers-per-row 2 --pause-ms 1 \
                  --check-wait-ms 5 --changes-per-worker 2";
    // It holds the only lock for as long as the other one needs.
    let long = sandbox.start(&format!(
        "{locked} --hold-ms 20000 --lock {redis} --out long"
    ));
    sleep(Duration::from_secs(3));
    let began = Instant::now();
    let short = sandbox.run(&format!("{locked} --hold-ms 1 --lock {redis} --out short"));
    is_valid(&short);
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "it waited for the other run"
    );
    kill(long);
}

#[test]
fn two_runs_on_one_folder_of_locks_do_not_wait_for_each_other_and_leave_it_empty() {
    let sandbox = Sandbox::new();
    let locked = "--strategy lock-operation --rows 1 --workers-per-row 2 --pause-ms 1 \
                  --check-wait-ms 5 --changes-per-worker 2 --lock file:locks";
    let long = sandbox.start(&format!("{locked} --hold-ms 20000 --out long"));
    sleep(Duration::from_secs(3));
    let began = Instant::now();
    is_valid(&sandbox.run(&format!("{locked} --hold-ms 1 --out short")));
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "it waited for the other run"
    );
    let left = || fs::read_dir(sandbox.path("locks")).unwrap().count();
    assert_eq!(left(), 1, "the folder of the run that goes on");
    kill(long);
    is_valid(&sandbox.run(&format!("{locked} --hold-ms 1 --out again")));
    assert_eq!(left(), 0);
}
