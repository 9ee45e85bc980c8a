//! `runner locks`: what services really give, and a service that lies.

mod liar;

use crate::redis_server;
use crate::support::Sandbox;
use crate::support::lab::{lab, lab_to_break, postgres_lab, postgres_lab_to_break};
use contend::lab::Lab;
use liar::{Lie, measured_liar};
use serde_json::Value;

/// The lines of the services that these arguments name, by service.
fn measured(sandbox: &Sandbox, arguments: &str, code: i32) -> Vec<(String, Vec<Value>)> {
    let said = sandbox.run(&format!("locks --json {arguments}"));
    assert_eq!(said.code, code, "{}{}", said.stdout, said.stderr);
    let json: Value = serde_json::from_str(&said.stdout).unwrap();
    let services = json["services"].as_array().unwrap().iter();
    let services = services.map(|service| {
        let name = service["service"].as_str().unwrap().to_owned();
        (name, service["lines"].as_array().unwrap().clone())
    });
    services.collect()
}

fn line<'a>(lines: &'a [Value], question: &str) -> &'a Value {
    let found = lines.iter().find(|line| line["question"] == question);
    found.unwrap_or_else(|| panic!("no line {question:?}: {lines:#?}"))
}

/// Asserts what was found of each mode and trait, in the order of the lines.
fn assert_found(lines: &[Value], expected: [(&str, &str); 6]) {
    for (question, found) in expected {
        assert_eq!(line(lines, question)["found"], found, "{lines:#?}");
    }
}

/// A positive number, with its unit.
fn number(lines: &[Value], question: &str) -> f64 {
    let line = line(lines, question);
    assert!(line["unit"].is_string(), "{line}");
    let number = line["found"].as_str().unwrap().parse().unwrap();
    assert!(number >= 0.0, "{line}");
    number
}

#[test]
fn locks_in_memory_and_in_files_give_what_they_claim() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("locks");
    let arguments = format!(
        "--lock memory --lock file:{} --csv table.csv",
        folder.display()
    );
    let services = measured(&sandbox, &arguments, 0);
    let [(memory, in_memory), (file, in_files)] = &services[..] else {
        panic!("{services:#?}");
    };
    assert_eq!(memory, "memory");
    assert!(file.starts_with("file:"), "{file}");
    let no = "no";
    let (of_memory, of_files) = (
        [
            ("shared-limit", "yes"),
            ("across-processes", no),
            ("fencing", "yes"),
        ],
        [
            ("shared-limit", no),
            ("across-processes", "yes"),
            ("fencing", no),
        ],
    );
    for (lines, of_its_own) in [(in_memory, of_memory), (in_files, of_files)] {
        let [limit, across, fencing] = of_its_own;
        let all = [("exclusive", "yes"), ("shared", "yes"), ("lease", no)];
        assert_found(lines, [all[0], all[1], all[2], limit, across, fencing]);
        for waiters in ["1 waiter", "10 waiters", "100 waiters"] {
            let at = |quantile| number(lines, &format!("hand-over {quantile}, {waiters}"));
            assert!(at("p50") <= at("p99"));
        }
        assert!(number(lines, "locks per second") > 0.0);
        number(lines, "client processor time per lock");
    }
    assert_eq!(line(in_memory, "fair")["found"], "yes");
    let killed = "a killed holder's lock is free after";
    assert_eq!(line(in_memory, killed)["found"], "never");
    number(in_files, killed);
    let csv = std::fs::read_to_string(sandbox.path("table.csv")).unwrap();
    let rows = csv.lines().count() - 1;
    assert_eq!(rows, in_memory.len() + in_files.len());
}

#[test]
fn redis_frees_a_killed_holders_lock_at_the_end_of_its_lease() {
    let url = redis_server::database();
    let services = measured(&Sandbox::new(), &format!("--lock {url}"), 0);
    let (_, lines) = &services[0];
    let yes = "yes";
    assert_found(
        lines,
        [
            ("exclusive", yes),
            ("shared", yes),
            ("shared-limit", yes),
            ("across-processes", yes),
            ("lease", yes),
            ("fencing", yes),
        ],
    );
    // The last heartbeat before the kill was 2.5 s old, and a busy machine may send it late.
    let free = number(lines, "a killed holder's lock is free after");
    assert!(free > 1_000.0, "{free} ms of a lease of 10 s");
}

#[test]
fn locks_by_name_are_those_of_one_node() {
    let sandbox = Sandbox::new();
    let (_, node) = &lab().node_urls()[0];
    let services = measured(&sandbox, &format!("--lock {node}"), 0);
    let lines = &services[0].1;
    assert!(!services[0].0.contains("contend:"), "a password is shown");
    let no = "no";
    assert_found(
        lines,
        [
            ("exclusive", "yes"),
            ("shared", no),
            ("shared-limit", no),
            ("across-processes", "yes"),
            ("lease", no),
            ("fencing", no),
        ],
    );
    number(lines, "a killed holder's lock is free after");
    // Over the endpoint that leads to all nodes, two clients are on two nodes.
    let all = format!("--lock {}", lab().endpoint_url());
    let services = measured(&sandbox, &all, 1);
    let exclusive = line(&services[0].1, "exclusive");
    assert_eq!(exclusive["found"], no);
    let witness = exclusive["witness"].as_str().unwrap();
    assert!(
        witness.contains("got the exclusive lock while"),
        "{witness}"
    );
}

