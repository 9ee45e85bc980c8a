//! The endpoints of the Galera lab: all nodes in turn, and one writer.

use super::breaking::{fault, soon};
use super::runner_lab;
use crate::on_the_lab::{on, trials, turn};
use crate::support::lab::{lab, lab_to_break};
use crate::support::{Sandbox, count};
use contend::lab::Lab;
use contend::model::endpoint::Endpoint;
use contend::model::lab_fault::LabAction;
use serde_json::Value;
use std::process::{Command, Stdio};
use url::Url;

/// The node to which a new connection comes.
fn node_behind(url: &str) -> Result<String, String> {
    let url = Url::parse(url).unwrap();
    let said = Command::new("mariadb")
        .args(["--no-defaults", "--batch", "--skip-column-names"])
        .args(["--host", "127.0.0.1", "--user", url.username()])
        .arg(format!("--port={}", url.port().unwrap()))
        .arg(format!("--password={}", url.password().unwrap()))
        .args(["--execute", "SELECT @@wsrep_node_name"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    match said.status.success() {
        true => Ok(String::from_utf8(said.stdout).unwrap().trim().to_owned()),
        false => Err(String::from_utf8(said.stderr).unwrap()),
    }
}

fn four(lab: &Lab, endpoint: Endpoint) -> [String; 4] {
    [(); 4].map(|()| node_behind(&lab.url_of(endpoint)).unwrap_or_default())
}

#[test]
fn url_names_the_endpoint_that_is_asked_for() {
    let lab = lab();
    let dir = &lab.options().dir;
    let shown = |arguments: &str| {
        let said = runner_lab(dir, &format!("url {arguments} --json")).stdout;
        let json: Value = serde_json::from_str(&said).unwrap();
        let text = |key: &str| json[key].as_str().unwrap().to_owned();
        (text("db"), text("endpoint"))
    };
    let (all, one) = (lab.url_of(Endpoint::All), lab.url_of(Endpoint::OneWriter));
    assert_ne!(all, one);
    assert_eq!(shown(""), (all.clone(), "all".to_owned()));
    assert_eq!(shown("--endpoint all"), (all, "all".to_owned()));
    let asked = shown("--endpoint one-writer");
    assert_eq!(asked, (one.clone(), "one-writer".to_owned()));
    let flags = runner_lab(dir, "url --endpoint one-writer").stdout;
    assert!(flags.starts_with(&format!("--db {one} --node ")), "{flags}");
}

#[test]
fn one_writer_is_replaced_when_it_dies_and_is_the_writer_again_when_it_is_back() {
    let lab = lab_to_break();
    let writers = || four(&lab, Endpoint::OneWriter);
    assert_eq!(writers(), ["n1"; 4]);
    let all = four(&lab, Endpoint::All);
    assert!(
        ["n1", "n2", "n3"]
            .iter()
            .all(|n| all.iter().any(|it| it == n)),
        "{all:?}"
    );
    fault(&lab, LabAction::Kill, "n1");
    soon("n2 is the writer", || writers() == ["n2"; 4]);
    fault(&lab, LabAction::Start, "n1");
    soon("n1 is the writer again", || writers() == ["n1"; 4]);
}

#[test]
fn a_run_with_one_writer_works_on_one_node_and_says_so_everywhere() {
    let _turn = turn();
    let lab = lab();
    let small = "--strategy cas --rows 2 --workers-per-row 3 --changes-per-worker 5 --pause-ms 1 \
                 --hold-ms 1";
    let figures = |more: &str| {
        let sandbox = Sandbox::new();
        let arguments = on(lab, &format!("{small} {more} --out run --csv table.csv"));
        let (code, trials) = trials(&sandbox, &arguments);
        assert_eq!(code, 0, "{trials:#?}");
        assert_eq!(count(&trials[0], "ok"), 30, "{trials:#?}");
        let read = |path: &str| std::fs::read_to_string(sandbox.path(path)).unwrap();
        let plan: Value = serde_json::from_str(&read("run/plan.json")).unwrap();
        let table = read("table.csv");
        let mut rows = csv::Reader::from_reader(table.as_bytes());
        let headings = rows.headers().unwrap().clone();
        let row = rows.records().next().unwrap().unwrap();
        let cell = |name: &str| {
            let place = headings.iter().position(|heading| heading == name);
            row[place.expect(name)].to_owned()
        };
        let report = sandbox.run("report run").stdout;
        (
            plan["endpoint"].clone(),
            cell("endpoint"),
            cell("nodes worked on"),
            report.contains("(one-writer)"),
        )
    };
    let cells = |endpoint: &str, nodes: &str| {
        (Value::from(endpoint), endpoint.to_owned(), nodes.to_owned())
    };
    let (plan, csv, nodes, is_said) = figures("--endpoint one-writer");
    assert_eq!((plan, csv, nodes), cells("one-writer", "1"));
    assert!(is_said);
    let (plan, csv, nodes, is_said) = figures("");
    assert_eq!((plan, csv, nodes), cells("all", "3"));
    assert!(!is_said);
}
