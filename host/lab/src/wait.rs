//! Waiting until servers are as they should be, with a bound on each wait.

use super::error::LabError;
use super::launch::Launcher;
use super::process::Process;
use super::record::running;
use super::server::Server;
use super::status;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Interval at which a wait asks the server.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// Timeout for the proxy and for Redis.
const SOON: Duration = Duration::from_secs(15);

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

/// Waits until something is so. An error if the server ends before.
pub(super) fn wait_for(
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

/// Waits until proxy and Redis answer, and the proxy reaches every node.
pub(super) fn others_answer(nodes: &[Server], launcher: &Launcher) -> Result<(), LabError> {
    let lab = launcher.lab();
    for server in [Server::Proxy, Server::Redis] {
        answers(server, running(server, lab)?, launcher)?;
    }
    let proxy = running(Server::Proxy, lab)?;
    let what = "seeing every node";
    wait_for(Server::Proxy, proxy, lab, what, SOON, &mut || {
        let seen = status::behind_proxy(lab);
        nodes
            .iter()
            .all(|node| seen.get(&node.name()).is_some_and(|word| word == "UP"))
    })
}
