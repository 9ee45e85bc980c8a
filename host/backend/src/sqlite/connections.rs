//! The connections by which sessions work: one to write, and as many to read as are needed at a time.
//!
//! A connection costs a thread and about 100 kB, and SQLite's own wait for the write lock is to sleep and
//! to ask again, by every connection that waits. So a session has a connection only while it needs one:
//! for a statement outside of a transaction, or from the first statement of a transaction to its end. A
//! session that writes waits for a turn, in the order of asking, and the turn comes with the connection to
//! write with, whose cache still has what it wrote before.
//!
//! SQLite still decides which connection has its lock: the turn only spares the asking. The SQL policy
//! admits nothing that depends on earlier statements of a connection, such as `changes()`.
//!
//! *Example.* Sessions A, B and C want to write. A has the turn and the connection of the last writer; B
//! and C queue. A commits: B gets the turn and the same connection. C has waited 5 seconds by then: its
//! call is a `conflict` with the code 5, which is what SQLite's own wait would have ended with.

use super::classify::classify;
use super::limits;
use super::options::BUSY_TIMEOUT;
use super::signals::Signals;
use crate::capability::budget::LARGEST_ANSWER;
use crate::capability::operation::Operation;
use crate::model::error::{CallError, ErrorKind};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Error, SqliteConnection};
use std::mem::take;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex as Queue, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Reads outside of transactions at the same time.
const READS_AT_ONCE: usize = 4;

/// One connection, on its own thread.
pub(super) struct Link {
    pub(super) connection: SqliteConnection,
    pub(super) signals: Arc<Signals>,
    /// The largest answer for which its limits are set, in bytes.
    largest_answer: usize,
}

/// The right to write, and the connection that the last writer left.
type Turn = OwnedMutexGuard<Option<Link>>;

/// A connection that is lent to a session, with the turn to write if the session has it.
pub(super) struct Hold {
    pub(super) link: Link,
    turn: Option<Turn>,
    /// The permit of a read outside of a transaction.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Hold {
    /// Closes the connection before the turn ends.
    pub(super) async fn close(self) {
        self.link.signals.abandon();
        // Waits until the thread has ended and SQLite has closed the connection, which rolls back
        // what is open. An error means that the thread had ended before.
        self.link.connection.close().await.ok();
    }
}

/// The connections of all sessions with one database.
pub(super) struct Connections {
    options: SqliteConnectOptions,
    /// The longest wait for a turn or for a connection.
    patience: Duration,
    /// The largest answer of each session that is opened from now on, in bytes.
    largest_answer: AtomicUsize,
    writer: Arc<Queue<Option<Link>>>,
    reads: Arc<Semaphore>,
    /// Connections that are not lent. The last one that came back is lent first.
    idle: Mutex<Vec<Link>>,
    /// Number of connections that were opened ahead.
    opened_ahead: AtomicUsize,
}

impl Connections {
    /// Opens nothing yet.
    pub(super) fn new(options: SqliteConnectOptions) -> Self {
        Self {
            // Buffer one row for its reader, not fifty.
            options: options.row_buffer_size(1),
            patience: BUSY_TIMEOUT,
            largest_answer: AtomicUsize::new(LARGEST_ANSWER),
            writer: Arc::default(),
            reads: Arc::new(Semaphore::new(READS_AT_ONCE)),
            idle: Mutex::default(),
            opened_ahead: AtomicUsize::new(0),
        }
    }

    /// Opens one of the connections that sessions outside of transactions use, unless all of them were
    /// opened before: so that no timed statement pays for it, and a database that can't be opened is an
    /// error of the first session.
    pub(super) async fn open_ahead(&self) -> Result<(), Error> {
        const WRITER: usize = 1;
        let opened = self.opened_ahead.fetch_add(1, Relaxed);
        if opened < READS_AT_ONCE + WRITER {
            let link = self.ready(None).await?;
            self.idle().push(link);
        }
        Ok(())
    }

    pub(super) fn set_largest_answer(&self, bytes: usize) {
        self.largest_answer.store(bytes, Relaxed);
    }

    pub(super) fn largest_answer(&self) -> usize {
        self.largest_answer.load(Relaxed)
    }

    /// A turn to write, with a connection.
    pub(super) async fn to_write(&self) -> Result<Hold, Failure> {
        let mut turn = self.turn().await?;
        let link = turn.take().or_else(|| self.idle().pop());
        Ok(Hold {
            link: self.ready(link).await?,
            turn: Some(turn),
            _permit: None,
        })
    }

    /// A connection for one read outside of a transaction.
    pub(super) async fn to_read(&self) -> Result<Hold, Failure> {
        let waits = timeout(self.patience, Arc::clone(&self.reads).acquire_owned());
        let permit = waits.await.map_err(|_| Failure::Busy)?;
        let permit = permit.map_err(|_| Error::PoolClosed)?;
        let hold = self.to_begin().await?;
        Ok(Hold {
            _permit: Some(permit),
            ..hold
        })
    }

    /// A connection for a transaction that does not write yet.
    pub(super) async fn to_begin(&self) -> Result<Hold, Failure> {
        let idle = self.idle().pop();
        Ok(Hold {
            link: self.ready(idle).await?,
            turn: None,
            _permit: None,
        })
    }

