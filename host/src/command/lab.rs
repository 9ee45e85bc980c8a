//! `runner lab`: a real cluster on this machine.

use crate::console::{Form, note, print};
use crate::exit::{CommandError, Exit};
use crate::lab::{self, Lab, LabError, LabOptions, NodeStatus, ProcessState, ServerStatus, Status};
use crate::model::lab_fault::LabFault;
use crate::report::json::document;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The lab, and the action on it.
pub struct LabCommand {
    /// Its folder, if not the usual one.
    pub dir: Option<PathBuf>,
    pub verb: LabVerb,
}

/// An action on a lab.
pub enum LabVerb {
    /// Starts the lab. An option left open is as it was when the lab was last started.
    Up {
        nodes: Option<u32>,
        port: Option<u16>,
        /// MariaDB settings, each `NAME=VALUE`.
        mariadb: Vec<String>,
    },
    Status(Form),
    Url(Form),
    Fault(LabFault),
    Down {
        wipe: bool,
    },
}

/// Does it. It prints its steps to standard error and answers to standard output.
pub fn lab(command: LabCommand) -> Result<Exit, CommandError> {
    let dir = match command.dir {
        Some(dir) => dir,
        None => lab::default_dir()?,
    };
    match command.verb {
        LabVerb::Up {
            nodes,
            port,
            mariadb,
        } => {
            let known = Lab::known(&dir)?.unwrap_or_else(|| LabOptions::new(dir));
            let options = LabOptions {
                nodes: nodes.unwrap_or(known.nodes),
                port: port.unwrap_or(known.port),
                mariadb: match mariadb.is_empty() {
                    true => known.mariadb,
                    false => settings(&mariadb)?,
                },
                dir: known.dir,
            };
            up(&options)
        }
        LabVerb::Status(form) => status(&dir, form),
        LabVerb::Url(form) => url(&find(&dir)?, form),
        LabVerb::Fault(fault) => {
            find(&dir)?.fault(&fault)?;
            Ok(Exit::Done)
        }
        LabVerb::Down { wipe } => down(&dir, wipe),
    }
}

fn find(dir: &Path) -> Result<Lab, CommandError> {
    let found = Lab::find(dir)?;
    found.ok_or_else(|| LabError::NoLab(dir.to_owned()).into())
}

fn settings(given: &[String]) -> Result<Vec<(String, String)>, CommandError> {
    let parse = |setting: &String| match setting.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(CommandError::Lab(LabError::Setting {
            setting: setting.clone(),
            why: "a setting is NAME=VALUE".to_owned(),
        })),
    };
    given.iter().map(parse).collect()
}

fn up(options: &LabOptions) -> Result<Exit, CommandError> {
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
fn status(dir: &Path, form: Form) -> Result<Exit, CommandError> {
    let status = find(dir)?.status();
    form.print(|| document(None, &status), || text(&status))?;
    Ok(match status.whole {
        true => Exit::Done,
        false => Exit::CouldNotRun,
    })
}

fn url(lab: &Lab, form: Form) -> Result<Exit, CommandError> {
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

fn down(dir: &Path, wipe: bool) -> Result<Exit, CommandError> {
    if !lab::down(dir, wipe, &mut |line| note(&line))? {
        note(&format!("there is no lab in {}", dir.display()));
    }
    Ok(Exit::Done)
}

/// A line for each server.
fn text(status: &Status) -> String {
    let mut rows = vec![
        [
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
        ]
        .map(str::to_owned),
    ];
    rows.extend(status.nodes.iter().map(node_row));
    for server in [&status.haproxy, &status.redis] {
        let [name, process, pid, port] = server_cells(server);
        let answers = match server.answers {
            true => "answers",
            false => "does not answer",
        };
        let rest = ["", "", "", "", ""].map(str::to_owned);
        let [component, size, receive, send, behind] = rest;
        let state = answers.to_owned();
        rows.push([
            name, process, pid, port, component, state, size, receive, send, behind,
        ]);
    }
    let mut lines = String::new();
    for row in &rows {
        let cells: Vec<_> = (0..row.len())
            .map(|column| {
                let cell = |row: &[String; 10]| row[column].chars().count();
                let width = rows.iter().map(cell).max().unwrap_or(0);
                format!("{:width$}", row[column])
            })
            .collect();
        lines.push_str(cells.join("  ").trim_end());
        lines.push('\n');
    }
    let whole = match status.whole {
        true => "whole",
        false => "not whole; `runner lab up` brings it back",
    };
    format!("{lines}The lab in {} is {whole}.\n", status.dir.display())
}

fn node_row(node: &NodeStatus) -> [String; 10] {
    let [name, process, pid, port] = server_cells(&node.server);
    [
        name,
        process,
        pid,
        port,
        node.component.clone().unwrap_or_default(),
        node.state.clone().unwrap_or_default(),
        shown(node.cluster_size),
        shown(node.receive_queue),
        shown(node.send_queue),
        node.behind_proxy.clone().unwrap_or_default(),
    ]
}

fn server_cells(server: &ServerStatus) -> [String; 4] {
    let process = match server.process {
        ProcessState::Running => "running",
        ProcessState::Paused => "paused",
        ProcessState::Dead => "dead",
    };
    [
        server.name.clone(),
        process.to_owned(),
        shown(server.pid),
        server.port.to_string(),
    ]
}

/// A number that is missing is an empty cell.
fn shown(number: Option<impl ToString>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}
