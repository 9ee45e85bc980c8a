//! Faults of a PostgreSQL lab, failing over, and coming back.

use super::{WHO, ask, url_of, views};
use crate::lab::breaking::{fault, pid, soon};
use crate::lab::{process, runner_lab, runs};
use crate::support::lab::{lab, postgres_lab_to_break};
use contend::lab::{Lab, PostgresView, ProcessState};
use contend::model::lab_fault::{ALL, LabAction};
use std::fs;
use std::path::Path;

/// A table of this name with nothing in it, on whichever node is the primary.
fn new_table(lab: &Lab, name: &str) {
    let statements = format!("DROP TABLE IF EXISTS {name}; CREATE TABLE {name} (id INT)");
    ask(&lab.endpoint_url(), &statements).unwrap();
}

/// The numbers in a table of a node.
fn rows(lab: &Lab, node: &str, table: &str) -> Result<String, String> {
    let select = format!("SELECT coalesce(string_agg(id::text, ' ' ORDER BY id), '') FROM {table}");
    ask(&url_of(lab, node), &select)
}

fn roles(lab: &Lab) -> Vec<Option<String>> {
    views(lab).into_iter().map(|view| view.role).collect()
}

/// Primary and two standbys, whoever they are by now.
fn by_role(lab: &Lab) -> (String, String, String) {
    let roles = roles(lab);
    let primary = roles
        .iter()
        .position(|role| role.as_deref() == Some("primary"));
    let primary = primary.expect("it is whole");
    let name = |place: usize| format!("n{}", 1 + (primary + place) % 3);
    (name(0), name(1), name(2))
}

