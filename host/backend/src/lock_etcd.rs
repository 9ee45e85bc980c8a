//! Locks in etcd 3.4 or later: exclusive and shared, with and without a limit, first in first out, with leases
//! that are renewed while the holder lives, and with fencing tokens.
//!
//! **Client.** Requests go to etcd's JSON gateway, by HTTP: the gRPC client for etcd compiles etcd's protocol
//! with `protoc`, which a machine would need for every build of the runner. A server that is configured by a
//! file answers there only with `enable-grpc-gateway: true`.
//!
//! **In etcd** each request has a lease and, for each name in sorted order, a key. The keys of a name are its
//! queue, in the order of their creation (`queue` names the recipes). A waiting writer watches the key before
//! its own; a waiting reader watches the queue. A release deletes all keys in one transaction, if all are there;
//! a break deletes those of the holders.
//!
//! **Tokens** are create revisions. The whole of etcd has one revision, which grows with every change and over
//! restarts, so they grow for each name.
//!
//! **Leases** are at least 2 s, since etcd makes none shorter. A task renews each at every heartbeat (a quarter of the lease,
//! unless the URL says otherwise), from the moment it is made, so that no grant has a lease that ran out
//! while it waited. Without an answer, the lock counts as lost a tenth of the lease before its end:
//! `is-owner` is false, the release is `expired`, and `renew` returns the code `lock-lost`. The runner counts
//! from before it sends a request, and etcd in whole seconds, rounded up: so etcd's count ends last. *Example:* lease
//! 4 s, heartbeat 1 s, and all servers are paused at 10.5 s: the last heartbeat was sent at 10 s, so the holder
//! learns at 13.6 s, and etcd revokes the lease at 14 s or later.
//!
//! **Several servers.** A request goes to the server that answered last, and to the next one if that can't be
//! reached, or does not answer within a heartbeat (4 s at most). A release goes on only where it was
//! certainly not carried out; else it is `indefinite`. Two of three servers are enough; with fewer, every
//! call is `unavailable` or `indefinite`, and each holder learns in time that its lease is not renewed.
//!
//! **What it is not.** A lease excludes others only as long as clocks run equally fast and the holder
//! looks: one that is paused for longer than its lease goes on without the lock. Only the token keeps its late writes out.

mod api;
mod classify;
mod held;
mod lock;
mod queue;
mod session;

use crate::capability::clock::Clock;
use crate::capability::lock::{Lock, LockService, LockSession, Mode, SessionOptions};
use crate::capability::lock_names;
use crate::lock_settings::{OF_LEASES, Settings};
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::secret_url::SecretUrl;
use api::Api;
use async_trait::async_trait;
use classify::Operation;
use lock::EtcdLock;
use serde_json::json;
use session::SharedSession;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::watch;

/// The shortest lease that etcd makes.
const LEAST_LEASE: Nanos = 2_000_000_000;

/// Timeout of the first answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// The locks of one etcd.
pub struct EtcdLocks {
    api: Arc<Api>,
    settings: Settings,
    clock: Arc<dyn Clock>,
    renews: bool,
    /// Stands before the name of each lock, in etcd only.
    prefix: Arc<str>,
}

impl EtcdLocks {
    /// Finds etcd, or says why not. Waiting and leases are measured on `clock`.
    pub async fn open(url: &SecretUrl, clock: Arc<dyn Clock>) -> Result<Self, CallError> {
        let settings = Settings::from_url(url, OF_LEASES)?;
        refuse_short(settings.pace(None)?.lease)?;
        let api = Api::new(&settings.url)?;
        // A range, which only a majority answers.
        let body = json!({ "key": api::text("contend/") });
        api.call("/v3/kv/range", &body, Operation::Reading, PATIENCE)
            .await?;
        Ok(Self {
            api: Arc::new(api),
            settings,
            clock,
            renews: true,
            prefix: "".into(),
        })
    }

    /// Keeps its names apart from those of other runs; the messages name them without that.
    pub fn of_run(mut self, run: &str) -> Self {
        self.prefix = format!("{run}:").into();
        self
    }

    /// The number of requests for a name: those that hold it, and those that wait.
    pub async fn requests(&self, name: &str) -> Result<u64, CallError> {
        let queue = queue::of(&self.prefix, name);
        let body = json!({
            "key": api::text(&queue), "range_end": api::text(&queue::end_of(&queue)), "count_only": true,
        });
        let path = "/v3/kv/range";
        let answer = self
            .api
            .call(path, &body, Operation::Reading, PATIENCE)
            .await?;
        Ok(api::number(&answer["count"]))
    }

    /// Leaves every lease to run out unless `renew` is called.
    pub fn without_renewal(mut self) -> Self {
        self.renews = false;
        self
    }
}

fn refuse_short(lease: Nanos) -> Result<(), CallError> {
    if lease < LEAST_LEASE {
        let message = "etcd makes no lease shorter than 2 s; take a longer one";
        return Err(CallError::rejected("unsupported", message));
    }
    Ok(())
}

#[async_trait]
impl LockService for EtcdLocks {
    fn traits(&self) -> Vec<(String, String)> {
        lock_names::traits([
            ("lease", "yes"),
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
        let (_, poll) = lock_names::lease_and_poll(options)?;
        let pace = self.settings.pace(options.lease)?;
        refuse_short(pace.lease)?;
        Ok(Box::new(EtcdSession(Arc::new(SharedSession {
            api: Arc::clone(&self.api),
            clock: Arc::clone(&self.clock),
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

struct EtcdSession(Arc<SharedSession>);

#[async_trait]
impl LockSession for EtcdSession {
    fn lock(&mut self, names: Vec<String>, mode: Mode) -> Result<Box<dyn Lock>, CallError> {
        lock_names::check_mode(mode)?;
        let names = lock_names::sorted(names)?;
        Ok(Box::new(EtcdLock::new(names, mode, Arc::clone(&self.0))))
    }

    async fn close(self: Box<Self>) {
        for request in self.0.end() {
            // If this fails, it is given up in the background.
            request.give_up().await.ok();
        }
    }
}

impl Drop for EtcdSession {
    fn drop(&mut self) {
        // Each is given up in the background.
        drop(self.0.end());
    }
}
