//! Locks that a database server gives to a connection, and that end with it: `GET_LOCK` of MariaDB and
//! MySQL, advisory locks of PostgreSQL. There is no lease, and no token.
//!
//! **Connections.** Each lock that is held has a connection of its own, so that a waiting acquire does
//! not delay the other locks, and a lock that is broken takes no other with it. A session keeps the
//! connections of released locks, so a session that holds one lock at a time has one connection.
//!
//! **Waiting** is the server's: it queues the requests. It is asked for half a second at a time, so a
//! request whose caller is gone leaves the queue by itself. So the order of arrival is kept only among
//! waits that are shorter.
//!
//! **Lost locks.** At each heartbeat the server is asked if the connection still has the lock. If it says
//! no, or does not answer, the lock is lost for good: the connection is closed, `is-owner` is false,
//! `release` returns `not-owner`, and `renew` returns the code `lock-lost`. A release without an answer is
//! `indefinite`, with the same code: another session may have held the lock before. *Example:* heartbeat
//! 1 s; the server is killed 0.2 s after a heartbeat; the holder learns of it within 0.8 s, and another
//! session can have had the lock for as long as the server has been back.
//!
//! **What it is not.** The lock belongs to one server. On a cluster that is written to on many nodes, each
//! node has its own, and after a fail-over the new primary knows none. A server does not notice a client
//! whose machine is gone until its own time-outs for connections end, and keeps the lock until then.

mod held;
mod key;
mod lock;
mod session;

use crate::capability::clock::Clock;
use crate::capability::lock::{Lock, LockService, LockSession, Mode, SessionOptions};
use crate::capability::lock_names;
use crate::lock_settings::Settings;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use async_trait::async_trait;
use lock::ConnectionLock;
use session::SharedSession;
use std::sync::Arc;
use std::time::Duration;

pub(super) use key::Key;

/// Time-out of one answer, beyond the time for which the server was asked to wait.
const PATIENCE: Duration = Duration::from_secs(4);

/// Time between two looks at a lock that is held, unless the URL says otherwise.
const DEFAULT_HEARTBEAT: Nanos = 1_000_000_000;

/// Time between two looks at a lock for which the server has no queue.
pub(super) const DEFAULT_POLL: Nanos = 50_000_000;

/// A server that gives locks to connections.
#[async_trait]
pub(super) trait Server: Send + Sync {
    /// As [`LockService::traits`].
    fn traits(&self) -> Vec<(String, String)>;

    /// `rejected` for a mode that the server lacks.
    fn check_mode(&self, mode: Mode) -> Result<(), CallError>;

    /// The poll interval of a session. `rejected` where the server's queue is all that is waited in.
    fn poll(&self, asked: Option<Nanos>) -> Result<Nanos, CallError>;

    async fn connect(&self, poll: Nanos) -> Result<Box<dyn Connection>, CallError>;
}

/// One connection. Dropping it closes it, and the server releases what it had. An error of any call means
/// that it is of no use any more.
#[async_trait]
pub(super) trait Connection: Send {
    /// Takes one lock, and waits for it. False if the time was too short.
    async fn take(&mut self, key: &Key, mode: Mode, wait: Duration) -> Result<bool, CallError>;

    /// True if the server says that this connection has all of them.
    async fn holds(&mut self, keys: &[Key], mode: Mode) -> Result<bool, CallError>;

    /// Releases them. Returns how many of them it had.
    async fn release(&mut self, keys: &[Key], mode: Mode) -> Result<usize, CallError>;

    /// Ends the connections that have them, and waits until they are gone.
    async fn break_locks(&mut self, keys: &[Key]) -> Result<(), CallError>;

    /// Says good-bye.
    async fn hang_up(self: Box<Self>);
}

/// The locks of one server.
pub struct ConnectionLocks {
    server: Arc<dyn Server>,
    clock: Arc<dyn Clock>,
    heartbeat: Nanos,
    /// Stands before the name of each lock, on the server only.
    prefix: Arc<str>,
}

