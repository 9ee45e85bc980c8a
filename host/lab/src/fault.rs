//! Faults of single servers.
//!
//! A node is isolated by an option of Galera itself, `gmcast.isolate`: it drops all that comes from
//! other nodes and sends them nothing. That needs no rights on this machine and touches nothing but
//! the node, where network namespaces or packet filters need root and change the machine. Clients
//! still reach it, as they would reach the minority side of a partition.

use super::error::{LabError, refused};
use super::launch::Launcher;
use super::node::Client;
use super::options::LabOptions;
use super::process::{Process, ProcessState};
use super::record::living;
use super::server::Server;
use super::{stop, wait, whole};
use crate::model::lab_fault::{LabAction, LabFault};
use rustix::process::Signal;
use std::time::{Duration, Instant};

const ISOLATE: &str = "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1';";

/// Timeout for the effect of a signal.
const SIGNALLED: Duration = Duration::from_secs(5);

/// Timeout for a healed node to rejoin the others, after which it is restarted.
const HEALED: Duration = Duration::from_secs(20);

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
        (LabAction::Isolate, Some(_)) => run_statement(server, options, ISOLATE),
        (LabAction::Heal, Some(process)) => heal(server, process, options),
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

fn client(server: Server) -> Result<Client, LabError> {
    Client::find().map_err(|why| refused(server.name(), why))
}

fn run_statement(node: Server, options: &LabOptions, statement: &str) -> Result<(), LabError> {
    let answer = client(node)?.run(node, &options.dir, statement);
    answer.map(drop).map_err(|why| refused(node.name(), why))
}

fn heal(node: Server, process: Process, options: &LabOptions) -> Result<(), LabError> {
    let client = client(node)?;
    let answer = client.run(node, &options.dir, whole::HEAL);
    let deadline = Instant::now() + HEALED;
    while answer.is_ok() && process.lives() && Instant::now() < deadline {
        let view = client.view_in_step(node, &options.dir);
        if view.is_ok_and(|view| view.serves()) {
            return Ok(());
        }
        std::thread::sleep(wait::LOOK);
    }
    restart(node, Some(process), options)
}

/// Restarts a node only if a node for it to join is running, or if it is the only one: started alone
/// beside others, it would bootstrap its own group.
fn restart(server: Server, process: Option<Process>, options: &LabOptions) -> Result<(), LabError> {
    let launcher = Launcher::new(options.clone())?;
    let client = client(server)?;
    let is_node = matches!(server, Server::Node(_));
    let mut more: &[&str] = &[];
    if is_node && options.nodes == 1 {
        more = &["--wsrep-new-cluster"];
    } else if is_node {
        let mut others = (1..=options.nodes)
            .map(Server::Node)
            .filter(|&node| node != server);
        let serves = |node| {
            client
                .view(node, &options.dir)
                .is_ok_and(|view| view.serves())
        };
        if !others.any(serves) {
            let server = server.name();
            return Err(LabError::NothingToJoin { server });
        }
    }
    if let Some(process) = process {
        stop::end(server, process)?;
    }
    if is_node && options.nodes == 1 {
        super::position::let_begin(server, &launcher)?;
    } else if is_node {
        let nodes: Vec<_> = (1..=options.nodes).map(Server::Node).collect();
        wait::given_up(&nodes, &options.dir, &client)?;
    }
    let process = whole::start(server, &launcher, more)?;
    match is_node {
        true => wait::serves(server, process, &options.dir, &client),
        false => wait::answers(server, process, &launcher),
    }
}
