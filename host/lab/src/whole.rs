//! Making a lab whole, from whatever state it is in.

use super::error::LabError;
use super::folder;
use super::launch::Launcher;
use super::process::{Process, ProcessState};
use super::record::{self, Record, living};
use super::server::Server;
use super::{stop, wait};
use std::net::TcpListener;
use std::path::Path;
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
    let servers = launcher.options.servers();
    let known_password = folder::read_password(lab)?;
    let password = match &known_password {
        Some(password) => password.clone(),
        None => folder::make_password(lab)?,
    };
    for process in stop::processes(Server::Seed, lab, None) {
        stop::end(Server::Seed, process)?;
    }
    adopt(&servers, launcher)?;
    for &server in &servers {
        if let Some(process) = living(server, lab)? {
            if process.state() == ProcessState::Paused {
                process.resume();
                progress(format!("{} resumed", server.name()));
            }
        } else {
            ports_are_free(server, launcher)?;
        }
    }
    for &server in servers.iter().filter(|server| !server.is_node()) {
        if living(server, lab)?.is_none() {
            start(server, launcher, &[])?;
        }
    }
    let new_password = known_password.is_none();
    let cluster = launcher.cluster;
    cluster.raise(launcher, &password, new_password, &mut progress)?;
    wait::others_answer(launcher)?;
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
    record::change(lab, |record| record.set_process(server, process))
}

fn ports_are_free(server: Server, launcher: &Launcher) -> Result<(), LabError> {
    let options = &launcher.options;
    for port in server.ports(options.ports()) {
        if TcpListener::bind(("127.0.0.1", port)).is_err() {
            let server = server.name();
            return Err(LabError::PortTaken { port, server });
        }
    }
    Ok(())
}
