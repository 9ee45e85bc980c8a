//! Faults of single servers.

use super::error::{LabError, refused};
use super::galera;
use super::launch::Launcher;
use super::options::LabOptions;
use super::process::{Process, ProcessState};
use super::record::living;
use super::server::Server;
use super::{stop, wait, whole};
use crate::model::lab_fault::{LabAction, LabFault};
use rustix::process::Signal;
use std::time::Duration;

/// Timeout for the effect of a signal.
const SIGNALLED: Duration = Duration::from_secs(5);

pub(super) fn apply(options: &LabOptions, fault: &LabFault) -> Result<(), LabError> {
    let target = &fault.target;
    let server = Server::named(target, options.nodes)
        .ok_or_else(|| LabError::Fault(format!("the lab has no {target:?}")))?;
    let process = living(server, &options.dir)?;
    match (fault.action, process) {
        (LabAction::Restart, process) => restart(server, process, options),
        (LabAction::Start, None) => restart(server, None, options),
        (LabAction::Start, Some(_)) => Err(refused(server.name(), "it runs already")),
        (LabAction::Pause, Some(process)) => {
            process.signal(Signal::STOP);
            shows(server, process, ProcessState::Paused)
        }
        (LabAction::Resume, Some(process)) => {
            process.signal(Signal::CONT);
            shows(server, process, ProcessState::Running)
        }
        (LabAction::Kill, Some(process)) => stop::kill(server, process),
        (LabAction::Isolate, Some(_)) => galera::fault::isolate(server, options),
        (LabAction::Heal, Some(process)) => galera::fault::heal(server, process, options),
        (_, None) => Err(LabError::NotRunning {
            server: server.name(),
        }),
    }
}

fn shows(server: Server, process: Process, state: ProcessState) -> Result<(), LabError> {
    match process.is_within(SIGNALLED, |now| now == state) {
        true => Ok(()),
        false => {
            let why = "it ended, or does not take the signal";
            Err(refused(server.name(), why))
        }
    }
}

/// Ends a server in order if it lives, and starts it again. It answers when this returns.
fn restart(server: Server, process: Option<Process>, options: &LabOptions) -> Result<(), LabError> {
    let launcher = Launcher::new(options.clone())?;
    if let Server::Node(_) = server {
        return galera::fault::restart(server, process, &launcher);
    }
    if let Some(process) = process {
        stop::end(server, process)?;
    }
    let process = whole::start(server, &launcher, &[])?;
    wait::answers(server, process, &launcher)
}
