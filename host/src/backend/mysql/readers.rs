//! The connections by which all workers read from one node.

use super::answer::{Failure, answer};
use super::classify::classify;
use super::options::Address;
use crate::capability::database::Freshness;
use crate::capability::doing::Doing;
use crate::model::fault::{Fault, FaultKind};
use crate::model::value::{Row, Value};
use mysql_async::Conn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// A read takes well under a millisecond. A node that is stopped takes connections and answers none
/// of them, so that more of them would only pile up there.
const AT_MOST: usize = 6;

/// A few connections that are lent for one read each.
pub(super) struct Readers {
    address: Address,
    /// What makes a new connection as fresh as it has to be.
    setting: Option<&'static str>,
    takes_at_most: Duration,
    /// What a reading that took longer shows.
    late: &'static str,
    permits: Semaphore,
    idle: Mutex<Vec<Conn>>,
}

impl Readers {
    /// Opens nothing yet. `replicates` says whether the server knows of other nodes.
    pub(super) fn new(address: Address, freshness: Freshness, replicates: bool) -> Self {
        let (setting, seconds, late) = match freshness {
            Freshness::AsItIs => (None, 3, "2013"),
            // The node waits for what it has not applied, so this may take longer.
            Freshness::Causal => (Some("SET SESSION wsrep_sync_wait = 1"), 8, "1205"),
        };
        Self {
            address,
            setting: setting.filter(|_| replicates),
            takes_at_most: Duration::from_secs(seconds),
            late,
            permits: Semaphore::new(AT_MOST),
            idle: Mutex::default(),
        }
    }

    /// Runs a statement that reads, within a bound that includes the wait for a connection.
    pub(super) async fn read(&self, text: &str, parameters: &[Value]) -> Result<Vec<Row>, Fault> {
        let reading = timeout(self.takes_at_most, self.read_patiently(text, parameters));
        reading.await.unwrap_or_else(|_| {
            let (name, seconds) = (&self.address.name, self.takes_at_most.as_secs());
            let message = format!("{name} did not answer within {seconds} s");
            Err(Fault::unavailable(self.late, message))
        })
    }

    async fn read_patiently(&self, text: &str, parameters: &[Value]) -> Result<Vec<Row>, Fault> {
        let permit = self.permits.acquire().await;
        let _permit = permit.map_err(|_| Fault::unavailable("closed", "the database is closed"))?;
        let idle = self.idle().pop();
        if let Some(connection) = idle {
            // Its server may have gone and come back since. That says nothing of the server, so a
            // connection that turns out to be broken is replaced.
            match self.read_by(connection, text, parameters).await {
                Err(failure) if failure.breaks_the_connection() => self.idle().clear(),
                result => return result.map_err(of_reading),
            }
        }
        let connection = self.open().await?;
        let read = self.read_by(connection, text, parameters).await;
        read.map_err(of_reading)
    }

    /// A connection that failed, or whose reader went away half-way, is not lent again.
    async fn read_by(
        &self,
        mut connection: Conn,
        text: &str,
        parameters: &[Value],
    ) -> Result<Vec<Row>, Failure> {
        let answer = answer(&mut connection, text, parameters, usize::MAX).await?;
        self.idle().push(connection);
        Ok(answer.rows)
    }

    async fn open(&self) -> Result<Conn, Fault> {
        let mut connection = self.address.connect().await?;
        if let Some(setting) = self.setting {
            let set = super::answer::run(&mut connection, setting).await;
            set.map_err(of_reading)?;
        }
        Ok(connection)
    }

    /// Closes them. Whoever reads afterwards is told so.
    pub(super) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            // Nothing is under way on it, so nothing can be lost with it.
            super::options::hang_up(connection).await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Conn>> {
        // Nothing can panic while it is held.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nothing holds the host's own reading up but the node itself: what is a conflict to a strategy,
/// as a wait that ran out, says here that the node can't tell.
fn of_reading(failure: Failure) -> Fault {
    let mut fault = classify(&failure, Doing::Reading);
    if fault.kind == FaultKind::Conflict {
        fault.kind = FaultKind::Unavailable;
    }
    fault
}
