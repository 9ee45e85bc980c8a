//! The services on request: etcd, ZooKeeper and memcached.

use super::{process, runner_lab, runs};
use crate::support::lab::{services_lab, services_lab_to_break, start_with};
use contend::lab::{Lab, ProcessState, Service};
use serde_json::Value;

const SERVERS: [&str; 5] = ["etcd1", "etcd2", "etcd3", "zookeeper", "memcached"];

fn answering(lab: &Lab) -> Vec<String> {
    let status = lab.status();
    let services = status.services.into_iter();
    let answering = services.filter(|server| server.answers);
    answering.map(|server| server.name).collect()
}

fn fault(lab: &Lab, fault: &str) {
    let said = runner_lab(&lab.options().dir, &format!("fault {fault}"));
    assert_eq!(said.code, 0, "{fault}: {}", said.stderr);
}

#[test]
fn services_are_seen_and_have_urls() {
    let lab = services_lab();
    let dir = &lab.options().dir;
    let status = lab.status();
    assert!(status.whole, "{status:?}");
    assert_eq!(answering(lab), SERVERS);
    let table = runner_lab(dir, "status").stdout;
    for server in SERVERS {
        assert!(table.contains(server), "{table}");
    }
    let json: Value = serde_json::from_str(&runner_lab(dir, "url --json").stdout).unwrap();
    for service in Service::ALL {
        let url = lab.service_url(service).unwrap();
        assert_eq!(json[service.as_str()], url);
        assert_eq!(url.contains(','), service == Service::Etcd, "{url}");
    }
    let up = format!("up --port {}", lab.options().port);
    runner_lab(dir, &format!("{up} --with none"))
        .refused_with(&["--nodes 1", "--with etcd,zookeeper,memcached"]);
    runner_lab(dir, &format!("{up} --with consul"))
        .refused_with(&["consul", "etcd, zookeeper, memcached"]);
    let again = runner_lab(dir, &up);
    assert_eq!(again.code, 0, "{}", again.stderr);
    runner_lab(dir, "fault isolate etcd1").refused_with(&["etcd1 talks to none"]);
    runner_lab(dir, "fault kill etcd4").refused_with(&["it has n1, haproxy, redis, etcd1"]);
}

#[test]
fn each_service_is_broken_and_mended_by_its_name() {
    let lab = services_lab_to_break();
    for server in SERVERS {
        fault(&lab, &format!("pause {server}"));
        let status = lab.status();
        assert_eq!(process(&status, server), ProcessState::Paused);
        assert!(!status.whole && !answering(&lab).iter().any(|name| name == server));
        fault(&lab, &format!("resume {server}"));
        fault(&lab, &format!("kill {server}"));
        assert_eq!(process(&lab.status(), server), ProcessState::Dead);
        fault(&lab, &format!("start {server}"));
        assert!(
            answering(&lab).iter().any(|name| name == server),
            "{server}"
        );
        fault(&lab, &format!("restart {server}"));
        assert!(
            answering(&lab).iter().any(|name| name == server),
            "{server}"
        );
    }
    // One of three does not answer, but the start of the first can't wait for the second.
    for server in ["etcd1", "etcd2", "etcd3"] {
        fault(&lab, &format!("kill {server}"));
    }
    fault(&lab, "start etcd1");
    assert!(!answering(&lab).iter().any(|name| name == "etcd1"));
    fault(&lab, "start etcd2");
    fault(&lab, "start all");
    assert!(lab.status().whole, "{:?}", lab.status());
}

#[test]
fn services_are_stopped_with_their_lab_and_nothing_of_them_stays() {
    let (lab, _watchdog) = start_with(|options| {
        options.nodes = 1;
        options.services = [Service::Etcd, Service::Memcached].into_iter().collect();
    });
    assert_eq!(lab.service_url(Service::Zookeeper), None);
    let dir = &lab.options().dir;
    let processes = lab.processes();
    let names: Vec<_> = processes.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "n1",
        "haproxy",
        "redis",
        "etcd1",
        "etcd2",
        "etcd3",
        "memcached",
    ];
    assert_eq!(names, expected);
    fault(&lab, "pause etcd2");
    let down = runner_lab(dir, "down");
    assert_eq!(down.code, 0, "{}", down.stderr);
    for (name, pid) in processes {
        assert!(!runs(pid), "{name} is left running");
    }
    let up = runner_lab(dir, "up");
    assert_eq!(up.code, 0, "{}", up.stderr);
    assert_eq!(answering(&lab), ["etcd1", "etcd2", "etcd3", "memcached"]);
    // What was left out is away, and its data with `--wipe`.
    assert_eq!(runner_lab(dir, "down").code, 0);
    let up = runner_lab(dir, "up --with none");
    assert_eq!(up.code, 0, "{}", up.stderr);
    assert!(!up.stdout.contains("etcd"), "{}", up.stdout);
    assert_eq!(runner_lab(dir, "down --wipe").code, 0);
    assert!(!dir.exists());
}