#[test]
fn advisory_locks_give_what_they_claim() {
    let (_, node) = &postgres_lab().node_urls()[0];
    let services = measured(&Sandbox::new(), &format!("--lock {node}"), 0);
    let (no, yes) = ("no", "yes");
    assert_found(
        &services[0].1,
        [
            ("exclusive", yes),
            ("shared", yes),
            ("shared-limit", yes),
            ("across-processes", yes),
            ("lease", no),
            ("fencing", no),
        ],
    );
    // A wait that ends in the moment of the grant leaves no lock that is counted twice.
    for waiters in ["10 waiters", "100 waiters"] {
        let note = &line(&services[0].1, &format!("hand-over p50, {waiters}"))["note"];
        let note = note.as_str().unwrap();
        assert!(!note.contains("had nothing"), "{waiters}: {note}");
    }
}

/// Asserts the lines of each fault of the server `server`.
fn assert_faults(lines: &[Value], server: &str) {
    for action in ["pause", "kill", "restart"] {
        let of = |what: &str| line(lines, &format!("{action} {server}: {what}"));
        for said in ["holder", "waiter"] {
            assert!(of(said)["found"].is_string(), "{lines:#?}");
        }
        assert_eq!(
            of("a lost lock is not called released")["witness"],
            Value::Null
        );
        number(
            lines,
            &format!("{action} {server}: a new client is granted after"),
        );
    }
}

#[test]
fn outages_of_the_labs_servers_are_seen_by_holder_and_waiter() {
    let sandbox = Sandbox::new();
    let broken = |lab: &Lab, lock: &str, server: &str, code: i32| {
        let dir = lab.options().dir.display();
        let services = measured(&sandbox, &format!("--lab={dir} --lock {lock}"), code);
        let lines = services.into_iter().next().unwrap().1;
        assert_faults(&lines, server);
        assert!(lab.status().whole);
        lines
    };
    let redis = broken(&lab_to_break(), "redis", "redis", 0);
    // It keeps nothing over a kill, and its tokens grow all the same.
    assert_eq!(line(&redis, "kill redis: fencing")["found"], "yes");
    // Another test may have promoted another node.
    let lab = postgres_lab_to_break();
    let primary = lab.writer().unwrap();
    let advisory = broken(&lab, "postgres", &primary, 0);
    let lost = line(&advisory, &format!("kill {primary}: holder"))["found"]
        .as_str()
        .unwrap();
    assert!(lost.starts_with("is not owner"), "{lost}");
}

#[test]
fn usual_services_are_those_without_a_server_and_those_of_a_running_lab() {
    let services = measured(&Sandbox::new(), "", 0);
    let names: Vec<_> = services.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names[0], "memory");
    assert!(
        names[1].starts_with("file:") && names.len() == 2,
        "{names:?}"
    );
}

#[test]
fn claim_that_does_not_hold_is_refuted_with_its_witness() {
    let refuted = |lie| {
        let measured = measured_liar(lie);
        assert!(!measured.holds());
        let lines = measured.lines.into_iter();
        let lines = lines.filter_map(|line| Some((line.question, line.witness?)));
        lines.collect::<Vec<_>>()
    };
    for (lie, question, witness) in [
        (Lie::Exclusive, "exclusive", "got the exclusive lock while"),
        (Lie::Fencing, "fencing", "had token 7"),
        (
            Lie::Limit,
            "shared-limit",
            "reader number 3, with a limit of 2",
        ),
        (Lie::Fair, "fair", "% of pairs in the order of arrival"),
    ] {
        let found = refuted(lie);
        let is_it = |(asked, seen): &&(String, String)| asked == question && seen.contains(witness);
        assert!(found.iter().any(|it| is_it(&it)), "{lie:?}: {found:?}");
        if lie != Lie::Exclusive {
            assert_eq!(found.len(), 1, "{lie:?}: {found:?}");
        }
    }
}

#[test]
fn service_that_can_not_be_measured_is_refused_with_one_message() {
    let sandbox = Sandbox::new();
    for (arguments, message) in [
        ("--lock tcp://x", "there is no lock service \"tcp\""),
        ("--lock lease", "use it with --db sim"),
        (
            "--lock redis://:hunter2@127.0.0.1:1",
            "redis://127.0.0.1:1 can't be measured",
        ),
        ("--lab=/nowhere/at/all", "/nowhere/at/all"),
        ("--lock memory --json --csv -", "both go to standard output"),
    ] {
        let said = sandbox.run(&format!("locks {arguments}"));
        assert_eq!(said.code, 2, "{arguments}: {}", said.stderr);
        let lines: Vec<_> = said.stderr.lines().collect();
        assert!(lines.len() == 1, "{arguments}: {lines:?}");
        assert!(lines[0].contains(message), "{arguments}: {lines:?}");
        assert!(!lines[0].contains("hunter2"), "{lines:?}");
        assert_eq!(said.stdout, "");
    }
}