/// The processes whose parent has this number.
fn children(pid: i32) -> Vec<i32> {
    let parent = |path: &Path| {
        let stat = fs::read_to_string(path.join("stat")).ok()?;
        let (_, rest) = stat.rsplit_once(") ")?;
        rest.split(' ').nth(1)?.parse::<i32>().ok()
    };
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let ours = entries.filter(|entry| parent(&entry.path()) == Some(pid));
    ours.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

#[test]
fn every_server_of_a_postgres_lab_can_be_paused_killed_and_restarted() {
    let lab = postgres_lab_to_break();
    let (primary, standby, _) = by_role(&lab);
    let (primary, standby) = (primary.as_str(), standby.as_str());
    new_table(&lab, "killed");
    for name in [primary, standby, "pgbouncer"] {
        let first = pid(&lab, name).unwrap();
        fault(&lab, LabAction::Pause, name);
        let status = lab.status();
        assert_eq!(process(&status, name), ProcessState::Paused);
        assert!(!status.whole);
        fault(&lab, LabAction::Resume, name);
        assert_eq!(process(&lab.status(), name), ProcessState::Running);
        if name == primary {
            ask(&url_of(&lab, name), "INSERT INTO killed VALUES (1)").unwrap();
        }
        let of_clients = children(first);
        assert_eq!(of_clients.is_empty(), name == "pgbouncer");
        fault(&lab, LabAction::Kill, name);
        assert_eq!(pid(&lab, name), None);
        for pid in of_clients.into_iter().chain([first]) {
            assert!(!runs(pid), "{pid} of {name} lives on");
        }
        fault(&lab, LabAction::Start, name);
        let second = pid(&lab, name).unwrap();
        fault(&lab, LabAction::Pause, name);
        fault(&lab, LabAction::Restart, name);
        assert_ne!(pid(&lab, name), Some(second), "{name} was not restarted");
    }
    assert_eq!(
        rows(&lab, primary, "killed"),
        Ok("1".to_owned()),
        "a commit was lost"
    );
    soon("all stream again", || lab.status().whole);
    assert_eq!(rows(&lab, standby, "killed"), Ok("1".to_owned()));
}

#[test]
fn a_paused_node_answers_no_session_and_its_sessions_go_on() {
    let lab = postgres_lab_to_break();
    let session = std::thread::spawn({
        let url = url_of(&lab, "n1");
        move || ask(&url, "SELECT pg_sleep(0.5), 'awake'")
    });
    let sleeps = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    soon("it sleeps", || {
        ask(&url_of(&lab, "n1"), sleeps) == Ok("1".to_owned())
    });
    fault(&lab, LabAction::Pause, "n1");
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert!(!session.is_finished());
    fault(&lab, LabAction::Resume, "n1");
    assert_eq!(session.join().unwrap(), Ok("|awake".to_owned()));
}

#[test]
fn an_isolated_standby_gets_nothing_until_it_is_healed() {
    let lab = postgres_lab_to_break();
    let (_, other, cut) = by_role(&lab);
    new_table(&lab, "isolated");
    soon("it is there", || rows(&lab, &cut, "isolated").is_ok());
    fault(&lab, LabAction::Isolate, &cut);
    ask(&lab.endpoint_url(), "INSERT INTO isolated VALUES (1)").unwrap();
    soon("the other has it", || {
        rows(&lab, &other, "isolated") == Ok("1".to_owned())
    });
    assert_eq!(rows(&lab, &cut, "isolated"), Ok(String::new()));
    let status = lab.status();
    assert!(!status.whole);
    let is_cut = |view: &PostgresView| view.stream.is_none() && view.lag_bytes > Some(0);
    assert!(views(&lab).iter().any(is_cut), "{status:?}");
    // It stays cut off when it is started again.
    fault(&lab, LabAction::Restart, &cut);
    assert_eq!(rows(&lab, &cut, "isolated"), Ok(String::new()));
    fault(&lab, LabAction::Heal, &cut);
    assert_eq!(rows(&lab, &cut, "isolated"), Ok("1".to_owned()));
    assert!(lab.status().whole);
}

/// Only the writes that no standby had are lost, as after a real failover.
#[test]
fn failover_loses_what_no_standby_had_and_the_old_primary_comes_back() {
    let lab = postgres_lab_to_break();
    let (old, heir, third) = by_role(&lab);
    new_table(&lab, "failed_over");
    ask(&lab.endpoint_url(), "INSERT INTO failed_over VALUES (1)").unwrap();
    soon("all have it", || {
        rows(&lab, &heir, "failed_over") == Ok("1".to_owned())
    });
    fault(&lab, LabAction::Isolate, &old);
    ask(&lab.endpoint_url(), "INSERT INTO failed_over VALUES (2)").unwrap();
    let before = pid(&lab, &old).unwrap();
    fault(&lab, LabAction::Promote, &heir);
    assert!(!runs(before), "the old primary lives on");
    assert_eq!(ask(&lab.endpoint_url(), WHO), Ok(heir.clone()));
    soon("the pooler follows", || {
        ask(&lab.pooler_url().unwrap(), WHO) == Ok(heir.clone())
    });
    ask(&lab.endpoint_url(), "INSERT INTO failed_over VALUES (3)").unwrap();
    soon("the other standby follows", || {
        rows(&lab, &third, "failed_over") == Ok("1 3".to_owned())
    });
    fault(&lab, LabAction::Heal, &old);
    assert_eq!(rows(&lab, &old, "failed_over"), Ok("1 3".to_owned()));
    assert!(lab.status().whole);
    let why = fs::read_to_string(lab.options().dir.join(&old).join("rewind.log"));
    assert!(why.is_err(), "its data were copied: {}", why.unwrap());
}

/// The one that is promoted lacks what the other standby has.
#[test]
fn a_standby_that_is_ahead_of_the_new_primary_is_brought_in_line() {
    let lab = postgres_lab_to_break();
    let (_, heir, third) = by_role(&lab);
    new_table(&lab, "ahead");
    soon("all have it", || rows(&lab, &heir, "ahead").is_ok());
    fault(&lab, LabAction::Isolate, &heir);
    ask(&lab.endpoint_url(), "INSERT INTO ahead VALUES (1)").unwrap();
    soon("the other has it", || {
        rows(&lab, &third, "ahead") == Ok("1".to_owned())
    });
    fault(&lab, LabAction::Promote, &heir);
    assert_eq!(rows(&lab, &heir, "ahead"), Ok(String::new()));
    assert_eq!(rows(&lab, &third, "ahead"), Ok(String::new()));
    let view = views(&lab).into_iter().filter(|view| view.stream.is_some());
    assert_eq!(view.count(), 1, "{:?}", lab.status());
}

#[test]
fn up_brings_a_postgres_lab_back_from_everything_at_once() {
    let lab = postgres_lab_to_break();
    let (old, heir, third) = by_role(&lab);
    new_table(&lab, "mended");
    fault(&lab, LabAction::Promote, &heir);
    ask(&lab.endpoint_url(), "INSERT INTO mended VALUES (1)").unwrap();
    fault(&lab, LabAction::Isolate, &heir);
    fault(&lab, LabAction::Kill, &heir);
    fault(&lab, LabAction::Pause, &third);
    fault(&lab, LabAction::Kill, "pgbouncer");
    fs::remove_dir_all(lab.options().dir.join(&old).join("data")).unwrap();
    let said = runner_lab(&lab.options().dir, "up");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(lab.status().whole);
    assert_eq!(
        by_role(&lab).0,
        heir,
        "the primary stays the one that it was"
    );
    for node in ["n1", "n2", "n3"] {
        assert_eq!(rows(&lab, node, "mended"), Ok("1".to_owned()), "{node}");
    }
}

/// The primary's data are gone, and a standby has them.
#[test]
fn up_makes_a_standby_the_primary_if_the_primary_has_no_data() {
    let lab = postgres_lab_to_break();
    let (old, heir, _) = by_role(&lab);
    new_table(&lab, "inherited");
    soon("a standby has it", || {
        rows(&lab, &heir, "inherited").is_ok()
    });
    fault(&lab, LabAction::Kill, &old);
    fs::remove_dir_all(lab.options().dir.join(&old).join("data")).unwrap();
    lab.make_whole(&mut |_| {}).unwrap();
    assert_ne!(by_role(&lab).0, old);
    assert_eq!(rows(&lab, &old, "inherited"), Ok(String::new()));
}

#[test]
fn a_promotion_that_can_not_be_is_refused() {
    let broken = postgres_lab_to_break();
    let dir = &broken.options().dir;
    let (primary, standby, other) = by_role(&broken);
    runner_lab(dir, &format!("fault promote {primary}")).refused_with(&["it is the primary"]);
    runner_lab(dir, "fault promote pgbouncer").refused_with(&["promote is for nodes"]);
    fault(&broken, LabAction::Pause, &standby);
    runner_lab(dir, &format!("fault promote {standby}")).refused_with(&["resume it first"]);
    fault(&broken, LabAction::Kill, &other);
    runner_lab(dir, &format!("fault promote {other}")).refused_with(&["is not running"]);
    assert_eq!(
        roles(&broken).iter().flatten().count(),
        1,
        "the primary was ended"
    );
    let galera = runner_lab(&lab().options().dir, "fault promote n1");
    galera.refused_with(&["standbys of a PostgreSQL lab"]);
}

#[test]
fn all_nodes_of_a_postgres_lab_that_are_killed_at_once_come_back_with_what_was_committed() {
    let lab = postgres_lab_to_break();
    new_table(&lab, "all_at_once");
    let primary = by_role(&lab).0;
    ask(&lab.endpoint_url(), "INSERT INTO all_at_once VALUES (1)").unwrap();
    let nodes = ["n1", "n2", "n3"];
    let mut processes: Vec<_> = nodes.map(|name| pid(&lab, name).unwrap()).into();
    for process in processes.clone() {
        processes.extend(children(process));
    }
    fault(&lab, LabAction::Kill, ALL);
    assert!(processes.into_iter().all(|process| !runs(process)));
    fault(&lab, LabAction::Start, ALL);
    assert!(lab.status().whole);
    assert_eq!(by_role(&lab).0, primary);
    for node in nodes {
        soon("it has the row", || {
            rows(&lab, node, "all_at_once") == Ok("1".to_owned())
        });
    }
}
