//! Waiting until servers are as they should be, with a bound on each wait.

use super::error::LabError;
use super::launch::Launcher;
use super::node::Client;
use super::process::{Process, ProcessState};
use super::record::living;
use super::server::Server;
use super::status;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Interval at which a wait asks the server.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// Timeout for partitioned nodes to form one component again, or for nodes to evict a dead one.
pub(super) const SETTLE: Duration = Duration::from_secs(20);

/// Timeout for a node to start and to be synced. A whole copy takes a few seconds; after a node has
/// vanished, the others take six to notice, and no node joins in that time.
const JOIN: Duration = Duration::from_secs(90);

/// Timeout for the proxy and for Redis.
const SOON: Duration = Duration::from_secs(15);

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

/// Waits until proxy or Redis answers. An error if it ends before.
pub(super) fn answers(
    server: Server,
    process: Process,
    launcher: &Launcher,
) -> Result<(), LabError> {
    let port = server.port(launcher.options.ports());
    wait_for(
        server,
        process,
        launcher.lab(),
        "answering",
        SOON,
        &mut || match server {
            Server::Redis => status::redis_answers(port),
            _ => status::listens(port),
        },
    )
}

fn wait_for(
    server: Server,
    process: Process,
    lab: &Path,
    what: &'static str,
    limit: Duration,
    is_so: &mut dyn FnMut() -> bool,
) -> Result<(), LabError> {
    let deadline = Instant::now() + limit;
    while !is_so() {
        let server_name = server.name();
        let log = server.log(lab);
        if !process.lives() {
            return Err(LabError::Died {
                server: server_name,
                said: last_errors(&log),
                log,
            });
        }
        if Instant::now() >= deadline {
            return Err(LabError::TooSlow {
                server: server_name,
                what,
                limit_s: limit.as_secs(),
                log,
            });
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// The last lines of a server's log, its errors first.
fn last_errors(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(20_000)..]).into_owned();
    let lines: Vec<_> = text.lines().collect();
    let bad = |line: &&&str| line.contains("ERROR") || line.contains("ALERT");
    let errors: Vec<_> = lines.iter().filter(bad).copied().collect();
    let shown = if errors.is_empty() { &lines } else { &errors };
    shown[shown.len().saturating_sub(4)..].join("\n")
}

/// Waits until every node sees all others and keeps step with them, and proxy and Redis answer.
pub(super) fn whole(
    nodes: &[Server],
    launcher: &Launcher,
    client: &Client,
) -> Result<(), LabError> {
    let lab = launcher.lab();
    for &node in nodes {
        let Some(process) = living(node, lab)? else {
            let server = node.name();
            return Err(LabError::NotRunning { server });
        };
        wait_for(
            node,
            process,
            lab,
            "synced with all others",
            JOIN,
            &mut || {
                let view = client.view_in_step(node, lab);
                view.is_ok_and(|view| view.serves() && view.size == Some(launcher.options.nodes))
            },
        )?;
    }
    for server in [Server::Proxy, Server::Redis] {
        let Some(process) = living(server, lab)? else {
            let server = server.name();
            return Err(LabError::NotRunning { server });
        };
        answers(server, process, launcher)?;
    }
    let Some(proxy) = living(Server::Proxy, lab)? else {
        return Ok(());
    };
    wait_for(Server::Proxy, proxy, lab, PROXY_SEES, SOON, &mut || {
        let seen = status::behind_proxy(lab);
        nodes
            .iter()
            .all(|node| seen.get(&node.name()).is_some_and(|word| word == "UP"))
    })
}

const PROXY_SEES: &str = "seeing every node";