impl ConnectionLocks {
    /// Finds the server, or says why not. Waiting is measured on `clock`.
    pub(super) async fn open(
        server: Arc<dyn Server>,
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CallError> {
        server.connect(DEFAULT_POLL).await?.hang_up().await;
        Ok(Self {
            server,
            clock,
            heartbeat: settings.heartbeat.unwrap_or(DEFAULT_HEARTBEAT),
            prefix: "".into(),
        })
    }

    /// Keeps its names apart from those of other runs; the messages name them without that.
    pub fn of_run(mut self, run: &str) -> Self {
        self.prefix = format!("{run}:").into();
        self
    }
}

#[async_trait]
impl LockService for ConnectionLocks {
    fn traits(&self) -> Vec<(String, String)> {
        self.server.traits()
    }

    async fn open(
        &self,
        owner: String,
        options: SessionOptions,
    ) -> Result<Box<dyn LockSession>, CallError> {
        if options.lease.is_some() {
            return Err(lock_names::no_lease("locks of a connection"));
        }
        let session = SharedSession::open(
            Arc::clone(&self.server),
            Arc::clone(&self.clock),
            owner,
            Arc::clone(&self.prefix),
            self.heartbeat,
            self.server.poll(options.poll)?,
        );
        Ok(Box::new(ConnectionSession(Arc::new(session.await?))))
    }
}

struct ConnectionSession(Arc<SharedSession>);

#[async_trait]
impl LockSession for ConnectionSession {
    fn lock(&mut self, names: Vec<String>, mode: Mode) -> Result<Box<dyn Lock>, CallError> {
        lock_names::check_mode(mode)?;
        self.0.server.check_mode(mode)?;
        let names = lock_names::sorted(names)?;
        Ok(Box::new(ConnectionLock::new(
            names,
            mode,
            Arc::clone(&self.0),
        )))
    }

    async fn close(self: Box<Self>) {
        for held in self.0.end() {
            held.release_and_hang_up().await;
        }
        for connection in self.0.take_idle() {
            connection.hang_up().await;
        }
    }
}

impl Drop for ConnectionSession {
    fn drop(&mut self) {
        // Each connection closes as it is dropped.
        drop(self.0.end());
        drop(self.0.take_idle());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::RealClock;
    use crate::secret_url::SecretUrl;
    use std::time::Instant;

    /// A server on which another session has every lock, and whose answer comes at half of the time.
    struct Hasty;

    #[async_trait]
    impl Server for Hasty {
        fn traits(&self) -> Vec<(String, String)> {
            Vec::new()
        }

        fn check_mode(&self, _: Mode) -> Result<(), CallError> {
            Ok(())
        }

        fn poll(&self, _: Option<Nanos>) -> Result<Nanos, CallError> {
            Ok(DEFAULT_POLL)
        }

        async fn connect(&self, _: Nanos) -> Result<Box<dyn Connection>, CallError> {
            Ok(Box::new(Self))
        }
    }

    #[async_trait]
    impl Connection for Hasty {
        async fn take(&mut self, _: &Key, _: Mode, wait: Duration) -> Result<bool, CallError> {
            tokio::time::sleep(wait / 2).await;
            Ok(false)
        }

        async fn holds(&mut self, _: &[Key], _: Mode) -> Result<bool, CallError> {
            Ok(false)
        }

        async fn release(&mut self, _: &[Key], _: Mode) -> Result<usize, CallError> {
            Ok(0)
        }

        async fn break_locks(&mut self, _: &[Key]) -> Result<(), CallError> {
            Ok(())
        }

        async fn hang_up(self: Box<Self>) {}
    }

    #[tokio::test]
    async fn a_server_that_answers_too_early_is_asked_again() {
        let clock = RealClock::new();
        clock.start();
        let url = SecretUrl::parse("postgres://db/shop").unwrap();
        let settings = Settings::from_url(&url, &[]).unwrap();
        let service = ConnectionLocks::open(Arc::new(Hasty), &settings, Arc::new(clock));
        let service = service.await.unwrap();
        let session = service.open("me".to_owned(), SessionOptions::default());
        let mut session = session.await.unwrap();
        let mut lock = session.lock(vec!["a".to_owned()], Mode::Exclusive).unwrap();
        let (wait, began) = (Duration::from_millis(20), Instant::now());
        let refused = lock.acquire(wait.as_nanos() as Nanos).await;
        assert_eq!(refused.unwrap_err().code, "lock-wait-timeout");
        assert!(began.elapsed() >= wait);
    }
}
