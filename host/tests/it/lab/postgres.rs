//! The PostgreSQL lab: starting, status and addresses.

mod breaking;

use super::{free_port, runner_lab, shows_no_password};
use crate::support::Sandbox;
use crate::support::lab::{Watchdog, new_dir, postgres_lab};
use contend::lab::{Lab, NodeView, PostgresView};
use serde_json::Value;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use url::Url;

/// The answer to a statement that a client sends to this address.
pub fn ask(url: &str, statement: &str) -> Result<String, String> {
    let said = Command::new("psql")
        .args([
            "--no-psqlrc",
            "--quiet",
            "--no-align",
            "--tuples-only",
            "--dbname",
        ])
        .arg(url)
        .args(["--command", statement])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    match said.status.success() {
        true => Ok(String::from_utf8(said.stdout).unwrap().trim().to_owned()),
        false => Err(String::from_utf8(said.stderr).unwrap()),
    }
}

pub fn url_of(lab: &Lab, node: &str) -> String {
    let mut urls = lab.node_urls().into_iter();
    urls.find(|(name, _)| name == node).expect(node).1
}

pub fn views(lab: &Lab) -> Vec<PostgresView> {
    let views = lab.status().nodes.into_iter().map(|node| match node.view {
        NodeView::Postgres(view) => view,
        NodeView::Galera(view) => panic!("{view:?}"),
    });
    views.collect()
}

const WHO: &str = "SELECT current_setting('cluster_name')";

#[test]
fn every_address_of_a_postgres_lab_leads_where_it_says() {
    let lab = postgres_lab();
    let status = lab.status();
    assert!(status.whole, "{status:?}");
    let json = runner_lab(&lab.options().dir, "url --json").stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let url = |name: &str| json[name].as_str().unwrap().to_owned();
    assert_eq!(url("db"), lab.endpoint_url());
    assert_eq!(url("endpoint"), "one-writer");
    for endpoint in ["all", "one-writer"] {
        let refused = runner_lab(&lab.options().dir, &format!("url --endpoint {endpoint}"));
        refused.refused_with(&["kind postgres has no such endpoint; take pooled, or leave it out"]);
    }
    let pooled = runner_lab(&lab.options().dir, "url --endpoint pooled").stdout;
    assert!(pooled.contains("?pgbouncer=true --node "), "{pooled}");
    assert_eq!(Some(url("read")), lab.read_url());
    assert_eq!(Some(url("pooler")), lab.pooler_url());
    assert_eq!(ask(&url("db"), WHO), Ok("n1".to_owned()));
    assert_eq!(ask(&url("pooler"), WHO), Ok("n1".to_owned()));
    let mut read = [ask(&url("read"), WHO), ask(&url("read"), WHO)];
    read.sort();
    assert_eq!(read, ["n2", "n3"].map(|name| Ok(name.to_owned())));
    for (name, url) in lab.node_urls() {
        assert_eq!(ask(&url, WHO), Ok(name));
    }
}

#[test]
fn only_url_shows_the_password_of_postgres() {
    let lab = postgres_lab();
    let url = Url::parse(&lab.pooler_url().unwrap()).unwrap();
    let password = url.password().unwrap();
    assert_eq!(password.len(), 32);
    shows_no_password(lab, password);
    let sandbox = Sandbox::new();
    let pooled = format!("--lab={} --endpoint pooled", lab.options().dir.display());
    let ran = sandbox.run(&format!(
        "{pooled} --strategy cas --workload smoke --out run"
    ));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let said = sandbox.run(&format!(
        "{pooled} --strategy cas --workload smoke --isolation snapshot"
    ));
    assert_eq!(said.code, 2, "{}", said.stdout);
    let again = sandbox.run("report run --json");
    for text in [ran.stdout, ran.stderr, said.stderr, again.stdout] {
        assert!(!text.contains(password), "{text}");
    }
    let found = sandbox.shell(&format!("grep -r {password} run"));
    assert_eq!((found.code, &*found.stdout), (1, ""));
}

