//! The lab: real servers, real processes, real faults.

mod breaking;
mod endpoints;
mod postgres;
mod refusing;
mod services;

use crate::support::lab::{Watchdog, lab, new_dir, ports};
use crate::support::{Finished, Sandbox};
use contend::lab::{Lab, ProcessState, Status};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `runner lab` as a user has it.
fn runner_lab(dir: &Path, arguments: &str) -> Finished {
    Sandbox::new().run(&format!("lab --dir {} {arguments}", dir.display()))
}

/// The command that started a lab of the tests.
fn same_up(lab: &Lab) -> String {
    let options = lab.options();
    format!("up --nodes {} --port {}", options.nodes, options.port)
}

/// The answer of a node to a statement of its owner.
fn ask(lab: &Lab, node: &str, statement: &str) -> Result<String, String> {
    let said = Command::new("mariadb")
        .args(["--no-defaults", "--batch", "--skip-column-names"])
        .arg("--socket")
        .arg(lab.options().dir.join(node).join("socket"))
        .args(["--execute", statement])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    match said.status.success() {
        true => Ok(String::from_utf8(said.stdout).unwrap().trim().to_owned()),
        false => Err(String::from_utf8(said.stderr).unwrap()),
    }
}

fn process(status: &Status, name: &str) -> ProcessState {
    let nodes = status.nodes.iter().map(|node| &node.server);
    let mut servers = nodes.chain(status.others());
    servers
        .find(|server| server.name == name)
        .expect(name)
        .process
}

/// True if a process with this number runs: one that has ended and waits for its parent does not.
fn runs(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map(|(_, rest)| rest);
    after_name.is_some_and(|rest| !rest.starts_with(['Z', 'X']))
}

#[test]
fn a_lab_that_runs_is_seen_with_all_its_servers() {
    let lab = lab();
    let status = lab.status();
    assert!(status.whole, "{status:?}");
    let said = runner_lab(&lab.options().dir, "status --json");
    assert_eq!(said.code, 0, "{}", said.stderr);
    let json: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((&json["form"], &json["whole"]), (&1.into(), &true.into()));
    let names: Vec<_> = lab.processes().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["n1", "n2", "n3", "haproxy", "redis"]);
    for (node, (name, pid)) in json["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .zip(lab.processes())
    {
        assert_eq!((&node["name"], &node["pid"]), (&name.into(), &pid.into()));
        assert_eq!(
            (&node["state"], &node["component"]),
            (&"Synced".into(), &"Primary".into())
        );
        assert_eq!(node["cluster_size"], 3);
        // Other tests may be at work on it, so the queue may have something in it.
        assert!(node["receive_queue"].is_u64(), "{node}");
        assert_eq!(node["process"], "running");
    }
    let table = runner_lab(&lab.options().dir, "status").stdout;
    assert!(
        table.contains("n3") && table.contains("is whole"),
        "{table}"
    );
}

#[test]
fn a_lab_that_runs_is_not_started_again() {
    let lab = lab();
    let dir = &lab.options().dir;
    let before = lab.processes();
    let again = runner_lab(dir, &same_up(lab));
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(
        again.stderr.contains("is running already"),
        "{}",
        again.stderr
    );
    assert!(again.stdout.contains("Synced"), "{}", again.stdout);
    assert_eq!(lab.processes(), before);
    runner_lab(dir, &format!("{} --set max_connections=9", same_up(lab))).refused_with(&[
        "runs with other options",
        "--nodes 3",
        "runner lab down",
    ]);
    assert_eq!(lab.processes(), before);
}

/// Everything that `url` shows is one command line for `runner`, and only there is the password.
#[test]
fn only_url_shows_the_password() {
    let lab = lab();
    let dir = &lab.options().dir;
    let flags = runner_lab(dir, "url").stdout;
    let endpoint = lab.endpoint_url();
    let (_, after_user) = endpoint.split_once("mysql://contend:").unwrap();
    let (password, _) = after_user.split_once('@').unwrap();
    assert_eq!(password.len(), 32);
    shows_no_password(lab, password);
    assert!(
        flags.starts_with(&format!("--db {endpoint} --node mysql://")),
        "{flags}"
    );
    assert_eq!(flags.matches(" --node ").count(), 3);
    assert!(
        flags.ends_with(&format!(" --lock {}\n", lab.redis_url())),
        "{flags}"
    );
    let json: Value = serde_json::from_str(&runner_lab(dir, "url --json").stdout).unwrap();
    assert_eq!(json["form"], 1);
    assert_eq!(json["db"], endpoint);
    assert_eq!(json["node"].as_array().unwrap().len(), 3);
}

/// Neither what the lab says, nor a file that others may read.
fn shows_no_password(lab: &Lab, password: &str) {
    let dir = &lab.options().dir;
    for verb in [&same_up(lab), "status", "status --json"] {
        let said = runner_lab(dir, verb);
        let all = said.stdout + &said.stderr;
        assert!(!all.contains(password), "{verb}: {all}");
    }
    assert!(!format!("{lab:?}").contains(password));
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let mode = path.metadata().unwrap().permissions().mode();
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(!text.contains(password) || mode & 0o077 == 0, "{path:?}");
        assert!(!path.is_dir() || mode & 0o077 == 0, "{path:?}");
    }
}

