//! Refusals of a lab, and the processes that it leaves alone.

use super::{free_port, runner_lab, runs};
use crate::support::Sandbox;
use crate::support::lab::new_dir;
use contend::lab::{Lab, SEARCH};
use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command};

#[test]
fn a_port_that_is_taken_is_named() {
    let dir = new_dir();
    let port = free_port();
    let _taken = TcpListener::bind(("127.0.0.1", port + 21)).unwrap();
    runner_lab(&dir, &format!("up --port {port}"))
        .refused_with(&[&format!("port {}, for n2, is taken", port + 21), "--port"]);
    assert!(Lab::find(&dir).unwrap().is_none(), "something was started");
    assert!(!dir.exists(), "something was left");
    assert_eq!(runner_lab(&dir, "down --wipe").code, 0);
}

#[test]
fn a_lab_that_fails_to_start_leaves_no_process() {
    let dir = new_dir();
    let port = free_port();
    // No node starts with it, after proxy and Redis have been started.
    let up = format!("up --nodes 1 --port {port} --set no-such-setting=1");
    let said = runner_lab(&dir, &up);
    assert_eq!(said.code, 2, "{}{}", said.stdout, said.stderr);
    assert!(said.stderr.contains("redis stopped"), "{}", said.stderr);
    assert!(Lab::find(&dir).unwrap().is_none(), "{}", said.stderr);
    for taken in port..port + 30 {
        assert!(
            TcpListener::bind(("127.0.0.1", taken)).is_ok(),
            "port {taken}"
        );
    }
    assert_eq!(runner_lab(&dir, "down --wipe").code, 0);
}

#[test]
fn missing_package_is_named_with_the_command_that_installs_it() {
    let sandbox = Sandbox::new();
    let without_any = format!("{SEARCH}=/nowhere $runner lab up --dir lab");
    sandbox.shell(&without_any).refused_with(&[
        "mariadbd",
        "haproxy",
        "apt-get install --no-install-recommends",
        "mariadb-server",
    ]);
    let postgres = format!("{SEARCH}=/nowhere $runner lab up --kind postgres --dir lab");
    let said = sandbox.shell(&postgres);
    said.refused_with(&["initdb", "haproxy", "redis-server", "postgresql pgbouncer"]);
    let services =
        format!("{SEARCH}=/nowhere $runner lab up --with etcd,zookeeper,memcached --dir lab");
    let packages = "etcd-server default-jre-headless libzookeeper-java memcached";
    let said = sandbox.shell(&services);
    said.refused_with(&["etcd", "java", "zookeeper.jar", packages]);
    let all_but_one = "mkdir bin; for p in mariadbd mariadb-install-db mariadb rsync redis-server \
         setsid; do ln -s $(PATH=$PATH:/usr/sbin command -v $p) bin; done; ";
    let said = sandbox.shell(&format!(
        "{all_but_one} {SEARCH}=$PWD/bin $runner lab up --dir lab"
    ));
    said.refused_with(&["missing on this machine: haproxy\n", "recommends haproxy`"]);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let dir = new_dir();
    for (options, word) in [
        ("up --nodes 0", "from 1 to 5 nodes, not 0"),
        ("up --nodes 6", "from 1 to 5 nodes, not 6"),
        ("up --port 65500", "--port 65500"),
        ("up --set max_connections", "NAME=VALUE"),
        (
            "up --mariadb bind-address=0.0.0.0",
            "the lab sets that itself",
        ),
        (
            "up --kind postgres --set port=1",
            "the lab sets that itself",
        ),
        ("up --kind mysql", "is none of galera, postgres"),
        ("up --synchronous", "--kind postgres"),
        (
            "up --kind postgres --nodes 1 --synchronous",
            "needs a standby",
        ),
        ("fault burn n1", ""),
        ("fault pause n1", ""),
        ("status", "there is no lab"),
        ("url", "there is no lab"),
    ] {
        let said = runner_lab(&dir, options);
        assert_eq!(said.code, 2, "{options}: {}", said.stderr);
        assert!(said.stderr.contains(word), "{options}: {}", said.stderr);
    }
    fs::remove_dir(&dir).expect("nothing was put there");
}

#[test]
fn a_folder_that_can_not_be_a_labs_is_refused() {
    let sandbox = Sandbox::new();
    let long = "d".repeat(100);
    for (make, dir, word) in [
        ("mkdir 'a b'", "a b", "a character"),
        (&format!("mkdir {long}"), &long, "sockets"),
        ("mkdir full; echo > full/diary", "full", "diary"),
        ("touch file", "file", "--dir"),
    ] {
        let said = sandbox.shell(&format!(
            "chmod 755 .; {make}; $runner lab up --dir '{dir}'"
        ));
        said.refused_with(&[word, "--dir"]);
    }
}

/// The servers' own user could not even look for its configuration.
#[test]
fn a_folder_that_the_servers_can_not_enter_is_refused() {
    let sandbox = Sandbox::new();
    let said = sandbox.shell("[ $(id -u) = 0 ] || exit 9; chmod 700 .; $runner lab up --dir lab");
    if said.code != 9 {
        said.refused_with(&["may not enter", "--dir"]);
    }
}

/// After the machine was started again, the numbers in `lab.json` are those of others; and on the
/// same start, a number may have gone to another process.
#[test]
fn a_process_that_only_has_the_number_of_a_server_is_left_alone() {
    for (boot_id, shift) in [("of another start", 0), (&this_start(), 1)] {
        let dir = new_dir();
        let mut stranger = Command::new("sleep").arg("600").spawn().unwrap();
        let start_ticks = start_ticks(&stranger) - shift;
        let pid = stranger.id();
        let record = format!(
            r#"{{"format": 1, "boot_id": "{boot_id}", "nodes": 1, "port": 21000, "mariadb": [],
                "ports": {{}}, "processes": {{
                "n1": {{"pid": {pid}, "start_ticks": {start_ticks}}},
                "redis": {{"pid": {pid}, "start_ticks": {start_ticks}}}}}}}"#
        );
        fs::write(dir.join("lab.json"), record).unwrap();
        fs::write(dir.join("password"), "none\n").unwrap();
        assert!(Lab::find(&dir).unwrap().is_none());
        runner_lab(&dir, "fault kill n1").refused_with(&["there is no lab"]);
        assert_eq!(runner_lab(&dir, "down --wipe").code, 0);
        let spared = runs(pid as i32);
        stranger.kill().unwrap();
        stranger.wait().unwrap();
        assert!(spared, "{boot_id}: a stranger was ended");
    }
}

fn this_start() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    id.trim().to_owned()
}

fn start_ticks(child: &Child) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    stat.split_whitespace().nth(21).unwrap().parse().unwrap()
}
