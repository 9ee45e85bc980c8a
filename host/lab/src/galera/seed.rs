//! The first data. They are made once and copied to all nodes, which then join with nothing missing:
//! quicker than if each had to be sent a whole copy.

use super::client::Client;
use super::group;
use crate::config::{HEALTH_USER, USER};
use crate::error::{LabError, at, refused};
use crate::launch::{Launcher, answer};
use crate::server::Server;
use crate::{folder, stop};
use std::fs;
use std::time::Duration;

/// Timeout for MariaDB to create its system tables.
const LIMIT: Duration = Duration::from_secs(120);

/// Makes the data of all nodes, with the lab's users in them. Data that are whole are in their place;
/// if this is cut off, what is left starts the lab all the same, or is made again.
pub(super) fn make(launcher: &Launcher, client: &Client, password: &str) -> Result<(), LabError> {
    let lab = launcher.lab();
    let dir = Server::Seed.dir(lab);
    remove(&dir)?;
    launcher.prepare(Server::Seed)?;
    let data = dir.join("data");
    let mut install = launcher.command(launcher.programs.path("mariadb-install-db"));
    install
        .arg("--no-defaults")
        .arg(format!("--datadir={}", data.display()))
        .arg(format!("--tmpdir={}", dir.join("tmp").display()))
        .arg("--auth-root-authentication-method=socket")
        .arg(format!(
            "--auth-root-socket-user={}",
            launcher.account.our_name
        ))
        .args(["--skip-test-db", "--skip-name-resolve"])
        .args([
            "--innodb-log-file-size=32M",
            "--innodb-flush-log-at-trx-commit=0",
        ])
        .current_dir(&dir);
    answer(&mut install, "", LIMIT).map_err(|why| refused("mariadb-install-db", why))?;
    let process = launcher.start(Server::Seed, &["--wsrep-new-cluster"])?;
    let made = group::serves(Server::Seed, process, lab, client)
        .and_then(|()| make_users(Server::Seed, launcher, client, password));
    stop::end(Server::Seed, process)?;
    made?;
    let cache = data.join("galera.cache");
    fs::remove_file(&cache).map_err(at(&cache))?;
    for node in launcher.options.node_servers().into_iter().rev() {
        launcher.prepare(node)?;
        let place = node.dir(lab).join("data");
        if node.name() == "n1" {
            fs::rename(&data, &place).map_err(at(&place))?;
            continue;
        }
        let part = node.dir(lab).join("data.part");
        remove(&part)?;
        folder::copy(&data, &part, &launcher.account)?;
        fs::rename(&part, &place).map_err(at(&place))?;
    }
    remove(&dir)
}

/// Makes the lab's database and users, or gives those that are there this password. The user may do
/// all in its own databases, see what all sessions do, and end them; the proxy's may do nothing.
pub(super) fn make_users(
    node: Server,
    launcher: &Launcher,
    client: &Client,
    password: &str,
) -> Result<(), LabError> {
    let statements = format!(
        "CREATE DATABASE IF NOT EXISTS {USER};
         CREATE OR REPLACE USER {USER}@'127.0.0.1' IDENTIFIED BY '{password}';
         GRANT ALL ON `{USER}`.* TO {USER}@'127.0.0.1';
         GRANT ALL ON `{USER}\\_%`.* TO {USER}@'127.0.0.1';
         GRANT PROCESS, CONNECTION ADMIN ON *.* TO {USER}@'127.0.0.1';
         CREATE OR REPLACE USER {HEALTH_USER}@'127.0.0.1';"
    );
    let done = client.run(node, launcher.lab(), &statements);
    // What it says of a statement may hold the statement.
    done.map(drop)
        .map_err(|why| refused(node.name(), why.replace(password, "…")))
}

fn remove(dir: &std::path::Path) -> Result<(), LabError> {
    match dir.exists() {
        true => fs::remove_dir_all(dir).map_err(at(dir)),
        false => Ok(()),
    }
}
