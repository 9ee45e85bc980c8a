//! Lock services in virtual time, one for each way in which services behave: leases like Redis's, locked
//! files, sessions like ZooKeeper's, entries of a cache like memcached's, connections to one node like
//! `GET_LOCK`'s, and connections of a pooler like those of advisory locks behind PgBouncer.
//!
//! **A call** travels from the client to the service, is decided there at one instant, and its answer
//! travels back; each way takes a draw of the topology's client latency. What one session sends
//! arrives in order. A process that stands still hears its answer when it goes on: what it was granted
//! may be over by then.
//!
//! **Lease.** Each grant has a lease, 10 s if nothing else is asked for, which the client's process
//! renews at each third while it lives and does not stand still. The end of a lease is decided by the
//! service's clock. Waiting is asking again after the poll interval, or when a release calls the
//! first of those that wait, which may then find that another one was quicker.
//!
//! **File.** Held until it is given up or its process ends; no lease, no tokens. Waiting is asking
//! again. The folder is on a server, so that asking takes a trip as everywhere.
//!
//! **Session.** First come, first served: the service keeps the queue. A process says at each third
//! of the session time-out (10 s) that it lives; when the service has not heard of it for that long,
//! what it holds is free, and its places in queues are lost. The client begins a new session by
//! itself then, as the usual libraries do.
//!
//! **Evicting.** As lease, but exclusive only, without tokens (memcached counts anew after a restart) and
//! without a call at a release. The cache evicts each entry at a time that it does not say, long before
//! its lease ends; the holder gets `not-owner` when it asks. It is empty after a restart.
//!
//! **Per node.** Held by a session's connection, which goes to a node of the cluster: each session to the
//! next, or all to the first if the endpoint is one writer. Each node knows its own locks only, so two
//! sessions on two nodes exclude each other from nothing. Locks end with the process and the node.
//!
//! **Pooled.** Each call goes over any of the pooler's connections, and the lock belongs to that one. So
//! another client that comes over the same one has the lock too, and a release over another one
//! releases nothing: the lock leaks (`pool.rs`).
//!
//! **Away.** A service that is restarted keeps what it knew, but for a cache and for locks of connections. What is asked meanwhile is
//! `unavailable`; a release whose answer was lost is `indefinite`, and an acquire too, unless
//! the service can be reached at once: then what it may have taken is given up. Leases go on to end
//! while it is away; sessions begin their time-outs anew when it is back.
//!
//! **Fail-over.** The replica that takes over knows of no lock; a holder gets `not-owner` when it
//! releases. It goes on counting tokens where the other stopped, as a service does that takes them
//! from its clock (`backend::lock_redis`) or from its log. So a fencing token is still greater than
//! all before it.
//!
//! **Skew.** The service's clock jumps: every lease, and every session's time-out, ends that much
//! earlier, and no client knows.

mod calls;
mod claims;
mod client;
mod deadlines;
pub mod event;
mod faults;
mod heartbeat;
mod kind;
mod lock;
mod message;
mod names;
mod pool;
mod server;
#[cfg(test)]
mod tests;

use super::clock::SimClock;
use super::kernel::Kernel;
use crate::capability::lock::{LockService, LockSession, SessionOptions};
use crate::event::Actor;
use crate::model::error::CallError;
use crate::model::sim_fault::FaultAction;
use crate::model::sim_locks::SimLocks;
use crate::model::topology::Topology;
use async_trait::async_trait;
use client::{Client, SimSession};
use event::LockEvent;
use message::{LOOK, Request};
use server::Server;
use std::sync::{Arc, Mutex, MutexGuard};

/// One simulated lock service.
pub struct SimLockService {
    kind: SimLocks,
    shared: Arc<Shared>,
}

/// State that the service and its clients share.
struct Shared {
    kernel: Kernel,
    clock: Arc<SimClock>,
    server: Mutex<Server>,
}

/// A service that has nothing locked. Ends of leases are times of `clock`.
pub fn open(
    kind: SimLocks,
    kernel: Kernel,
    clock: Arc<SimClock>,
    topology: &Topology,
    seed: u64,
) -> Arc<SimLockService> {
    Arc::new(SimLockService {
        kind,
        shared: Arc::new(Shared {
            server: Mutex::new(Server::new(kind, kernel.clone(), topology, seed)),
            kernel,
            clock,
        }),
    })
}

impl Shared {
    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().expect("no panic while held")
    }
}

impl SimLockService {
    /// Leaves every lease to run out unless `renew` is called.
    pub fn stop_renewing(&self) {
        self.shared.server().stop_renewing();
    }

    /// Its moment has come.
    pub fn happen(&self, event: LockEvent) {
        let mut server = self.shared.server();
        match event.0 {
            LOOK => server.look(),
            message => server.arrive(message),
        }
    }

    /// A fault of the schedule begins; those of others are none of its business.
    pub fn begin(&self, harm: &FaultAction) {
        let mut server = self.shared.server();
        match harm {
            FaultAction::RestartLocks { .. } => server.go_away(),
            FaultAction::FailoverLocks => server.fail_over(),
            FaultAction::SkewLocks { ahead } => server.jump(*ahead),
            FaultAction::CrashNode { node, .. } => server.lose_node(*node),
            _ => {}
        }
    }

    /// Ends the effect of a fault.
    pub fn end(&self, harm: &FaultAction) {
        if let FaultAction::RestartLocks { .. } = harm {
            self.shared.server().come_back();
        }
    }

    /// The process of an actor is dead. To be called before its sessions and locks are dropped: a
    /// dead process gives nothing up.
    pub fn worker_crashed(&self, actor: Actor) {
        self.shared.server().crash(actor);
    }
}

#[async_trait]
impl LockService for SimLockService {
    fn traits(&self) -> Vec<(String, String)> {
        kind::traits(self.kind)
    }

    async fn open(
        &self,
        owner: String,
        options: SessionOptions,
    ) -> Result<Box<dyn LockSession>, CallError> {
        let (lease, poll) = kind::options(self.kind, options)?;
        let client = Client::new(Arc::clone(&self.shared), self.kind, owner, lease, poll);
        let session = SimSession(Arc::new(client));
        session.0.ask(Request::Open).await?;
        Ok(Box::new(session))
    }
}
