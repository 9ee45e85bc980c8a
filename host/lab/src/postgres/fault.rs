//! Faults of single nodes.
//!
//! A node is isolated by its own configuration: a standby gets no primary to stream from, and if the primary
//! is isolated, none of its standbys streams. That needs no rights on this machine. Clients still reach
//! the node.

use super::config::TO_PRIMARY;
use super::group::{Group, is_isolated};
use crate::error::{LabError, refused};
use crate::launch::Launcher;
use crate::process::{Process, ProcessState};
use crate::record::{living, running};
use crate::server::Server;
use crate::{stop, wait};

pub(super) fn isolate(node: Server, launcher: &Launcher) -> Result<(), LabError> {
    let group = Group::of(launcher)?;
    group.set_isolated(node, true)?;
    group.cut_off(&group.cut_off_with(node)?)
}

/// A standby that was isolated follows the primary again; a dead node comes back.
pub(super) fn heal(
    node: Server,
    process: Option<Process>,
    launcher: &Launcher,
) -> Result<(), LabError> {
    let group = Group::of(launcher)?;
    group.set_isolated(node, false)?;
    if process.is_none() {
        return restart(node, None, launcher);
    }
    follow(&group, group.cut_off_with(node)?, launcher)
}

/// Lets living standbys follow the primary, and waits until those do that can.
fn follow(
    group: &Group,
    standbys: Vec<(Server, Process)>,
    launcher: &Launcher,
) -> Result<(), LabError> {
    let names: Vec<_> = standbys.iter().map(|&(standby, _)| standby).collect();
    group.bring(&names)?;
    for (standby, process) in standbys {
        if process.state() == ProcessState::Running && can_follow(group, standby, launcher)? {
            group.follows(standby)?;
        }
    }
    Ok(())
}

/// False if the primary does not run, or one of the two is isolated.
fn can_follow(group: &Group, standby: Server, launcher: &Launcher) -> Result<bool, LabError> {
    let (primary, lab) = (group.primary, launcher.lab());
    let runs = living(primary, lab)?.is_some_and(|p| p.state() == ProcessState::Running);
    Ok(runs && !is_isolated(primary, lab) && !is_isolated(standby, lab))
}

pub(super) fn restart(
    node: Server,
    process: Option<Process>,
    launcher: &Launcher,
) -> Result<(), LabError> {
    let group = Group::of(launcher)?;
    if let Some(process) = process {
        stop::end(node, process)?;
    }
    if node == group.primary {
        group.start(node)?;
        return group.accepts(node);
    }
    let can_follow = can_follow(&group, node, launcher)?;
    if !can_follow && !group.has_data_of_standby(node) {
        let server = node.name();
        return Err(LabError::NothingToJoin { server });
    }
    group.bring(&[node])?;
    match can_follow {
        true => group.follows(node),
        false => group.accepts(node),
    }
}

pub(super) fn promote(node: Server, launcher: &Launcher) -> Result<(), LabError> {
    let mut group = Group::of(launcher)?;
    let refuse = |why: &str| Err(refused(node.name(), why));
    if node == group.primary {
        return refuse("it is the primary");
    }
    if running(node, launcher.lab())?.state() == ProcessState::Paused {
        return refuse("it is paused; resume it first");
    }
    group.make_primary(node)?;
    follow(&group, group.cut_off_with(node)?, launcher)?;
    match living(Server::Proxy, launcher.lab())? {
        Some(proxy) if proxy.state() == ProcessState::Running => {
            let others: Vec<_> = group.standbys().into_iter().map(Server::name).collect();
            wait::proxy_shows(launcher, "leading to the new primary", |table| {
                let mut others = others.iter();
                table.is_up(TO_PRIMARY, &node.name())
                    && !others.any(|other| table.is_used(TO_PRIMARY, other))
            })
        }
        _ => Ok(()),
    }
}
