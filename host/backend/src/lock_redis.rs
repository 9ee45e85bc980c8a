//! Locks in Redis: exclusive and shared, with leases that are renewed while the holder lives, and
//! with fencing tokens. Needs Redis 6 or later, one server (no cluster).
//!
//! **Names.** A run's names stand in Redis behind the name of the run, so that two runs that use one
//! Redis never wait for each other. What a dead run left there ends by itself: a lease, a call after
//! a second, a token after a day.
//!
//! **In Redis** the holders of a name are a sorted set: each grant, which nobody ever uses twice, with
//! the end of its lease on Redis's clock. A lease that is over counts for nothing. Each step is a
//! script, so that nothing comes between its looking and its writing: acquire takes all names or
//! none; release and renew change their own grant only. Who has to wait is called by the next
//! release, one at a time (`BLPOP`), and asks again after the poll interval if no call came.
//!
//! **Leases.** A task renews each grant at a third of its lease, and ends when the lock is given up.
//! So a lease only runs out when the runner dies, stands still, or can't reach Redis. A process that
//! was paused for longer than its lease has lost its locks and does not know it yet: what keeps its
//! late writes out is the fencing token, and nothing else. On our side a lease is counted from before
//! Redis was asked, so ours ends first as long as both clocks run equally fast.
//!
//! **How a lock was lost.** `expired`: Redis still knows the grant, and its lease is over; or the
//! grant is gone, and its lease was over on our clock when we first heard so. `not-owner`: the grant
//! was gone while its lease still ran. Then somebody broke it, or Redis forgot it.
//!
//! **Tokens** are Redis's clock in microseconds, or one more than the last if that is greater. So they
//! grow also when Redis restarts and forgets, as long as its clock is not set back.
//!
//! **When Redis fails.** *Down*: `unavailable`. *The answer to an acquire is lost*: what it may have
//! taken is given up, also in advance if it is still under way, and then it is `unavailable`; if that
//! can't be done now, it is `indefinite`, and giving up goes on in the background for one lease. *The
//! answer to a release is lost*: `indefinite`, likewise. If a release could not even be sent, it is
//! `unavailable`, and the lock is held as before. *Redis restarts without its data*: all locks are
//! lost (`not-owner`), and somebody else can have them at once, while their holders believe in them.
//! That is the known weakness of such a lock, also of one that is copied to a replica; fencing tokens
//! answer it.
//!
//! **The wait limit** bounds the waiting; an answer that never comes takes a few seconds more.

mod classify;
mod held;
mod link;
mod lock;
mod scripts;
mod session;
mod waiting;

use crate::capability::clock::Clock;
use crate::capability::lock::{Lock, LockService, LockSession, Mode, SessionOptions};
use crate::capability::lock_names;
use crate::model::change::Nanos;
use crate::model::fault::Fault;
use crate::secret_url::SecretUrl;
use async_trait::async_trait;
use link::{Connection, Link};
use lock::RedisLock;
use redis::{ConnectionInfo, IntoConnectionInfo};
use session::{ReleaseOnDrop, SharedSession};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

const DEFAULT_LEASE: Nanos = 10_000_000_000;
const DEFAULT_POLL: Nanos = 250_000_000;
const MILLISECOND: Nanos = 1_000_000;
const DAY: Nanos = 24 * 60 * 60 * 1_000_000_000;

/// The locks of one Redis database.
pub struct RedisLocks {
    server: Arc<ConnectionInfo>,
    clock: Arc<dyn Clock>,
    renews: bool,
    /// Unlike that of any other service, on this machine or another.
    identity: String,
    sessions: AtomicU64,
    /// Stands before the name of each lock, in Redis only.
    prefix: Arc<str>,
}

impl RedisLocks {
    /// Finds Redis, or says why not. Waiting and leases are measured on `clock`.
    pub async fn open(url: &SecretUrl, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        // The driver's own message could repeat what was given.
        let server = url.expose().as_str().into_connection_info().map_err(|_| {
            let message = "the URL makes no sense; it is redis://:PASSWORD@HOST:PORT/NUMBER";
            Fault::rejected("url", message)
        })?;
        Connection::open(&server).await?.check().await?;
        let random = || RandomState::new().hash_one(std::process::id());
        Ok(Self {
            server: Arc::new(server),
            clock,
            renews: true,
            identity: format!("{:016x}{:016x}", random(), random()),
            sessions: AtomicU64::new(0),
            prefix: "".into(),
        })
    }

    /// Keeps its names apart from those of other runs; the messages name them without that.
    pub fn of_run(mut self, run: &str) -> Self {
        self.prefix = format!("{run}:").into();
        self
    }

    /// Leaves every lease to run out unless `renew` is called.
    pub fn without_renewal(mut self) -> Self {
        self.renews = false;
        self
    }
}

#[async_trait]
impl LockService for RedisLocks {
    fn traits(&self) -> Vec<(String, String)> {
        lock_names::traits([
            ("lease", "yes"),
            ("fencing", "yes"),
            ("shared", "yes"),
            ("fair", "no"),
            ("across-processes", "yes"),
            ("across-hosts", "yes"),
        ])
    }

    async fn open(
        &self,
        owner: String,
        options: SessionOptions,
    ) -> Result<Box<dyn LockSession>, Fault> {
        let lease = options.lease.unwrap_or(DEFAULT_LEASE);
        let poll = options.poll.unwrap_or(DEFAULT_POLL);
        for (what, time) in [("a lease", lease), ("a poll interval", poll)] {
            if !(MILLISECOND..=DAY).contains(&time) {
                let message = format!("{what} in Redis is between a millisecond and a day");
                return Err(Fault::rejected("unsupported", message));
            }
        }
        let number = self.sessions.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(RedisSession(Arc::new(SharedSession {
            link: Link::open(Arc::clone(&self.server)).await?,
            waiting: Default::default(),
            clock: Arc::clone(&self.clock),
            identity: format!("{}:{number}:{owner}", self.identity),
            owner,
            lease,
            poll,
            renews: self.renews,
            prefix: Arc::clone(&self.prefix),
            last: AtomicU64::new(0),
            closed: watch::Sender::new(false),
            by_lock: Default::default(),
        }))))
    }
}

struct RedisSession(Arc<SharedSession>);

#[async_trait]
impl LockSession for RedisSession {
    fn lock(&mut self, names: Vec<String>, mode: Mode) -> Result<Box<dyn Lock>, Fault> {
        let names = lock_names::sorted(names)?;
        Ok(Box::new(RedisLock::new(names, mode, Arc::clone(&self.0))))
    }

    async fn close(self: Box<Self>) {
        let session = &self.0;
        for held in session.end() {
            let guard = ReleaseOnDrop::new(session, &held);
            if session.give_up(&held.claim).await.is_ok() {
                guard.disarm();
            }
        }
        session.waiting.close();
        session.link.close().await;
    }
}

impl Drop for RedisSession {
    fn drop(&mut self) {
        for held in self.0.end() {
            drop(ReleaseOnDrop::new(&self.0, &held));
        }
        self.0.waiting.close();
    }
}
