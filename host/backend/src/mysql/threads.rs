//! Kills the statement of an abandoned connection on its server.

use super::answer::{Failure, answer, run};
use super::options::hang_up;
use super::servers::{Introduced, Servers, introduce};
use super::status::{Identity, uptime_s};
use crate::patience::within;
use mysql_async::Conn;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Longest wait for the end. A stopped server can't be waited for.
const ENDING_TAKES_AT_MOST: Duration = Duration::from_secs(5);

const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// Attempts to reach, through the endpoint, a server that is not among the nodes. A proxy chooses
/// another server each time.
const ENDPOINT_TRIES: usize = 12;

/// One connection as its server sees it.
#[derive(Debug, Clone)]
pub(super) struct Thread {
    pub(super) id: u32,
    pub(super) server: Identity,
    /// The time when the connection was opened: a server that was started later has no such thread, and may
    /// have given its number to another.
    pub(super) opened: Instant,
}

/// Kills a thread and waits until it is gone: what it was doing has then taken effect or never will.
/// A COMMIT that is past certification can't be killed, so it is waited for.
pub(super) async fn end(servers: &Servers, thread: &Thread) {
    // What can't be reached in time is left to its server, which ends it when it notices that the
    // connection is closed.
    within(ENDING_TAKES_AT_MOST, reach_and_end(servers, thread))
        .await
        .ok();
}

async fn reach_and_end(servers: &Servers, thread: &Thread) {
    let known = servers.node_of(&thread.server);
    let address = known.map_or(&servers.endpoint, |node| &node.address);
    let mut strangers = 0;
    while strangers < ENDPOINT_TRIES {
        match introduce(address).await {
            Ok(Introduced {
                mut connection,
                identity,
            }) if identity == thread.server => {
                kill(&mut connection, thread).await.ok();
                hang_up(connection).await;
                return;
            }
            Ok(stranger) => {
                hang_up(stranger.connection).await;
                strangers += 1;
            }
            // A node that takes no connection runs nothing, or is out of reach.
            Err(fault) if known.is_some() && fault.code == "2003" => return,
            // The server is too busy, or a proxy has not noticed yet that it is gone.
            Err(_) => sleep(BETWEEN_TRIES).await,
        }
    }
}

async fn kill(connection: &mut Conn, thread: &Thread) -> Result<(), Failure> {
    // A second more for the seconds that are not whole.
    let up = uptime_s(connection).await?;
    if up.is_some_and(|up| up + 1 < thread.opened.elapsed().as_secs()) {
        return Ok(());
    }
    // Fails if the thread has ended by itself.
    run(connection, &format!("KILL CONNECTION {}", thread.id))
        .await
        .ok();
    let look = format!(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE ID = {}",
        thread.id
    );
    while !answer(connection, &look, &[], usize::MAX)
        .await?
        .rows
        .is_empty()
    {
        sleep(BETWEEN_LOOKS).await;
    }
    Ok(())
}
