//! Locks in Redis: exclusive and shared, with leases that are renewed while the holder lives, and
//! with fencing tokens. Needs Redis 6 or later, one server (no cluster).
//!
//! **Names.** The keys of a run start with the name of the run, so that two runs on one Redis never
//! wait for each other. The keys of a dead run expire by themselves: a lease at its end, a wake-up
//! after a second, a token after a day.
//!
//! **In Redis** the holders of a name are a sorted set: each grant, whose identifier is never reused,
//! with the end of its lease on Redis's clock. An expired lease is ignored. Each step is a script, so
//! that its reads and writes are atomic: acquire takes all names or none; release and renew change
//! their own grant only. A release wakes one waiter (`BLPOP`); a waiter that is not woken retries after
//! the poll interval.
//!
//! **Leases.** A task renews each grant at each heartbeat (a quarter of the lease, unless the URL says
//! otherwise), and ends when the lock is released. So a lease only expires when the runner dies, is paused,
//! or can't reach Redis. If it can't, the lock counts as lost a tenth of the lease before its end:
//! `is-owner` is false, the release is `expired`, and `renew` returns the code `lock-lost`. A process that was
//! paused for longer than its lease has lost its locks and does not know it yet: only the fencing token
//! keeps its late writes out. The runner counts a lease from before it sends the request, so its count
//! ends first as long as both clocks run equally fast. *Example:* lease 10 s, renewed at 2.5 s, 5 s and
//! 7.5 s; the process is paused from 8 s to 20 s; Redis expires the grant at 17.5 s and grants token 8 to
//! another worker; the write with token 7 at 20 s is refused by whatever checks tokens.
//!
//! **Lost locks.** `expired`: Redis still has the grant, and its lease is over; or the grant is gone,
//! and its lease was over on the runner's clock when the runner first learned so. `not-owner`: the
//! grant was gone while its lease still ran, because another client broke the lock or Redis lost its
//! data.
//!
//! **Tokens** are Redis's clock in microseconds, or one more than the last if that is greater. So they
//! grow even if Redis restarts without its data, as long as its clock is not set back.
//!
//! **When Redis fails.** *Down*: `unavailable`. *The answer to an acquire is lost*: the session
//! releases whatever it may have acquired, in advance if the command is still in flight, and returns
//! `unavailable`; if it can't release now, it returns `indefinite`, and retries in the background for
//! one lease. *The answer to a release is lost*: `indefinite`, likewise. If a release could not even be
//! sent, it is `unavailable`, and the lock is held as before. *Redis restarts without its data*: all
//! locks are lost (`not-owner`), and other clients can acquire them at once, while the holders still
//! believe in them. That is the known weakness of such a lock, also of one with a replica; fencing
//! tokens answer it.
//!
//! **The wait limit** bounds the waiting; an answer that never comes takes a few seconds more.

mod classify;
mod held;
mod holders;
mod link;
mod lock;
mod scripts;
mod server;
mod session;
mod waiting;

use crate::capability::clock::Clock;
use crate::capability::lock::{Holders, Lock, LockService, LockSession, Mode, SessionOptions};
use crate::capability::lock_names;
use crate::lock_settings::{OF_LEASES, Settings};
use crate::model::error::CallError;
use crate::secret_url::SecretUrl;
use async_trait::async_trait;
use link::{Connection, Link};
use lock::RedisLock;
use server::Server;
use session::{ReleaseOnDrop, SharedSession};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// The locks of one Redis database.
pub struct RedisLocks {
    server: Arc<Server>,
    settings: Settings,
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
    pub async fn open(url: &SecretUrl, clock: Arc<dyn Clock>) -> Result<Self, CallError> {
        let settings = Settings::from_url(url, OF_LEASES)?;
        let server = Server::from_url(&settings.url)?;
        Connection::open(&server).await?.check().await?;
        let random = || RandomState::new().hash_one(std::process::id());
        Ok(Self {
            server: Arc::new(server),
            settings,
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
            ("shared-limit", "yes"),
            ("fair", "no"),
            ("across-processes", "yes"),
            ("across-hosts", "yes"),
        ])
    }

    async fn open(
        &self,
        owner: String,
        options: SessionOptions,
    ) -> Result<Box<dyn LockSession>, CallError> {
        let (_, poll) = lock_names::lease_and_poll(options)?;
        let pace = self.settings.pace(options.lease)?;
        let number = self.sessions.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(RedisSession(Arc::new(SharedSession {
            link: Link::open(Arc::clone(&self.server)).await?,
            waiting: Default::default(),
            clock: Arc::clone(&self.clock),
            identity: format!("{}:{number}:{owner}", self.identity),
            owner,
            pace,
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
    fn lock(&mut self, names: Vec<String>, mode: Mode) -> Result<Box<dyn Lock>, CallError> {
        lock_names::check_mode(mode)?;
        let names = lock_names::sorted(names)?;
        Ok(Box::new(RedisLock::new(names, mode, Arc::clone(&self.0))))
    }

    async fn holders(&mut self, name: &str) -> Result<Holders, CallError> {
        holders::list(&self.0, name).await
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
