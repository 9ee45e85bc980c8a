//! `runner lab`: a real cluster on this machine.

use crate::console::{Form, note, print};
use crate::exit::{CommandError, Exit};
use crate::lab::{self, Lab, LabError, LabOptions, ServerStatus, Status};
use crate::model::lab_fault::LabFault;
use crate::report::json::document;
use crate::report::table::table;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The folder of the lab, if no other is given.
pub fn dir(given: Option<PathBuf>) -> Result<PathBuf, CommandError> {
    Ok(given.map_or_else(lab::default_dir, Ok)?)
}

fn find(dir: &Path) -> Result<Lab, CommandError> {
    let found = Lab::find(dir)?;
    found.ok_or_else(|| LabError::NoLab(dir.to_owned()).into())
}

fn settings(given: &[String]) -> Result<Vec<(String, String)>, LabError> {
    let parse = |setting: &String| match setting.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(LabError::Setting {
            setting: setting.clone(),
            why: "a setting is NAME=VALUE".to_owned(),
        }),
    };
    given.iter().map(parse).collect()
}

/// Starts the lab. An option left open is as it was when the lab was last started; the MariaDB settings are each
/// `NAME=VALUE`.
pub fn up(
    dir: PathBuf,
    nodes: Option<u32>,
    port: Option<u16>,
    mariadb: &[String],
) -> Result<Exit, CommandError> {
    let known = Lab::known(&dir)?.unwrap_or_else(|| LabOptions::new(dir));
    let options = &LabOptions {
        nodes: nodes.unwrap_or(known.nodes),
        port: port.unwrap_or(known.port),
        mariadb: match mariadb.is_empty() {
            true => known.mariadb,
            false => settings(mariadb)?,
        },
        dir: known.dir,
    };
    if let Some(running) = Lab::find(&options.dir)? {
        let whole = match running.status().whole {
            true => "is running already",
            false => "is running, but not whole",
        };
        note(&format!(
            "the lab in {} {whole}",
            running.options().dir.display()
        ));
    }
    let lab = Lab::up(options, &mut |line| note(&line))?;
    print(text(&lab.status()).as_bytes())?;
    Ok(Exit::Done)
}

/// Exit code 0 only for a lab that is whole, so that a script can ask.
pub fn status(dir: &Path, form: Form) -> Result<Exit, CommandError> {
    let status = find(dir)?.status();
    form.print(|| document(None, &status), || text(&status))?;
    Ok(match status.whole {
        true => Exit::Done,
        false => Exit::CouldNotRun,
    })
}

pub fn url(dir: &Path, form: Form) -> Result<Exit, CommandError> {
    let lab = find(dir)?;
    let nodes: Vec<_> = lab.node_urls().into_iter().map(|(_, url)| url).collect();
    let (db, lock) = (lab.endpoint_url(), lab.redis_url());
    form.print(
        || document(None, &json!({"db": db, "node": nodes, "lock": lock})),
        || {
            let nodes = nodes.iter().map(|url| format!(" --node {url}"));
            format!("--db {db}{} --lock {lock}\n", nodes.collect::<String>())
        },
    )?;
    Ok(Exit::Done)
}

pub fn fault(dir: &Path, fault: &LabFault) -> Result<Exit, CommandError> {
    find(dir)?.fault(fault)?;
    Ok(Exit::Done)
}

pub fn down(dir: &Path, wipe: bool) -> Result<Exit, CommandError> {
    if !lab::down(dir, wipe, &mut |line| note(&line))? {
        note(&format!("there is no lab in {}", dir.display()));
    }
    Ok(Exit::Done)
}

/// A line for each server.
fn text(status: &Status) -> String {
    let headings = [
        "server",
        "process",
        "pid",
        "port",
        "component",
        "state",
        "size",
        "receive queue",
        "send queue",
        "behind haproxy",
    ];
    let mut table = table(&headings, headings.len());
    for node in &status.nodes {
        table.add_row(server_cells(&node.server).into_iter().chain([
            shown(node.component.as_ref()),
            shown(node.state.as_ref()),
            shown(node.cluster_size),
            shown(node.receive_queue),
            shown(node.send_queue),
            shown(node.behind_proxy.as_ref()),
        ]));
    }
    for server in [&status.haproxy, &status.redis] {
        let answers = match server.answers {
            true => "answers",
            false => "does not answer",
        };
        let rest = ["", answers].map(str::to_owned);
        table.add_row(server_cells(server).into_iter().chain(rest));
    }
    let whole = match status.whole {
        true => "whole",
        false => "not whole; `runner lab up` brings it back",
    };
    let (table, dir) = (table.trim_fmt(), status.dir.display());
    format!("{table}\nThe lab in {dir} is {whole}.\n")
}

fn server_cells(server: &ServerStatus) -> [String; 4] {
    [
        server.name.clone(),
        server.process.as_str().to_owned(),
        shown(server.pid),
        server.port.to_string(),
    ]
}

fn shown(number: Option<impl ToString>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}
