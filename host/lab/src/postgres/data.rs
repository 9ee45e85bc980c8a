//! The data of the nodes: the first ones, copies for the standbys, and bringing old ones back in line.

use super::client::Client;
use super::config::{OWNER, REWINDABLE, address};
use crate::config::{HEALTH_USER, USER};
use crate::error::{LabError, at, refused};
use crate::launch::{Launcher, answer};
use crate::server::Server;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Timeout of a helper that makes or copies data.
const LIMIT: Duration = Duration::from_secs(120);

/// The folder of a node's data. Complete data are there; data that are being made or changed are in
/// `part`.
pub(super) fn place(node: Server, lab: &Path) -> PathBuf {
    node.dir(lab).join("data")
}

fn part(node: Server, lab: &Path) -> PathBuf {
    node.dir(lab).join("data.part")
}

pub(super) fn exist(node: Server, lab: &Path) -> bool {
    place(node, lab).exists()
}

/// The file by which PostgreSQL knows that it is a standby.
fn signal(data: &Path) -> PathBuf {
    data.join("standby.signal")
}

pub(super) fn are_of_a_standby(node: Server, lab: &Path) -> bool {
    signal(&place(node, lab)).exists()
}

/// Makes the first data.
pub(super) fn make(node: Server, launcher: &Launcher) -> Result<(), LabError> {
    launcher.prepare(node)?;
    let part = part(node, launcher.lab());
    remove(&part)?;
    let mut command = launcher.command(launcher.programs.path("initdb"));
    command
        .args([
            "--username",
            OWNER,
            "--auth=trust",
            "--no-sync",
            "--no-instructions",
        ])
        .args(["--encoding=UTF8", "--locale=C", "--pgdata"])
        .arg(&part)
        .current_dir(node.dir(launcher.lab()));
    answer(&mut command, "", LIMIT).map_err(|why| refused("initdb", why))?;
    // Only pg_rewind has it read, when it first replays the log of a server that was killed.
    let path = part.join("postgresql.conf");
    fs::write(&path, REWINDABLE).map_err(at(&path))?;
    put(&part, node, launcher)
}

/// Makes the lab's users and database, or gives those that are there this password. The user may make
/// databases, and see what all sessions do; the proxy's may do nothing.
pub(super) fn make_users(primary: Server, client: &Client, password: &str) -> Result<(), LabError> {
    let statements = format!(
        "SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY['{USER}', '{HEALTH_USER}']) AS name
             WHERE name NOT IN (SELECT rolname FROM pg_roles) \\gexec
         ALTER ROLE {USER} CREATEDB PASSWORD '{password}';
         GRANT pg_monitor TO {USER};
         SELECT 'CREATE DATABASE {USER} OWNER {USER}'
             WHERE '{USER}' NOT IN (SELECT datname FROM pg_database) \\gexec
         "
    );
    let done = client.run_within(LIMIT, primary, &statements);
    // What it says of a statement may hold the statement.
    done.map(drop)
        .map_err(|why| refused(primary.name(), why.replace(password, "…")))
}

/// Makes the data of a standby anew, as a copy of those of the primary.
pub(super) fn copy(node: Server, primary: Server, launcher: &Launcher) -> Result<(), LabError> {
    launcher.prepare(node)?;
    let part = part(node, launcher.lab());
    remove(&part)?;
    let mut command = launcher.command(launcher.programs.path("pg_basebackup"));
    command
        .args([
            "--checkpoint=fast",
            "--wal-method=stream",
            "--no-sync",
            "--pgdata",
        ])
        .arg(&part)
        .arg("--dbname")
        .arg(address(primary, &launcher.options))
        .current_dir(node.dir(launcher.lab()));
    answer(&mut command, "", LIMIT).map_err(|why| refused("pg_basebackup", why))?;
    mark(&part, launcher)?;
    put(&part, node, launcher)
}

/// Takes back what a node that does not run has written beyond the primary's data, so that it can follow
/// the primary. An error if its data don't allow that any more; they are gone then.
pub(super) fn rewind(
    node: Server,
    primary: Server,
    launcher: &Launcher,
    client: &Client,
) -> Result<(), LabError> {
    // Until then the primary's data don't show that it was promoted.
    let checkpoint = client.run_within(LIMIT, primary, "CHECKPOINT;");
    checkpoint.map_err(|why| refused(primary.name(), why))?;
    launcher.prepare(node)?;
    forget_process(node, launcher.lab())?;
    let (place, part) = (place(node, launcher.lab()), part(node, launcher.lab()));
    remove(&part)?;
    fs::rename(&place, &part).map_err(at(&place))?;
    let mut command = launcher.command(launcher.programs.path("pg_rewind"));
    command
        .arg("--target-pgdata")
        .arg(&part)
        .arg("--source-server")
        .arg(address(primary, &launcher.options))
        .arg("--no-sync")
        .current_dir(node.dir(launcher.lab()));
    answer(&mut command, "", LIMIT).map_err(|why| {
        // The caller makes the data anew.
        let log = node.dir(launcher.lab()).join("rewind.log");
        fs::write(log, &why).ok();
        refused("pg_rewind", why)
    })?;
    mark(&part, launcher)?;
    put(&part, node, launcher)
}

/// Removes the number of the process that had the data last: PostgreSQL does not start while a process has
/// that number, even if it has ended and only its parent has not asked for it.
pub(super) fn forget_process(node: Server, lab: &Path) -> Result<(), LabError> {
    let file = place(node, lab).join("postmaster.pid");
    match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&file)(error)),
        _ => Ok(()),
    }
}

/// Makes data those of a standby.
fn mark(data: &Path, launcher: &Launcher) -> Result<(), LabError> {
    let signal = signal(data);
    fs::write(&signal, "").map_err(at(&signal))?;
    launcher.account.own(&signal).map_err(at(&signal))
}

/// Puts finished data in their place.
fn put(part: &Path, node: Server, launcher: &Launcher) -> Result<(), LabError> {
    let place = place(node, launcher.lab());
    remove(&place)?;
    fs::rename(part, &place).map_err(at(&place))
}

fn remove(dir: &Path) -> Result<(), LabError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(dir)(error)),
        _ => Ok(()),
    }
}
