//! The lock service as a watched strategy has it.

use super::watched::{Watch, come_to};
use crate::capability::lock::{
    Grant, Holders, Lock, LockService, LockSession, Mode, ReleaseOutcome, SessionOptions,
};
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::model::injection::{Called, Injected};
use async_trait::async_trait;
use std::sync::Arc;

pub struct WatchedLocks {
    locks: Arc<dyn LockService>,
    watch: Watch,
}

impl WatchedLocks {
    pub fn new(locks: Arc<dyn LockService>, watch: Watch) -> Self {
        Self { locks, watch }
    }
}

#[async_trait]
impl LockService for WatchedLocks {
    fn traits(&self) -> Vec<(String, String)> {
        self.locks.traits()
    }

    async fn open(
        &self,
        owner: String,
        options: SessionOptions,
    ) -> Result<Box<dyn LockSession>, CallError> {
        let asked = self.watch.ask(Called::OpenLocks, false, "").await;
        let opened = come_to(Called::OpenLocks, asked, self.locks.open(owner, options)).await;
        self.watch.answered(&opened, |_| "ok".to_owned());
        let session = opened?;
        let watch = self.watch.clone();
        Ok(Box::new(WatchedLockSession { session, watch }))
    }
}

struct WatchedLockSession {
    session: Box<dyn LockSession>,
    watch: Watch,
}

#[async_trait]
impl LockSession for WatchedLockSession {
    fn lock(&mut self, names: Vec<String>, mode: Mode) -> Result<Box<dyn Lock>, CallError> {
        let about = names.join(", ");
        let lock = match self.watch.ask_at_once(Called::NameLock, &about) {
            None => self.session.lock(names, mode),
            Some(injected) => Err(injected.error(Called::NameLock)),
        };
        self.watch.answered(&lock, |_| "ok".to_owned());
        let (lock, watch) = (lock?, self.watch.clone());
        Ok(Box::new(WatchedLock { lock, watch, about }))
    }

    async fn holders(&mut self, name: &str) -> Result<Holders, CallError> {
        let called = Called::ListHolders;
        let asked = self.watch.ask(called, false, name).await;
        let listed = come_to(called, asked, self.session.holders(name)).await;
        let count = |holders: &Holders| format!("{} holders", holders.owners.len());
        self.watch.answered(&listed, count);
        listed
    }

    async fn close(self: Box<Self>) {
        self.session.close().await;
    }
}

struct WatchedLock {
    lock: Box<dyn Lock>,
    watch: Watch,
    about: String,
}

impl WatchedLock {
    async fn ask(&mut self, called: Called) -> Option<Injected> {
        self.watch.ask(called, false, &self.about).await
    }
}

#[async_trait]
impl Lock for WatchedLock {
    async fn acquire(&mut self, wait: Nanos) -> Result<Grant, CallError> {
        let called = Called::AcquireLock;
        let asked = self.ask(called).await;
        let granted = come_to(called, asked, self.lock.acquire(wait)).await;
        self.watch.answered(&granted, |_| "granted".to_owned());
        granted
    }

    async fn release(&mut self) -> Result<ReleaseOutcome, CallError> {
        let called = Called::ReleaseLock;
        let asked = self.ask(called).await;
        let released = come_to(called, asked, self.lock.release()).await;
        self.watch.answered(&released, |outcome| {
            let word = match outcome {
                ReleaseOutcome::Released => "released",
                ReleaseOutcome::NotOwner => "not owner",
                ReleaseOutcome::Expired => "expired",
            };
            word.to_owned()
        });
        released
    }

    async fn renew(&mut self) -> Result<Grant, CallError> {
        let called = Called::RenewLock;
        let asked = self.ask(called).await;
        if asked == Some(Injected::Conflict) {
            // What it says must be true: the lock is not held any more.
            self.lock.release().await?;
        }
        let renewed = come_to(called, asked, self.lock.renew()).await;
        self.watch.answered(&renewed, |_| "renewed".to_owned());
        renewed
    }

    async fn is_owner(&mut self) -> Result<bool, CallError> {
        let called = Called::AskOwner;
        let asked = self.ask(called).await;
        let is_owner = come_to(called, asked, self.lock.is_owner()).await;
        self.watch.answered(&is_owner, bool::to_string);
        is_owner
    }

    fn current_grant(&self) -> Option<Grant> {
        self.lock.current_grant()
    }

    async fn break_lock(&mut self) -> Result<(), CallError> {
        let called = Called::BreakLock;
        let asked = self.ask(called).await;
        let broken = come_to(called, asked, self.lock.break_lock()).await;
        self.watch.answered(&broken, |()| "ok".to_owned());
        broken
    }

    async fn close(self: Box<Self>) {
        self.lock.close().await;
    }
}

#[cfg(test)]
mod tests;
