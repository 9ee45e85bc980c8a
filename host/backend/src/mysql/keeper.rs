//! The heartbeat that shows other runs that this one is alive.
//!
//! A run on the same machine sees it by the process. For others there are two signs, and a run
//! counts as over only when both are gone: a lock by name on one server, which dies with its
//! connection, and a time in a table of ours that is written again and again. One alone is not enough: the
//! lock is lost when its server is killed, and the time stands still when the machine sleeps.
//!
//! ```text
//! lock held   last beat      the run
//! yes         20 minutes     goes on: its machine sleeps
//! no          20 seconds     goes on: the server with its lock was killed
//! no          20 minutes     is over: the next run removes its schema
//! ```

use super::answer::run;
use super::options::Address;
use super::servers::{Servers, introduce};
use crate::model::value::Value;
use crate::run_id::{self, RunState};
use mysql_async::Conn;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const BETWEEN_BEATS: Duration = Duration::from_secs(30);
const BEATING_TAKES_AT_MOST: Duration = Duration::from_secs(5);

/// A run on another machine that gave no sign for so long is over, if it holds no lock either.
const SILENT_FOR_S: i64 = 600;

/// The table of a schema that stores the heartbeat of its run.
pub(super) const TABLE: &str = "contend_run";

/// Makes that table in a schema, which may have it already.
pub(super) fn definition(schema: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS `{schema}`.{TABLE} (
    id int NOT NULL PRIMARY KEY,
    owner varchar(64) NOT NULL,
    host varchar(64) NOT NULL,
    beat datetime NOT NULL) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    COMMENT='made by contend: which run uses this schema'"
    )
}

/// The statement that makes a run the owner of a schema.
pub(super) fn entry(schema: &str, owner: &str) -> String {
    // A host's name may hold anything.
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || "-._".contains(*c);
    let host: String = run_id::host().chars().filter(is_plain).collect();
    format!("REPLACE INTO `{schema}`.{TABLE} VALUES (1, '{owner}', '{host}', UTC_TIMESTAMP())")
}

/// A task that gives the signs until it is dropped.
pub(super) struct Keeper(JoinHandle<()>);

impl Keeper {
    /// Gives the signs of `owner` for a schema, over this connection, on which it holds the lock.
    pub(super) fn begin(endpoint: Address, connection: Conn, schema: &str, owner: &str) -> Self {
        let beat =
            format!("UPDATE `{schema}`.{TABLE} SET beat = UTC_TIMESTAMP() WHERE owner = '{owner}'");
        let owner = owner.to_owned();
        Self(tokio::spawn(async move {
            let mut connection = Some(connection);
            loop {
                sleep(BETWEEN_BEATS).await;
                let beaten = timeout(BEATING_TAKES_AT_MOST, async {
                    if connection.is_none() {
                        let mut fresh = introduce(&endpoint).await.ok()?.connection;
                        hold(&mut fresh, &owner).await;
                        connection = Some(fresh);
                    }
                    run(connection.as_mut()?, &beat).await.ok()
                });
                if !matches!(beaten.await, Ok(Some(()))) {
                    connection = None;
                }
            }
        }))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Takes the lock of this name. A server that has no such locks leaves the other sign.
pub(super) async fn hold(connection: &mut Conn, name: &str) {
    run(connection, &format!("DO GET_LOCK('{name}', 0)"))
        .await
        .ok();
}

/// True if the run of this name is certainly over; `silent_s` is the age of its last heartbeat.
pub(super) async fn is_over(servers: &Servers, name: &str, silent_s: Option<i64>) -> bool {
    match run_id::run_state(name) {
        Some(RunState::Over) => true,
        Some(RunState::Elsewhere) => {
            silent_s.is_some_and(|seconds| seconds > SILENT_FOR_S)
                && servers.membership.unseen.is_empty()
                && !may_be_held(servers, name).await
        }
        Some(RunState::Running) | None => false,
    }
}

/// Locks by name are each server's own, so every one is asked.
async fn may_be_held(servers: &Servers, name: &str) -> bool {
    let look = format!("SELECT IS_USED_LOCK('{name}')");
    for node in &servers.nodes {
        match node.as_it_is.read(&look, &[]).await {
            Ok(rows) if rows.iter().flatten().all(|value| *value == Value::Null) => {}
            _ => return true,
        }
    }
    false
}
