//! Locks of a service that knows of no simulation, as those in memory, with each call in the
//! simulation's log.

use super::kernel::Kernel;
use crate::capability::lock::{
    Grant, Holders, Lock, LockService, LockSession, Mode, ReleaseOutcome, SessionOptions,
};
use crate::capability::lock_names;
use crate::event::{Actor, LockCall, What};
use crate::model::change::Nanos;
use crate::model::error::{CallError, ErrorKind};
use async_trait::async_trait;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Weak};

/// Passes every call on, and logs how it ended.
pub struct LoggedLocks {
    service: Arc<dyn LockService>,
    kernel: Kernel,
}

impl LoggedLocks {
    pub fn new(service: Arc<dyn LockService>, kernel: Kernel) -> Self {
        Self { service, kernel }
    }
}

#[async_trait]
impl LockService for LoggedLocks {
    fn traits(&self) -> Vec<(String, String)> {
        self.service.traits()
    }

    async fn open(
        &self,
        owner: String,
        options: SessionOptions,
    ) -> Result<Box<dyn LockSession>, CallError> {
        Ok(Box::new(LoggedSession {
            session: Some(self.service.open(owner, options).await?),
            locks: Vec::new(),
            kernel: self.kernel.clone(),
            actor: self.kernel.actor().into(),
        }))
    }
}

/// Facts of one lock that the log needs, as long as the lock is there.
struct Named {
    names: Arc<str>,
    is_held: AtomicBool,
    kernel: Kernel,
    actor: Actor,
}

impl Named {
    fn log(&self, sent: Nanos, call: LockCall, token: Option<u64>) {
        self.kernel.log(|| What::Lock {
            actor: self.actor,
            sent,
            call,
            names: self.names.clone(),
            token,
        });
    }

    /// The lock ends with its session or its holder.
    fn give_up(&self) {
        if self.is_held.swap(false, Relaxed) {
            self.log(self.kernel.now(), LockCall::GivenUp, None);
        }
    }
}

struct LoggedSession {
    /// `None` when it was closed.
    session: Option<Box<dyn LockSession>>,
    locks: Vec<Weak<Named>>,
    kernel: Kernel,
    actor: Actor,
}

impl LoggedSession {
    fn give_up(&mut self) {
        let locks = self.locks.drain(..);
        locks
            .filter_map(|lock| lock.upgrade())
            .for_each(|lock| lock.give_up());
    }
}

#[async_trait]
impl LockSession for LoggedSession {
    fn lock(&mut self, names: Vec<String>, mode: Mode) -> Result<Box<dyn Lock>, CallError> {
        let Some(session) = &mut self.session else {
            return Err(lock_names::session_closed());
        };
        let sorted = lock_names::sorted(names.clone())?;
        let lock = session.lock(names, mode)?;
        let named = Arc::new(Named {
            names: sorted.join(", ").into(),
            is_held: AtomicBool::new(false),
            kernel: self.kernel.clone(),
            actor: self.actor,
        });
        self.locks.retain(|lock| lock.strong_count() > 0);
        self.locks.push(Arc::downgrade(&named));
        Ok(Box::new(LoggedLock {
            lock: Some(lock),
            named,
        }))
    }

    async fn holders(&mut self, name: &str) -> Result<Holders, CallError> {
        match &mut self.session {
            Some(session) => session.holders(name).await,
            None => Err(lock_names::session_closed()),
        }
    }

    async fn close(mut self: Box<Self>) {
        self.give_up();
        if let Some(session) = self.session.take() {
            session.close().await;
        }
    }
}

impl Drop for LoggedSession {
    fn drop(&mut self) {
        self.give_up();
    }
}

struct LoggedLock {
    /// `None` when it was closed.
    lock: Option<Box<dyn Lock>>,
    named: Arc<Named>,
}

impl LoggedLock {
    fn lock(&mut self) -> &mut dyn Lock {
        let lock = self.lock.as_mut();
        &mut **lock.expect("it is there until it is closed")
    }
}

#[async_trait]
impl Lock for LoggedLock {
    async fn acquire(&mut self, wait: Nanos) -> Result<Grant, CallError> {
        let sent = self.named.kernel.now();
        let acquired = self.lock().acquire(wait).await;
        match &acquired {
            Ok(grant) => {
                self.named.is_held.store(true, Relaxed);
                let lease_ends = grant.lease_ends;
                let token = grant.fencing.first().map(|(_, token)| *token);
                self.named
                    .log(sent, LockCall::Granted { lease_ends }, token);
            }
            Err(error) if error.kind == ErrorKind::Conflict => {
                self.named.log(sent, LockCall::NotGranted, None);
            }
            Err(_) => {}
        }
        acquired
    }

    async fn release(&mut self) -> Result<ReleaseOutcome, CallError> {
        let sent = self.named.kernel.now();
        let released = self.lock().release().await;
        if let Ok(outcome) = &released {
            self.named.is_held.store(false, Relaxed);
            let call = match outcome {
                ReleaseOutcome::Released => LockCall::Released,
                ReleaseOutcome::Expired => LockCall::ReleasedLate,
                ReleaseOutcome::NotOwner => LockCall::NotOwner,
            };
            self.named.log(sent, call, None);
        }
        released
    }

    async fn renew(&mut self) -> Result<Grant, CallError> {
        self.lock().renew().await
    }

    async fn is_owner(&mut self) -> Result<bool, CallError> {
        let sent = self.named.kernel.now();
        let asked = self.lock().is_owner().await;
        if let Ok(held) = asked {
            self.named.log(sent, LockCall::Asked { held }, None);
        }
        asked
    }

    fn current_grant(&self) -> Option<Grant> {
        self.lock.as_ref().and_then(|lock| lock.current_grant())
    }

    async fn break_lock(&mut self) -> Result<(), CallError> {
        let sent = self.named.kernel.now();
        let broken = self.lock().break_lock().await;
        if broken.is_ok() {
            self.named.log(sent, LockCall::Broken, None);
        }
        broken
    }

    async fn close(mut self: Box<Self>) {
        self.named.give_up();
        if let Some(lock) = self.lock.take() {
            lock.close().await;
        }
    }
}

impl Drop for LoggedLock {
    fn drop(&mut self) {
        self.named.give_up();
    }
}

#[cfg(test)]
mod tests;
