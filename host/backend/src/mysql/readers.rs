//! A pool of connections with which all workers read from one node.
//!
//! A read waits for its turn, then a task on the host's own threads makes it. The timeout counts from
//! then on, so a read that queues behind others implies nothing about the node. A read that is answered
//! too late fails for its caller but keeps its connection: the task receives the answer and returns the
//! connection to the pool.

use super::answer::{Failure, answer};
use super::classify::classify;
use super::options::Address;
use crate::capability::database::Freshness;
use crate::capability::operation::Operation;
use crate::model::error::{CallError, ErrorKind};
use crate::model::value::{Row, Value};
use crate::patience::{Elapsed, within};
use mysql_async::Conn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// A read takes well under a millisecond. A node that is stopped takes connections and answers none
/// of them, so that more of them would only pile up there.
const AT_MOST: usize = 6;

/// Longest wait for a late answer. Until then its connection is not replaced.
const LATE_AT_MOST: Duration = Duration::from_secs(20);

/// A few connections that are lent for one read each.
pub(super) struct Readers {
    shared: Arc<Shared>,
    threads: Handle,
    permits: Arc<Semaphore>,
}

/// State of the tasks that read.
struct Shared {
    address: Address,
    /// The setting that gives a new connection the required freshness.
    setting: Option<&'static str>,
    takes_at_most: Duration,
    /// Error code of a read that timed out.
    late: &'static str,
    idle: Mutex<Vec<Conn>>,
    /// Readings that came to an end, whatever it was.
    ended: AtomicU64,
}

impl Readers {
    /// Opens nothing yet. `replicates` says whether the server knows of other nodes.
    pub(super) fn new(
        address: Address,
        freshness: Freshness,
        replicates: bool,
        threads: Handle,
    ) -> Self {
        let (setting, seconds, late) = match freshness {
            Freshness::AsItIs => (None, 3, "2013"),
            // The node waits for what it has not applied, so this may take longer.
            Freshness::Causal => (Some("SET SESSION wsrep_sync_wait = 1"), 8, "1205"),
        };
        Self {
            shared: Arc::new(Shared {
                address,
                setting: setting.filter(|_| replicates),
                takes_at_most: Duration::from_secs(seconds),
                late,
                idle: Mutex::default(),
                ended: AtomicU64::new(0),
            }),
            threads,
            permits: Arc::new(Semaphore::new(AT_MOST)),
        }
    }

    /// Runs a statement that reads. `unavailable` if the node does not answer it in time, or answers no
    /// read at all while this one waits for its turn.
    pub(super) async fn read(
        &self,
        text: &str,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        let permit = self.turn().await?;
        let (sender, receiver) = oneshot::channel();
        let (text, parameters) = (text.to_owned(), parameters.to_vec());
        let shared = self.shared.clone();
        let reading = async move { shared.read(&text, &parameters, permit, sender).await };
        self.threads.spawn(reading);
        // The task says something before it ends, unless the process does.
        receiver.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Waits for a connection, as long as the node answers those before.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, CallError> {
        let mut turn = pin!(self.permits.clone().acquire_owned());
        let mut ended = self.shared.ended.load(Relaxed);
        loop {
            if let Ok(permit) = within(self.shared.takes_at_most, &mut turn).await {
                return permit.map_err(|_| closed());
            }
            let now = self.shared.ended.load(Relaxed);
            if now == ended {
                return Err(self.shared.no_answer());
            }
            ended = now;
        }
    }

    /// Closes the pool. Later reads return an error.
    pub(super) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.shared.idle());
        for connection in idle {
            // No read is in flight on it, so closing it loses nothing.
            super::options::hang_up(connection).await;
        }
    }
}

impl Shared {
    /// Completes one read. The permit returns to the pool with the connection.
    async fn read(
        &self,
        text: &str,
        parameters: &[Value],
        _permit: OwnedSemaphorePermit,
        sender: oneshot::Sender<Result<Vec<Row>, CallError>>,
    ) {
        let mut reading = pin!(self.read_patiently(text, parameters));
        match within(self.takes_at_most, &mut reading).await {
            Ok(read) => {
                self.ended.fetch_add(1, Relaxed);
                // The caller may be gone.
                sender.send(read).ok();
            }
            Err(Elapsed) => {
                sender.send(Err(self.no_answer())).ok();
                if within(LATE_AT_MOST, reading).await.is_ok() {
                    self.ended.fetch_add(1, Relaxed);
                }
            }
        }
    }

    async fn read_patiently(
        &self,
        text: &str,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
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

    /// A connection that failed is not lent again.
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

    async fn open(&self) -> Result<Conn, CallError> {
        let mut connection = self.address.connect().await?;
        if let Some(setting) = self.setting {
            let set = super::answer::run(&mut connection, setting).await;
            set.map_err(of_reading)?;
        }
        Ok(connection)
    }

    fn no_answer(&self) -> CallError {
        let (name, seconds) = (&self.address.name, self.takes_at_most.as_secs());
        let message = format!("{name} did not answer within {seconds} s");
        CallError::unavailable(self.late, message)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Conn>> {
        // Nothing can panic while it is held.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> CallError {
    CallError::unavailable("closed", "the database is closed")
}

/// Only the node itself can delay the host's own read: an error that is a conflict for a strategy, for
/// example a wait that timed out, means here that the node can't answer.
fn of_reading(failure: Failure) -> CallError {
    let mut error = classify(&failure, Operation::Reading);
    if error.kind == ErrorKind::Conflict {
        error.kind = ErrorKind::Unavailable;
    }
    error
}
