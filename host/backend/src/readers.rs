//! A pool of connections with which all workers read from one node.
//!
//! A task on the host's own threads waits for the turn of a read, and then makes it. The timeout counts
//! from then on, so a read that queues behind others implies nothing about the node. A read that is
//! answered too late fails for its caller but keeps its connection: the task receives the answer and
//! returns the connection to the pool. A caller that does something else meanwhile holds nothing: a turn
//! that it was given and does not use would be taken from all others.

use crate::host_threads;
use crate::model::error::{CallError, ErrorKind};
use crate::model::value::{Row, Value};
use crate::patience::{Elapsed, within};
use async_trait::async_trait;
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

/// The server that is read from.
#[async_trait]
pub(super) trait Source: Send + Sync + 'static {
    type Connection: Send;

    /// The server's name in messages.
    fn name(&self) -> &str;

    async fn open(&self) -> Result<Self::Connection, CallError>;

    /// Runs a statement that reads. The error says whether the connection is gone with it.
    async fn read(
        &self,
        connection: &mut Self::Connection,
        text: &str,
        parameters: &[Value],
    ) -> Result<Vec<Row>, NoReading>;

    async fn hang_up(connection: Self::Connection);
}

/// The error of a reading.
pub(super) struct NoReading {
    pub(super) error: CallError,
    pub(super) breaks_the_connection: bool,
}

/// The longest time of one read, and the code of its error.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    pub(super) seconds: u64,
    pub(super) code: &'static str,
}

/// A few connections that are lent for one read each.
pub(super) struct Readers<S: Source> {
    shared: Arc<Shared<S>>,
    threads: Handle,
}

/// State of the tasks that read.
struct Shared<S: Source> {
    source: S,
    limit: Limit,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<S::Connection>>,
    /// Readings that came to an end, whatever it was.
    ended: AtomicU64,
}

impl<S: Source> Readers<S> {
    /// Opens nothing yet.
    pub(super) fn new(source: S, limit: Limit) -> Result<Self, CallError> {
        Ok(Self {
            shared: Arc::new(Shared {
                source,
                limit,
                permits: Arc::new(Semaphore::new(AT_MOST)),
                idle: Mutex::default(),
                ended: AtomicU64::new(0),
            }),
            threads: host_threads::started()?,
        })
    }

    /// Runs a statement that reads. `unavailable` if the node does not answer it in time, or answers no
    /// read at all while this one waits for its turn.
    pub(super) async fn read(
        &self,
        text: &str,
        parameters: &[Value],
    ) -> Result<Vec<Row>, CallError> {
        let (mut sender, receiver) = oneshot::channel();
        let (text, parameters) = (text.to_owned(), parameters.to_vec());
        let shared = self.shared.clone();
        self.threads.spawn(async move {
            let turn = tokio::select! {
                biased;
                // The caller is gone, and nothing was begun.
                () = sender.closed() => return,
                turn = shared.turn() => turn,
            };
            match turn {
                Ok(permit) => shared.read(&text, &parameters, permit, sender).await,
                Err(error) => drop(sender.send(Err(error))),
            }
        });
        // The task says something before it ends, unless the process does.
        receiver.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Closes the pool. Later reads return an error.
    pub(super) async fn close(&self) {
        self.shared.permits.close();
        let idle = std::mem::take(&mut *self.shared.idle());
        for connection in idle {
            // No read is in flight on it, so closing it loses nothing.
            S::hang_up(connection).await;
        }
    }
}

impl<S: Source> Shared<S> {
    /// Waits for a connection, as long as the node answers those before.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, CallError> {
        let mut turn = pin!(self.permits.clone().acquire_owned());
        let mut ended = self.ended.load(Relaxed);
        loop {
            if let Ok(permit) = within(self.takes_at_most(), &mut turn).await {
                return permit.map_err(|_| closed());
            }
            let now = self.ended.load(Relaxed);
            if now == ended {
                return Err(self.no_answer());
            }
            ended = now;
        }
    }

    /// Completes one read. The permit returns to the pool with the connection.
    async fn read(
        &self,
        text: &str,
        parameters: &[Value],
        _permit: OwnedSemaphorePermit,
        sender: oneshot::Sender<Result<Vec<Row>, CallError>>,
    ) {
        let mut reading = pin!(self.read_patiently(text, parameters));
        match within(self.takes_at_most(), &mut reading).await {
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
                Err(failure) if failure.breaks_the_connection => self.idle().clear(),
                result => return result.map_err(|failure| of_reading(failure.error)),
            }
        }
        let connection = self.source.open().await.map_err(of_reading)?;
        let read = self.read_by(connection, text, parameters).await;
        read.map_err(|failure| of_reading(failure.error))
    }

    /// A connection that failed is not lent again.
    async fn read_by(
        &self,
        mut connection: S::Connection,
        text: &str,
        parameters: &[Value],
    ) -> Result<Vec<Row>, NoReading> {
        let rows = self.source.read(&mut connection, text, parameters).await?;
        self.idle().push(connection);
        Ok(rows)
    }

    fn takes_at_most(&self) -> Duration {
        Duration::from_secs(self.limit.seconds)
    }

    fn no_answer(&self) -> CallError {
        let (name, seconds) = (self.source.name(), self.limit.seconds);
        let message = format!("{name} did not answer within {seconds} s");
        CallError::unavailable(self.limit.code, message)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<S::Connection>> {
        // Nothing can panic while it is held.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> CallError {
    CallError::unavailable("closed", "the database is closed")
}

/// Only the node itself can delay the host's own read: an error that is a conflict for a strategy, for
/// example a wait that timed out, means here that the node can't answer.
fn of_reading(mut error: CallError) -> CallError {
    if error.kind == ErrorKind::Conflict {
        error.kind = ErrorKind::Unavailable;
    }
    error
}
