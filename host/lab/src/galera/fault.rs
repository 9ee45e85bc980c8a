//! Faults of single nodes.
//!
//! A node is isolated by an option of Galera itself, `gmcast.isolate`: it drops all that comes from
//! other nodes and sends them nothing. That needs no rights on this machine and touches nothing but
//! the node, where network namespaces or packet filters need root and change the machine. Clients
//! still reach it, as they would reach the minority side of a partition.

use super::client::Client;
use super::{group, position};
use crate::error::{LabError, refused};
use crate::launch::Launcher;
use crate::process::Process;
use crate::record::living;
use crate::server::Server;
use crate::{stop, wait, whole};
use std::path::Path;
use std::time::{Duration, Instant};

const ISOLATE: &str = "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1';";

/// Timeout for a healed node to rejoin the others, after which it is restarted.
const HEALED: Duration = Duration::from_secs(20);

pub(super) fn isolate(node: Server, lab: &Path) -> Result<(), LabError> {
    let answer = client(node)?.run(node, lab, ISOLATE);
    answer.map(drop).map_err(|why| refused(node.name(), why))
}

pub(super) fn heal(node: Server, process: Process, launcher: &Launcher) -> Result<(), LabError> {
    let (client, lab) = (client(node)?, launcher.lab());
    let answer = client.run(node, lab, group::HEAL);
    let deadline = Instant::now() + HEALED;
    while answer.is_ok() && process.lives() && Instant::now() < deadline {
        let view = client.view_in_step(node, lab);
        if view.is_ok_and(|view| view.serves()) {
            return Ok(());
        }
        std::thread::sleep(wait::LOOK);
    }
    restart(node, Some(process), launcher)
}

/// Timeout for living nodes to form a group that another can join: one of them may be healed at this moment.
const GROUP: Duration = Duration::from_secs(20);

/// Restarts a node only if a node for it to join is running, or if it is the only one: started alone
/// beside others, it would bootstrap its own group.
pub(super) fn restart(
    node: Server,
    process: Option<Process>,
    launcher: &Launcher,
) -> Result<(), LabError> {
    let (client, lab) = (client(node)?, launcher.lab());
    let nodes = launcher.options.node_servers();
    let serves = |node: Server| client.view(node, lab).is_ok_and(|view| view.serves());
    let alone = nodes.len() == 1;
    let others = || nodes.iter().copied().filter(|&other| other != node);
    let deadline = Instant::now() + GROUP;
    while !alone && !others().any(serves) {
        let mut lives = others().map(|other| living(other, lab));
        let any_lives = lives.try_fold(false, |any, one| one.map(|one| any || one.is_some()))?;
        if !any_lives || Instant::now() >= deadline {
            let server = node.name();
            return Err(LabError::NothingToJoin { server });
        }
        std::thread::sleep(wait::LOOK);
    }
    if let Some(process) = process {
        stop::end(node, process)?;
    }
    let more: &[&str] = match alone {
        true => {
            position::let_begin(node, launcher)?;
            &["--wsrep-new-cluster"]
        }
        false => {
            group::given_up(&nodes, lab, &client)?;
            &[]
        }
    };
    let process = whole::start(node, launcher, more)?;
    group::serves(node, process, lab, &client)
}

fn client(node: Server) -> Result<Client, LabError> {
    Client::find().map_err(|why| refused(node.name(), why))
}
