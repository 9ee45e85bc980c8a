//! Stops the servers of a lab, in order if possible, including those that the record lacks.

use super::error::LabError;
use super::ports::MOST_NODES;
use super::process::{Process, with_argument};
use super::record::Record;
use super::server::Server;
use std::path::Path;
use std::time::Duration;

/// Timeout of an orderly stop. A node flushes its memory.
const LIMIT: Duration = Duration::from_secs(20);

/// Every server that a folder may ever have had, in the order in which they are stopped: the nodes
/// from the last to the first, so that the next start begins with the first.
fn every() -> Vec<Server> {
    let mut servers = Server::every(MOST_NODES);
    servers.sort_by_key(|server| match server {
        Server::Proxy | Server::Redis | Server::Pooler | Server::Service(..) => 0,
        Server::Node(_, node) => 1 + MOST_NODES - node,
        Server::Seed => u32::MAX,
    });
    servers
}

/// True if a folder contains any file of a lab.
pub(super) fn is_lab(dir: &Path) -> bool {
    dir.join("lab.json").exists() || every().iter().any(|server| server.dir(dir).exists())
}

/// The processes of a server: the one that was written down, and what a launcher started that was
/// killed before it could.
pub(super) fn processes(server: Server, dir: &Path, record: Option<&Record>) -> Vec<Process> {
    let recorded = record.and_then(|record| record.process(server));
    let mut all: Vec<_> = recorded
        .into_iter()
        .filter(|process| process.lives())
        .collect();
    for found in with_argument(server.program(), &server.config_argument(dir)) {
        if !all.contains(&found) {
            all.push(found);
        }
    }
    all
}

/// Every process of a lab's servers. A record that can't be read hides none of them.
pub(super) fn living(dir: &Path) -> Vec<(Server, Process)> {
    let record = Record::read(dir).ok().flatten();
    let of = |server| {
        let processes = processes(server, dir, record.as_ref());
        processes.into_iter().map(move |process| (server, process))
    };
    every().into_iter().flat_map(of).collect()
}

/// Ends the servers that were started since `lived`, and leaves those.
pub(super) fn all_but(
    lived: &[(Server, Process)],
    dir: &Path,
    progress: &mut dyn FnMut(String),
) -> Result<(), LabError> {
    for (server, process) in living(dir) {
        if !lived.iter().any(|(_, known)| *known == process) {
            end(server, process)?;
            progress(format!("{} stopped", server.name()));
        }
    }
    Ok(())
}

/// Ends every server. A record that can't be read keeps none of them alive.
pub(super) fn all(dir: &Path, progress: &mut dyn FnMut(String)) -> Result<(), LabError> {
    let record = Record::read(dir).ok().flatten();
    let living = living(dir);
    // One that stands still would keep the others from ending in order.
    for (_, process) in &living {
        process.resume();
    }
    let mut failed = None;
    for (server, process) in living {
        match end(server, process) {
            Ok(()) => progress(format!("{} stopped", server.name())),
            Err(error) => failed = Some(error),
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    if let Some(record) = record {
        record.stopped(&record.options(dir.to_owned())).write(dir)?;
    }
    Ok(())
}

/// Ends one server, in order if it does so in time.
pub(super) fn end(server: Server, process: Process) -> Result<(), LabError> {
    gone(server, process, process.end(server.stop_signal(), LIMIT))
}

/// Ends one server at once.
pub(super) fn kill(server: Server, process: Process) -> Result<(), LabError> {
    gone(server, process, process.kill())
}

fn gone(server: Server, process: Process, is_gone: bool) -> Result<(), LabError> {
    match is_gone {
        true => Ok(()),
        false => Err(LabError::Undying {
            server: server.name(),
            pid: process.pid,
        }),
    }
}
