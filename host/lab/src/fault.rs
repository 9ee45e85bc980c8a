//! Faults of single servers.

use super::cluster::Cluster;
use super::error::{LabError, refused};
use super::launch::Launcher;
use super::options::LabOptions;
use super::process::Process;
use super::record::living;
use super::server::Server;
use super::{stop, wait, whole};
use crate::model::lab_fault::{ALL, ANY_STANDBY, LabAction, LabFault};

/// The fault with the server that it is to be of now, in place of whichever.
pub(super) fn resolve(
    options: &LabOptions,
    cluster: &'static dyn Cluster,
    fault: &LabFault,
) -> Result<LabFault, LabError> {
    let mut resolved = fault.clone();
    if fault.target == ANY_STANDBY {
        let launcher = Launcher::new(options.clone(), cluster)?;
        resolved.target = cluster.heir(&launcher)?.name();
    }
    Ok(resolved)
}

pub(super) fn apply(
    options: &LabOptions,
    cluster: &'static dyn Cluster,
    fault: &LabFault,
) -> Result<(), LabError> {
    let launcher = || Launcher::new(options.clone(), cluster);
    let target = &fault.target;
    if target == ALL {
        return match fault.action {
            LabAction::Start => whole::raise(&launcher()?, &mut |_| {}).map(drop),
            _ => kill_all(options),
        };
    }
    let servers = options.servers();
    let server = servers
        .into_iter()
        .find(|server| server.name() == *target)
        .ok_or_else(|| LabError::Fault(format!("the lab has no {target:?}")))?;
    let process = living(server, &options.dir)?;
    match (fault.action, process) {
        (LabAction::Restart, process) => restart(server, process, &launcher()?),
        (LabAction::Start, None) => restart(server, None, &launcher()?),
        (LabAction::Start, Some(_)) => Err(refused(server.name(), "it runs already")),
        (LabAction::Heal, process) => cluster.heal(server, process, &launcher()?),
        (_, None) => Err(LabError::NotRunning {
            server: server.name(),
        }),
        (LabAction::Pause, Some(process)) => taken(server, process.pause()),
        (LabAction::Resume, Some(process)) => taken(server, process.resume()),
        (LabAction::Kill, Some(process)) => stop::kill(server, process),
        (LabAction::Isolate, Some(_)) => cluster.isolate(server, &launcher()?),
        (LabAction::Promote, Some(_)) => cluster.promote(server, &launcher()?),
    }
}

/// Ends every database server in the same moment.
fn kill_all(options: &LabOptions) -> Result<(), LabError> {
    let mut all = Vec::new();
    for node in options.node_servers() {
        all.extend(living(node, &options.dir)?.map(|process| (node, process)));
    }
    let processes: Vec<_> = all.iter().map(|&(_, process)| process).collect();
    if processes.is_empty() {
        return Err(refused("the lab", "no node of it runs"));
    }
    Process::kill_together(&processes);
    // What lives even now is named.
    all.into_iter()
        .try_for_each(|(node, process)| stop::kill(node, process))
}

fn taken(server: Server, is_taken: bool) -> Result<(), LabError> {
    match is_taken {
        true => Ok(()),
        false => {
            let why = "it ended, or does not take the signal";
            Err(refused(server.name(), why))
        }
    }
}

/// Ends a server in order if it lives, and starts it again. It answers when this returns.
fn restart(server: Server, process: Option<Process>, launcher: &Launcher) -> Result<(), LabError> {
    if server.is_node() {
        return launcher.cluster.restart(server, process, launcher);
    }
    if let Some(process) = process {
        stop::end(server, process)?;
    }
    let process = whole::start(server, launcher, &[])?;
    match can_answer(server, &launcher.options)? {
        true => wait::answers(server, process, launcher),
        false => Ok(()),
    }
}

/// False for a server of a service of which most are dead: it answers once others are started too.
fn can_answer(server: Server, options: &LabOptions) -> Result<bool, LabError> {
    let Server::Service(service, _) = server else {
        return Ok(true);
    };
    let mut lives = 0;
    for server in Server::of_service(service) {
        lives += u32::from(living(server, &options.dir)?.is_some());
    }
    Ok(2 * lives > service.servers())
}
