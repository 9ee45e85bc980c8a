//! Locks in ZooKeeper, after its published recipes: exclusive, and shared with and without a limit, first
//! come first served, with fencing tokens. Needs ZooKeeper 3.5.3 or later.
//!
//! **Nodes.** Each name has a folder (a container, which the service removes when it is empty), and each
//! request an ephemeral sequential node in it. The nodes in the order of their numbers are the queue. The
//! recipe *locks* gives the name to the first; the recipe *shared locks* lets readers in up to the
//! first writer; a limit is that of *semaphores*, in the form that `capability::lock::Mode::admits` says:
//! the smallest limit among the readers is in force. A request watches the node that it waits for, so that
//! a release wakes one; a reader that waits for any of several readers watches the folder. The rule of who
//! holds a name is in `queue`.
//!
//! **Names** are taken in sorted order, one after the other. The folder of a name is its digest, with the
//! run's name in it, so that two runs on one service never wait for each other.
//!
//! **Tokens** are the numbers of the transactions that made the nodes. They grow over all names, also when the
//! service is restarted, as long as it keeps its data. *Example:* worker 1 has the node …12 of transaction
//! 0x200000005, worker 2 the node …13 of 0x200000007: whatever checks tokens refuses worker 1 once it has
//! seen worker 2.
//!
//! **Sessions.** Nodes end with the session that made them: when it is closed, or when the service has not
//! heard of it for the time-out. `lease` in the URL is what is asked for (10 s); the service gives from 2 to
//! 20 of its ticks. A heartbeat goes to the leader (`sync`), so one that is answered shows that the leader
//! can be reached. A session whose heartbeats were not answered counts as lost a third of its time-out before the
//! service can end it: `is-owner` is false, the release is `expired`, and `renew` returns the code
//! `lock-lost`. Its connection is closed, so that the locks are free as soon as the service hears of it; the
//! next acquire opens a new session. A process that was paused for longer finds its locks lost when it goes on,
//! but a write that was on its way is kept out by the fencing token alone. *Example:* time-out 9 s,
//! heartbeats at 2.25 s and 4.5 s answered, the service is unreachable from 5 s on; at 10.5 s the holder takes
//! its locks for lost, and at 13.5 s at the earliest the service may grant them to another session.
//!
//! **Lost answers.** A create whose answer is lost may have left a node behind. Its name has an identifier
//! that is never reused, so it is looked for, and taken over, before another one is made. An acquire that
//! fails removes what it made; if it can't now, it is `indefinite`, and a background task goes on until the
//! session ends. A release without an answer is `indefinite`, likewise.

mod claim;
mod classify;
mod live;
mod lock;
mod queue;
mod server;
mod session;

use crate::capability::clock::Clock;
use crate::capability::lock::{Lock, LockService, LockSession, Mode, SessionOptions};
use crate::capability::lock_names;
use crate::lock_settings::{OF_LEASES, Settings};
use crate::model::error::CallError;
use crate::secret_url::SecretUrl;
use async_trait::async_trait;
use claim::Names;
use live::Live;
use lock::ZookeeperLock;
use server::Server;
use session::{RemoveOnDrop, SharedSession};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The locks of one ensemble.
pub struct ZookeeperLocks {
    server: Arc<Server>,
    settings: Settings,
    clock: Arc<dyn Clock>,
    /// Unlike that of any other service, on this machine or another.
    identity: String,
    sessions: AtomicU64,
    prefix: Arc<str>,
}

impl ZookeeperLocks {
    /// Finds the service, or says why not. Waiting and time-outs are measured on `clock`.
    pub async fn open(url: &SecretUrl, clock: Arc<dyn Clock>) -> Result<Self, CallError> {
        let settings = Settings::from_url(url, OF_LEASES)?;
        let server = Server::from_url(&settings.url)?;
        drop(server.connect(settings.pace(None)?.lease).await?);
        let random = || RandomState::new().hash_one(std::process::id());
        Ok(Self {
            server: Arc::new(server),
            settings,
            clock,
            identity: format!("{:016x}{:016x}", random(), random()),
            sessions: AtomicU64::new(0),
            prefix: "".into(),
        })
    }

    /// Counts the requests that hold a name or wait for it.
    pub async fn requests(&self, name: &str) -> Result<usize, CallError> {
        let pace = self.settings.pace(None)?;
        let live = Live::open(&self.server, pace, Arc::clone(&self.clock)).await?;
        let names = Names::new(vec![name.to_owned()], &self.prefix, &self.server);
        Ok(names.children(&live, 0).await?.len())
    }

    /// Keeps its names apart from those of other runs; the messages name them without that.
    pub fn of_run(mut self, run: &str) -> Self {
        self.prefix = format!("{run}:").into();
        self
    }
}

#[async_trait]
impl LockService for ZookeeperLocks {
    fn traits(&self) -> Vec<(String, String)> {
        lock_names::traits([
            ("lease", "no"),
            ("fencing", "yes"),
            ("shared", "yes"),
            ("shared-limit", "yes"),
            ("fair", "yes"),
            ("across-processes", "yes"),
            ("across-hosts", "yes"),
        ])
    }

    async fn open(
        &self,
        owner: String,
        options: SessionOptions,
    ) -> Result<Box<dyn LockSession>, CallError> {
        if options.lease.is_some() {
            return Err(lock_names::no_lease("ZooKeeper locks"));
        }
        if options.poll.is_some() {
            return Err(lock_names::no_poll("ZooKeeper locks"));
        }
        let number = self.sessions.fetch_add(1, Ordering::Relaxed);
        let session = SharedSession::open(
            Arc::clone(&self.server),
            Arc::clone(&self.clock),
            owner,
            self.settings.pace(None)?,
            Arc::clone(&self.prefix),
            format!("{}_{number}", self.identity),
        );
        Ok(Box::new(ZookeeperSession(Arc::new(session.await?))))
    }
}

struct ZookeeperSession(Arc<SharedSession>);

#[async_trait]
impl LockSession for ZookeeperSession {
    fn lock(&mut self, names: Vec<String>, mode: Mode) -> Result<Box<dyn Lock>, CallError> {
        lock_names::check_mode(mode)?;
        let names = lock_names::sorted(names)?;
        Ok(Box::new(ZookeeperLock::new(
            names,
            mode,
            Arc::clone(&self.0),
        )))
    }

    async fn close(self: Box<Self>) {
        for held in self.0.end() {
            let guard = RemoveOnDrop::new(&held.claim);
            if held.claim.remove().await.is_ok() {
                guard.disarm();
            }
        }
        self.0.close().await;
    }
}

impl Drop for ZookeeperSession {
    fn drop(&mut self) {
        for held in self.0.end() {
            drop(RemoveOnDrop::new(&held.claim));
        }
        self.0.let_go();
    }
}