    /// A turn to write for a transaction that has begun without one. SQLite lets no transaction wait that
    /// has read, so that one goes on without a turn if there is none, and hears that from SQLite.
    pub(super) async fn upgrade(&self, hold: &mut Hold, has_read: bool) -> Result<(), Failure> {
        hold.turn = match hold.turn.take() {
            Some(turn) => Some(turn),
            None if has_read => Arc::clone(&self.writer).try_lock_owned().ok(),
            None => Some(self.turn().await?),
        };
        Ok(())
    }

    /// Takes a connection back, on which nothing is in flight and no transaction open.
    pub(super) fn give_back(&self, hold: Hold) {
        match hold.turn {
            Some(mut writer) if writer.is_none() => *writer = Some(hold.link),
            _ => self.idle().push(hold.link),
        }
    }

    /// Closes the connections that are not lent.
    pub(super) async fn close(&self) {
        let idle = take(&mut *self.idle());
        let writer = self.writer.try_lock().ok().and_then(|mut it| it.take());
        for link in idle.into_iter().chain(writer) {
            link.connection.close().await.ok();
        }
    }

    async fn turn(&self) -> Result<Turn, Failure> {
        if let Ok(turn) = Arc::clone(&self.writer).try_lock_owned() {
            return Ok(turn);
        }
        let turn = timeout(self.patience, Arc::clone(&self.writer).lock_owned()).await;
        turn.map_err(|_| Failure::Busy)
    }

    /// The connection, or else a new one, with the limits of now.
    async fn ready(&self, link: Option<Link>) -> Result<Link, Error> {
        let largest_answer = self.largest_answer();
        let (mut connection, signals) = match link {
            Some(link) if link.largest_answer == largest_answer => return Ok(link),
            Some(link) => (link.connection, link.signals),
            None => {
                let mut connection = self.options.connect().await?;
                let signals = Signals::install(&mut connection).await?;
                (connection, signals)
            }
        };
        limits::set(&mut connection, largest_answer).await?;
        Ok(Link {
            connection,
            signals,
            largest_answer,
        })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Link>> {
        // Nothing can panic while it is held.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reason why a session gets no connection.
#[derive(Debug)]
pub(super) enum Failure {
    /// Other sessions had it for too long: SQLite's own wait would end with the same.
    Busy,
    Connecting(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Connecting(error)
    }
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Busy => Self::new(ErrorKind::Conflict, "5", "database is locked"),
            Failure::Connecting(error) => classify(&error, Operation::Connecting),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use tokio::task::yield_now;

    fn connections() -> Arc<Connections> {
        Arc::new(Connections::new(SqliteConnectOptions::new()))
    }

    #[tokio::test]
    async fn turns_to_write_come_in_the_order_of_asking() {
        let connections = connections();
        let first = connections.turn().await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for number in 0..5 {
            let (connections, order) = (connections.clone(), order.clone());
            waiting.push(tokio::spawn(async move {
                let _turn = connections.turn().await.unwrap();
                order.lock().unwrap().push(number);
            }));
            yield_now().await;
        }
        assert!(order.lock().unwrap().is_empty(), "two write at once");
        drop(first);
        for one in waiting {
            one.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn as_many_connections_are_opened_ahead_as_sessions_use_outside_of_transactions() {
        let connections = connections();
        for _ in 0..2 * READS_AT_ONCE {
            connections.open_ahead().await.unwrap();
        }
        assert_eq!(connections.idle().len(), READS_AT_ONCE + 1);
        // The writer takes one of them.
        let hold = connections.to_write().await.unwrap();
        assert_eq!(connections.idle().len(), READS_AT_ONCE);
        connections.give_back(hold);
        assert_eq!(connections.idle().len(), READS_AT_ONCE);
    }

    #[tokio::test]
    async fn a_turn_that_does_not_come_in_time_is_what_sqlite_calls_busy() {
        let connections = Connections {
            patience: Duration::from_millis(20),
            ..Connections::new(SqliteConnectOptions::new())
        };
        let _writes = connections.turn().await.unwrap();
        let error = CallError::from(connections.turn().await.err().expect("it is taken"));
        assert_eq!((error.kind, &*error.code), (ErrorKind::Conflict, "5"));
        let reads = connections.reads.acquire_many(READS_AT_ONCE as u32);
        let _reads = reads.await.unwrap();
        let error = CallError::from(connections.to_read().await.err().expect("all are taken"));
        assert_eq!((error.kind, &*error.code), (ErrorKind::Conflict, "5"));
    }

    #[tokio::test]
    async fn a_transaction_that_has_read_waits_for_no_turn() {
        let connections = connections();
        let _writes = connections.turn().await.unwrap();
        let mut hold = connections.to_begin().await.unwrap();
        let upgraded = connections.upgrade(&mut hold, true).now_or_never();
        upgraded.expect("at once").unwrap();
        assert!(hold.turn.is_none());
        assert!(
            connections
                .upgrade(&mut hold, false)
                .now_or_never()
                .is_none()
        );
    }
}
