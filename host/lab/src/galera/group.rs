//! The nodes as a group: starting it, finding each other again, joining it.

use super::client::{Client, View};
use super::{position, seed};
use crate::error::{LabError, refused};
use crate::launch::Launcher;
use crate::process::{Process, ProcessState};
use crate::record::{living, running};
use crate::server::Server;
use crate::wait::{LOOK, wait_for};
use crate::{stop, whole};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Timeout for partitioned nodes to form one component again, or for nodes to evict a dead one.
pub(super) const SETTLE: Duration = Duration::from_secs(20);

/// Timeout for a node to start and to be synced. A whole copy takes a few seconds; after a node has
/// vanished, the others take six to notice, and no node joins in that time.
const JOIN: Duration = Duration::from_secs(90);

/// Starts the nodes that are missing, undoes faults, and waits until every node sees all others and keeps
/// step with them. A new password is given to the data that are there.
pub(super) fn raise(
    launcher: &Launcher,
    password: &str,
    new_password: bool,
    progress: &mut dyn FnMut(String),
) -> Result<(), LabError> {
    let lab = launcher.lab();
    let client = Client::find().map_err(|why| refused("the client", why))?;
    let nodes = launcher.options.node_servers();
    settle(&nodes, launcher, &client, progress)?;
    if new_password && any_data(&nodes, lab) {
        begin_group(&nodes, launcher, &client, progress)?;
        let serving = nodes.iter().find(|&&node| client.view(node, lab).is_ok());
        if let Some(&node) = serving {
            seed::make_users(node, launcher, &client, password)?;
        }
    } else if !any_data(&nodes, lab) {
        seed::make(launcher, &client, password)?;
        progress("first data made".to_owned());
    }
    begin_group(&nodes, launcher, &client, progress)?;
    given_up(&nodes, lab, &client)?;
    // One by one: those that join at once wait for each other longer than this takes.
    for &node in &nodes {
        if living(node, lab)?.is_none() {
            let process = whole::start(node, launcher, &[])?;
            serves(node, process, lab, &client)?;
            progress(format!("{} synced", node.name()));
        }
    }
    for &node in &nodes {
        let process = running(node, lab)?;
        let what = "synced with all others";
        wait_for(node, process, lab, what, JOIN, &mut || {
            let view = client.view_in_step(node, lab);
            view.is_ok_and(|view| view.serves() && view.size == Some(launcher.options.nodes))
        })?;
    }
    Ok(())
}

/// Waits until the others have given up those that are dead: one that comes back before is taken for
/// the dead one, and may cost the whole group its majority.
pub(super) fn given_up(nodes: &[Server], lab: &Path, client: &Client) -> Result<(), LabError> {
    let mut running = Vec::new();
    for &node in nodes {
        let process = living(node, lab)?;
        if process.is_some_and(|process| process.state() == ProcessState::Running) {
            running.push(node);
        }
    }
    let living = running.len() as u32;
    let deadline = Instant::now() + SETTLE;
    let knows = |&node: &Server| {
        let size = client.view(node, lab).ok().and_then(|view| view.size);
        size.is_none_or(|size| size <= living)
    };
    while living < nodes.len() as u32 && !running.iter().all(knows) && Instant::now() < deadline {
        thread::sleep(LOOK);
    }
    Ok(())
}

/// Waits until a node serves clients with all data. An error if it ends before.
pub(super) fn serves(
    node: Server,
    process: Process,
    lab: &Path,
    client: &Client,
) -> Result<(), LabError> {
    wait_for(node, process, lab, "synced", JOIN, &mut || {
        client.view(node, lab).is_ok_and(|view| view.serves())
    })
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
    let deadline = Instant::now() + SETTLE;
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
        thread::sleep(LOOK);
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
    let process = whole::start(first, launcher, &["--wsrep-new-cluster"])?;
    serves(first, process, lab, client)?;
    progress(format!("{} synced", first.name()));
    Ok(())
}
