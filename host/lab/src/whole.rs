//! Making a lab whole, from whatever state it is in.

use super::error::{LabError, refused};
use super::folder::{self, AtWork};
use super::launch::Launcher;
use super::node::{Client, View};
use super::process::{Process, ProcessState};
use super::record::{Record, living};
use super::server::Server;
use super::{position, seed, stop, wait};
use rustix::process::Signal;
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::Instant;

/// Starts what is missing, undoes faults, and waits until the lab is whole. Gives the password.
pub(super) fn raise(
    launcher: &Launcher,
    progress: &mut dyn FnMut(String),
) -> Result<String, LabError> {
    let begin = Instant::now();
    let mut progress = |what: String| {
        progress(format!(
            "{what} after {:.1} s",
            begin.elapsed().as_secs_f64()
        ))
    };
    let lab = launcher.lab();
    let client = Client::find().map_err(|why| refused("the client", why))?;
    let servers = Server::all(launcher.options.nodes);
    let known_password = folder::read_password(lab)?;
    let password = match &known_password {
        Some(password) => password.clone(),
        None => folder::make_password(lab)?,
    };
    for server in stop::processes(Server::Seed, lab, None) {
        stop::end(Server::Seed, server)?;
    }
    adopt(&servers, launcher)?;
    for &server in &servers {
        if let Some(process) = living(server, lab)? {
            if process.state() == ProcessState::Paused {
                process.signal(Signal::CONT);
                progress(format!("{} resumed", server.name()));
            }
        } else {
            ports_are_free(server, launcher)?;
        }
    }
    for server in [Server::Proxy, Server::Redis] {
        if living(server, lab)?.is_none() {
            start(server, launcher, &[])?;
        }
    }
    let nodes: Vec<_> = (1..=launcher.options.nodes).map(Server::Node).collect();
    settle(&nodes, launcher, &client, &mut progress)?;
    if known_password.is_none() && any_data(&nodes, lab) {
        begin_group(&nodes, launcher, &client, &mut progress)?;
        let serving = nodes.iter().find(|&&node| client.view(node, lab).is_ok());
        if let Some(&node) = serving {
            seed::make_users(node, launcher, &client, &password)?;
        }
    } else if !any_data(&nodes, lab) {
        seed::make(launcher, &client, &password)?;
        progress("first data made".to_owned());
    }
    begin_group(&nodes, launcher, &client, &mut progress)?;
    wait::given_up(&nodes, lab, &client)?;
    // One by one: those that join at once wait for each other longer than this takes.
    for &node in &nodes {
        if living(node, lab)?.is_none() {
            let process = start(node, launcher, &[])?;
            wait::serves(node, process, lab, &client)?;
            progress(format!("{} synced", node.name()));
        }
    }
    wait::whole(&nodes, launcher, &client)?;
    progress(format!("all {} servers answer", servers.len()));
    Ok(password)
}

/// Writes down what a launcher started that was killed before it could.
fn adopt(servers: &[Server], launcher: &Launcher) -> Result<(), LabError> {
    let lab = launcher.lab();
    let record = Record::read(lab)?;
    for &server in servers {
        let mut found = stop::processes(server, lab, record.as_ref()).into_iter();
        let first = found.next();
        write_down(server, first, lab)?;
        for surplus in found {
            stop::end(server, surplus)?;
        }
    }
    Ok(())
}

/// Starts a server and writes down that it runs.
pub(super) fn start(
    server: Server,
    launcher: &Launcher,
    more: &[&str],
) -> Result<Process, LabError> {
    let process = launcher.start(server, more)?;
    write_down(server, Some(process), launcher.lab())?;
    Ok(process)
}

fn write_down(server: Server, process: Option<Process>, lab: &Path) -> Result<(), LabError> {
    let _work = AtWork::on_record(lab)?;
    let Some(mut record) = Record::read(lab)? else {
        return Err(LabError::NoLab(lab.to_owned()));
    };
    record.set_process(server, process);
    record.write(lab)
}

fn ports_are_free(server: Server, launcher: &Launcher) -> Result<(), LabError> {
    for port in server.ports(launcher.options.ports()) {
        if TcpListener::bind(("127.0.0.1", port)).is_err() {
            let server = server.name();
            return Err(LabError::PortTaken { port, server });
        }
    }
    Ok(())
}

fn any_data(nodes: &[Server], lab: &Path) -> bool {
    let has = |node: &Server| node.dir(lab).join("data/mysql").exists();
    nodes.iter().any(has)
}

/// Lets living nodes find each other again, unless too few live for a majority. Those that don't are
/// stopped: they join again.
fn settle(
    nodes: &[Server],
    launcher: &Launcher,
    client: &Client,
    progress: &mut dyn FnMut(String),
) -> Result<(), LabError> {
    let lab = launcher.lab();
    let mut apart = Vec::new();
    for &node in nodes {
        if let Some(process) = living(node, lab)? {
            // A node that can't be asked is found out below.
            client.run(node, lab, HEAL).ok();
            apart.push((node, process));
        }
    }
    let deadline = Instant::now() + wait::SETTLE;
    let living = apart.len();
    while !apart.is_empty() && Instant::now() < deadline {
        let mut any_primary = living > apart.len();
        apart.retain(|&(node, process)| {
            let view = client.view(node, lab);
            any_primary |= view.as_ref().is_ok_and(View::is_primary);
            process.lives() && !view.is_ok_and(|view| view.serves())
        });
        if !any_primary && 2 * living <= nodes.len() {
            break;
        }
        thread::sleep(wait::LOOK);
    }
    for (node, process) in apart {
        stop::end(node, process)?;
        progress(format!(
            "{} stopped, as it did not find the others again,",
            node.name()
        ));
    }
    Ok(())
}

/// The statement that ends an isolation.
pub(super) const HEAL: &str = "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0';";

/// If no node lives, starts the group again with the one whose data have come furthest.
fn begin_group(
    nodes: &[Server],
    launcher: &Launcher,
    client: &Client,
    progress: &mut dyn FnMut(String),
) -> Result<(), LabError> {
    let lab = launcher.lab();
    for &node in nodes {
        if living(node, lab)?.is_some() {
            return Ok(());
        }
    }
    let first = position::most_advanced(nodes, launcher)?.unwrap_or(nodes[0]);
    position::let_begin(first, launcher)?;
    let process = start(first, launcher, &["--wsrep-new-cluster"])?;
    wait::serves(first, process, lab, client)?;
    progress(format!("{} synced", first.name()));
    Ok(())
}
