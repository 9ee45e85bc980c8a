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

use super::ground::{Ground, Witnesses};
use crate::run_id::{self, RunState};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const BETWEEN_BEATS: Duration = Duration::from_secs(30);
const BEATING_TAKES_AT_MOST: Duration = Duration::from_secs(5);

/// A run on another machine that gave no sign for so long is over, if it holds no lock either.
const SILENT_FOR_S: i64 = 600;

/// The table of a schema that stores the heartbeat of its run.
pub(super) fn table<G: Ground>(schema: &str) -> String {
    format!("{0}{schema}{0}.contend_run", G::QUOTE)
}

/// Makes that table in a schema, which may have it already.
pub(super) fn definition<G: Ground>(schema: &str) -> String {
    let (table, time, options) = (table::<G>(schema), G::TIME, G::TABLE_OPTIONS);
    format!(
        "CREATE TABLE IF NOT EXISTS {table} (
    id int NOT NULL PRIMARY KEY,
    owner varchar(64) NOT NULL,
    host varchar(64) NOT NULL,
    beat {time} NOT NULL){options}"
    )
}

/// The statements that make a run the owner of a schema.
pub(super) fn entry<G: Ground>(schema: &str, owner: &str) -> [String; 2] {
    // A host's name may hold anything.
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || "-._".contains(*c);
    let host: String = run_id::host().chars().filter(is_plain).collect();
    let (table, now) = (table::<G>(schema), G::NOW);
    [
        format!("DELETE FROM {table} WHERE id = 1"),
        format!("INSERT INTO {table} VALUES (1, '{owner}', '{host}', {now})"),
    ]
}

/// A task that gives the signs until it is dropped.
pub(super) struct Keeper(JoinHandle<()>);

impl Keeper {
    /// Gives the signs of `owner` for a schema, over this connection, on which it holds the lock.
    pub(super) fn begin<G: Ground>(
        ground: &G,
        connection: G::Connection,
        schema: &str,
        owner: &str,
    ) -> Self {
        let (table, now) = (table::<G>(schema), G::NOW);
        let beat = format!("UPDATE {table} SET beat = {now} WHERE owner = '{owner}'");
        let (ground, owner) = (ground.clone(), owner.to_owned());
        Self(tokio::spawn(async move {
            let mut connection = Some(connection);
            loop {
                sleep(BETWEEN_BEATS).await;
                let beaten = timeout(BEATING_TAKES_AT_MOST, async {
                    if connection.is_none() {
                        let mut fresh = ground.connect().await.ok()?;
                        hold::<G>(&mut fresh, &owner).await;
                        connection = Some(fresh);
                    }
                    G::run(connection.as_mut()?, &beat).await.ok()
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
pub(super) async fn hold<G: Ground>(connection: &mut G::Connection, name: &str) {
    G::run(connection, &G::hold(name)).await.ok();
}

/// True if the run of this name is certainly over; `silent_s` is the age of its last heartbeat.
pub(super) async fn is_over(witnesses: &impl Witnesses, name: &str, silent_s: Option<i64>) -> bool {
    match run_id::run_state(name) {
        Some(RunState::Over) => true,
        Some(RunState::Elsewhere) => {
            silent_s.is_some_and(|seconds| seconds > SILENT_FOR_S)
                && witnesses.are_all()
                && !witnesses.may_hold(name).await
        }
        Some(RunState::Running) | None => false,
    }
}