#[test]
fn status_of_a_postgres_lab_shows_the_primary_and_what_streams() {
    let lab = postgres_lab();
    let dir = &lab.options().dir;
    let said = runner_lab(dir, "status --json");
    assert_eq!(said.code, 0, "{}", said.stderr);
    let json: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(json["kind"], "postgres");
    let [primary, standbys @ ..] = json["nodes"].as_array().unwrap().as_slice() else {
        panic!("{json}");
    };
    assert_eq!(
        (&primary["role"], &primary["stream"]),
        (&"primary".into(), &Value::Null)
    );
    assert_eq!(primary["behind_proxy"], "primary");
    assert_eq!(standbys.len(), 2);
    for standby in standbys {
        assert_eq!(
            (&standby["role"], &standby["stream"]),
            (&"standby".into(), &"streaming".into())
        );
        assert!(standby["lag_bytes"].is_u64(), "{standby}");
        assert_eq!(standby["behind_proxy"], "read");
    }
    let names: Vec<_> = lab.processes().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["n1", "n2", "n3", "haproxy", "redis", "pgbouncer"]);
    let table = runner_lab(dir, "status").stdout;
    assert!(
        table.contains("pgbouncer") && table.contains("is whole"),
        "{table}"
    );
    let galera = runner_lab(
        dir,
        &format!("up --kind galera --port {}", lab.options().port),
    );
    galera.refused_with(&["runs with other options", "--kind postgres"]);
}

/// As the runner does it: over the network, with the password.
#[test]
fn the_user_of_a_postgres_lab_may_do_what_a_run_needs() {
    let lab = postgres_lab();
    let database = "contend_rights";
    ask(&lab.endpoint_url(), &format!("CREATE DATABASE {database}")).unwrap();
    let mut url = Url::parse(&lab.endpoint_url()).unwrap();
    url.set_path(database);
    let statements = "CREATE TABLE t (id INT PRIMARY KEY);
        INSERT INTO t VALUES (7);
        SELECT (SELECT id FROM t), pg_is_in_recovery(),
            (SELECT count(*) > 0 FROM pg_stat_replication WHERE replay_lsn IS NOT NULL)";
    assert_eq!(ask(url.as_str(), statements), Ok("7|f|t".to_owned()));
    ask(&lab.endpoint_url(), &format!("DROP DATABASE {database}")).unwrap();
    let owner = lab.endpoint_url().replace("//contend:", "//postgres:");
    let refused = ask(&owner, WHO).unwrap_err();
    assert!(refused.contains("pg_hba.conf"), "{refused}");
    let stranger = lab.endpoint_url().replace("@127", "0@127");
    assert!(ask(&stranger, WHO).unwrap_err().contains("password"));
}

/// Data stay after a stop, and are gone with `--wipe`.
#[test]
fn a_postgres_lab_is_stopped_and_started_with_its_data() {
    let dir = new_dir();
    let _watchdog = Watchdog::over(&dir);
    let up = format!(
        "up --kind postgres --nodes 2 --synchronous --port {}",
        free_port()
    );
    let run = |arguments: &str| {
        let said = runner_lab(&dir, arguments);
        assert_eq!(said.code, 0, "{arguments}: {}", said.stderr);
        said.stderr
    };
    run(&up);
    let lab = Lab::find(&dir).unwrap().unwrap();
    ask(&lab.endpoint_url(), "CREATE TABLE kept (id INT)").unwrap();
    let names = ask(&lab.endpoint_url(), "SHOW synchronous_standby_names");
    assert_eq!(names, Ok("ANY 1 (n2)".to_owned()));
    run("fault isolate n2");
    let url = lab.endpoint_url();
    let commit = thread::spawn(move || ask(&url, "CREATE TABLE waited (id INT)"));
    thread::sleep(Duration::from_millis(500));
    assert!(!commit.is_finished(), "it did not wait for the standby");
    run("fault heal n2");
    assert_eq!(commit.join().unwrap(), Ok(String::new()));
    assert_eq!(run("down").matches("n2 stopped").count(), 1);
    assert!(lab.processes().is_empty());
    runner_lab(&dir, "up --kind galera").refused_with(&["other kind", "postgres", "down --wipe"]);
    run("up");
    assert!(lab.options().synchronous);
    assert_eq!(
        ask(&url_of(&lab, "n2"), "SELECT count(*) FROM kept"),
        Ok("0".to_owned())
    );
    run("down --wipe");
    assert!(!dir.exists());
}