/// As the runner does it: over the network, with the password.
#[test]
fn the_labs_user_may_do_what_a_run_needs() {
    let lab = lab();
    let url = url::Url::parse(&lab.node_urls()[1].1).unwrap();
    let statements = "CREATE DATABASE contend_rights; USE contend_rights;
        CREATE TABLE t (id INT PRIMARY KEY); CREATE TABLE log (id INT PRIMARY KEY);
        CREATE TRIGGER copy AFTER INSERT ON t FOR EACH ROW INSERT INTO log VALUES (NEW.id);
        INSERT INTO t VALUES (7); SELECT id FROM log; SHOW STATUS LIKE 'wsrep_local_bf_aborts';
        DROP DATABASE contend_rights; SELECT id FROM information_schema.processlist LIMIT 1;
        KILL CONNECTION_ID();";
    let said = Command::new("mariadb")
        .args([
            "--no-defaults",
            "--host=127.0.0.1",
            "--user",
            url.username(),
        ])
        .arg(format!("--port={}", url.port().unwrap()))
        .args(["--batch", "--skip-column-names", "--execute", statements])
        .env("MYSQL_PWD", url.password().unwrap())
        .output()
        .unwrap();
    let (stdout, stderr) = (
        String::from_utf8(said.stdout).unwrap(),
        String::from_utf8(said.stderr).unwrap(),
    );
    assert!(
        stdout.starts_with("7\nwsrep_local_bf_aborts\t"),
        "{stdout}{stderr}"
    );
    // It ended itself, which is the last thing that it was told.
    assert!(
        stderr.contains("1317") || stderr.contains("2013"),
        "{stderr}"
    );
}

/// A launcher is killed with its whole group; what it started lives on, and the next one goes on
/// with it. Two at the same time are one after the other. Down leaves nothing, whatever is paused.
#[test]
fn a_killed_launcher_is_followed_by_another_and_down_leaves_nothing() {
    let dir = new_dir();
    let _watchdog = Watchdog::over(&dir);
    let up = format!("up --nodes 2 --port {}", free_port());
    let sandbox = Sandbox::new();
    let mut launcher = Command::new(env!("CARGO_BIN_EXE_runner"))
        .arg("lab")
        .args(up.split_whitespace())
        .arg("--dir")
        .arg(&dir)
        .process_group(0)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = std::io::BufReader::new(launcher.stderr.take().unwrap());
    let mut lines = std::io::BufRead::lines(told).map_while(Result::ok);
    assert!(
        lines.any(|line| line.contains("n1 synced")),
        "it ended too soon"
    );
    sandbox.shell(&format!("kill -9 -{}", launcher.id()));
    launcher.wait().unwrap();
    let survivors = Lab::find(&dir).unwrap().expect("n1 lives on").processes();
    assert!(
        survivors.iter().any(|(name, _)| name == "n1"),
        "{survivors:?}"
    );

    let runner = env!("CARGO_BIN_EXE_runner");
    // The servers keep no pipe of ours open, or this would never end.
    let both = sandbox.shell(&format!(
        "exec 3>&1; {runner} lab {up} --dir {dir} 2>&1 & {runner} lab {up} --dir {dir} 2>&1; a=$?; \
         wait $!; echo \"$a and $?\"",
        dir = dir.display()
    ));
    assert!(both.stdout.contains("0 and 0"), "{}", both.stdout);
    assert!(
        both.stdout.contains("another runner is using this lab"),
        "{}",
        both.stdout
    );
    let lab = Lab::find(&dir).unwrap().unwrap();
    let processes = lab.processes();
    assert_eq!(processes.len(), 4, "{processes:?}");
    for survivor in survivors {
        assert!(
            processes.contains(&survivor),
            "{survivor:?} was started again"
        );
    }

    for (action, target) in [("pause", "n1"), ("kill", "n2"), ("pause", "redis")] {
        let said = runner_lab(&dir, &format!("fault {action} {target}"));
        assert_eq!(said.code, 0, "{}", said.stderr);
    }
    let down = runner_lab(&dir, "down");
    assert_eq!(down.code, 0, "{}", down.stderr);
    for (name, pid) in processes {
        assert!(!runs(pid), "{name} is left running");
    }
    let note = fs::read_to_string(dir.join("n1/data/grastate.dat")).unwrap();
    assert!(
        !note.contains("seqno:   -1"),
        "n1 was not ended in order: {note}"
    );
    assert!(Lab::find(&dir).unwrap().is_none());
    runner_lab(&dir, "status").refused_with(&["there is no lab", "runner lab up"]);
    assert!(dir.join("n1/data").exists(), "data stay without --wipe");
    fs::write(dir.join("notes"), "of the user").unwrap();
    assert_eq!(runner_lab(&dir, "down --wipe").code, 0);
    let left: Vec<PathBuf> = fs::read_dir(&dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    assert_eq!(
        left,
        [dir.join("notes")],
        "it takes what is its own and nothing else"
    );
    fs::remove_file(&left[0]).unwrap();
    fs::remove_dir(&dir).unwrap();
}

/// The first port of a span that nobody has now.
fn free_port() -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let mut firsts = ports();
    let found = firsts.find(|first| (0..54).all(|more| is_free(first + more)));
    found.expect("free ports from 21000 to 21959")
}
