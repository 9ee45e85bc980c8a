//! Waiting until servers are as they should be, with a bound on each wait.

use super::error::LabError;
use super::launch::Launcher;
use super::process::Process;
use super::record::{Record, running};
use super::server::Server;
use super::view::{self, ProxyTable};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Interval at which a wait asks the server.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// Timeout for the proxy and for Redis.
const SOON: Duration = Duration::from_secs(15);

/// Waits until a server that is no node answers. An error if it ends before.
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
        &mut || view::answers(server, port),
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

/// Waits until every server that is no node answers, and the proxy sends clients where they belong.
pub(super) fn others_answer(launcher: &Launcher) -> Result<(), LabError> {
    let lab = launcher.lab();
    let options = &launcher.options;
    let record = Record::read(lab)?.ok_or_else(|| LabError::NoLab(lab.to_owned()))?;
    for server in options.servers() {
        if !server.is_node() {
            // One that has ended since its start is reported with its log.
            let process = record.process(server).ok_or_else(|| LabError::NotRunning {
                server: server.name(),
            })?;
            answers(server, process, launcher)?;
        }
    }
    proxy_shows(launcher, "seeing every node", |table| {
        launcher.cluster.is_proxied(table, options)
    })
}

/// Waits until something is so in the proxy's table.
pub(super) fn proxy_shows(
    launcher: &Launcher,
    what: &'static str,
    is_so: impl Fn(&ProxyTable) -> bool,
) -> Result<(), LabError> {
    let lab = launcher.lab();
    let proxy = running(Server::Proxy, lab)?;
    wait_for(Server::Proxy, proxy, lab, what, SOON, &mut || {
        is_so(&ProxyTable::read(lab))
    })
}
