//! `runner lab`: a real cluster on this machine.

use crate::console::{Form, note, print};
use crate::exit::{CommandError, Exit};
use crate::lab::{self, Kind, Lab, LabError, LabOptions, ServerStatus, Service, Status};
use crate::model::endpoint::Endpoint;
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

/// The options with which the lab was last started, or those of a new one of this kind.
pub fn last_options(dir: PathBuf, kind: Option<Kind>) -> Result<LabOptions, CommandError> {
    let known = Lab::known(&dir)?.filter(|known| kind.is_none_or(|kind| kind == known.kind));
    Ok(known.unwrap_or_else(|| LabOptions {
        kind: kind.unwrap_or_default(),
        ..LabOptions::new(dir)
    }))
}

/// Starts the lab, with these settings in place of the last ones if there are any, each `NAME=VALUE`.
pub fn up(mut options: LabOptions, given: &[String]) -> Result<Exit, CommandError> {
    if !given.is_empty() {
        options.settings = settings(given)?;
    }
    let options = &options;
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

pub fn url(dir: &Path, asked: Option<Endpoint>, form: Form) -> Result<Exit, CommandError> {
    let lab = find(dir)?;
    let endpoint = lab.endpoint(asked)?;
    let nodes: Vec<_> = lab.node_urls().into_iter().map(|(_, url)| url).collect();
    let (db, lock) = (lab.url_of(endpoint), lab.redis_url());
    let endpoint = endpoint.as_str();
    let mut json = json!({"db": db, "endpoint": endpoint, "node": nodes, "lock": lock});
    for (name, url) in [("read", lab.read_url()), ("pooler", lab.pooler_url())] {
        if let Some(url) = url {
            json[name] = url.into();
        }
    }
    for service in Service::ALL {
        if let Some(url) = lab.service_url(service) {
            json[service.as_str()] = url.into();
        }
    }
    form.print(
        || document(None, &json),
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
    let figures = status.nodes.first().map(|node| node.view.figures());
    let figures = figures
        .unwrap_or_default()
        .into_iter()
        .map(|(name, _)| name);
    let headings: Vec<_> = ["server", "process", "pid", "port"]
        .into_iter()
        .chain(figures)
        .chain(["behind haproxy"])
        .collect();
    let mut table = table(&headings, headings.len());
    for node in &status.nodes {
        let figures = node.view.figures().into_iter().map(|(_, figure)| figure);
        let behind_proxy = node.behind_proxy.clone().unwrap_or_default();
        let cells = server_cells(&node.server).into_iter().chain(figures);
        table.add_row(cells.chain([behind_proxy]));
    }
    for server in status.others() {
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
        server.pid.map(|pid| pid.to_string()).unwrap_or_default(),
        server.port.to_string(),
    ]
}
