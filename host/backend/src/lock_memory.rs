//! Locks inside the runner's process: exclusive and shared, first come first served, with fencing
//! tokens and without leases.

mod table;

use crate::capability::clock::Clock;
use crate::capability::lock::{
    Grant, Holders, Lock, LockService, LockSession, Mode, ReleaseOutcome, SessionOptions,
};
use crate::capability::lock_names;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use async_trait::async_trait;
use std::sync::Arc;
use table::{Claim, SharedTable};

/// The lock service of one run.
pub struct MemoryLocks {
    table: SharedTable,
    clock: Arc<dyn Clock>,
}

impl MemoryLocks {
    /// A service where nothing is locked. Waiting is measured on `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            table: SharedTable::default(),
            clock,
        }
    }
}

#[async_trait]
impl LockService for MemoryLocks {
    fn traits(&self) -> Vec<(String, String)> {
        lock_names::traits([
            ("lease", "no"),
            ("fencing", "yes"),
            ("shared", "yes"),
            ("shared-limit", "yes"),
            ("fair", "yes"),
            ("across-processes", "no"),
            ("across-hosts", "no"),
        ])
    }

    async fn open(
        &self,
        owner: String,
        options: SessionOptions,
    ) -> Result<Box<dyn LockSession>, CallError> {
        if options.lease.is_some() {
            return Err(lock_names::no_lease("locks in memory"));
        }
        if options.poll.is_some() {
            return Err(lock_names::no_poll("locks in memory"));
        }
        Ok(Box::new(MemorySession {
            session: self.table.open_session(),
            table: self.table.clone(),
            clock: Arc::clone(&self.clock),
            owner: owner.into(),
        }))
    }
}

struct MemorySession {
    table: SharedTable,
    session: u64,
    clock: Arc<dyn Clock>,
    owner: Arc<str>,
}

#[async_trait]
impl LockSession for MemorySession {
    fn lock(&mut self, names: Vec<String>, mode: Mode) -> Result<Box<dyn Lock>, CallError> {
        lock_names::check_mode(mode)?;
        Ok(Box::new(MemoryLock {
            names: lock_names::sorted(names)?,
            mode,
            table: self.table.clone(),
            session: self.session,
            clock: Arc::clone(&self.clock),
            owner: self.owner.clone(),
            claims: Vec::new(),
            fencing: Vec::new(),
        }))
    }

    async fn holders(&mut self, name: &str) -> Result<Holders, CallError> {
        self.table.holders(self.session, name)
    }

    async fn close(self: Box<Self>) {
        // The drop does it.
    }
}

impl Drop for MemorySession {
    fn drop(&mut self) {
        self.table.close_session(self.session);
    }
}

struct MemoryLock {
    names: Vec<String>,
    mode: Mode,
    table: SharedTable,
    session: u64,
    clock: Arc<dyn Clock>,
    owner: Arc<str>,
    /// One for each name from an acquire until a release; whether they still hold, the table knows.
    /// A claim gives its place up when it is dropped.
    claims: Vec<Claim>,
    /// The tokens of the last grant.
    fencing: Vec<(String, u64)>,
}

impl MemoryLock {
    fn is_held(&self) -> bool {
        !self.claims.is_empty() && self.table.all_hold(&self.claims)
    }

    /// Takes one name after the other, in sorted order, holding those before it. Dropping the future
    /// half-way drops the claims too.
    async fn claim_all(&self, deadline: Nanos) -> Result<Vec<Claim>, CallError> {
        let mut claims = Vec::with_capacity(self.names.len());
        for name in &self.names {
            let (claim, granted) = self
                .table
                .claim(self.session, &self.owner, name, self.mode)?;
            if let Some(granted) = granted {
                let left = deadline.saturating_sub(self.clock.now());
                if left == 0 {
                    return Err(lock_names::wait_timeout(name));
                }
                tokio::select! {
                    biased;
                    // Closed without a word when the session ends.
                    answer = granted => answer.map_err(|_| lock_names::session_closed())?,
                    () = self.clock.sleep(left) => {
                        return Err(lock_names::wait_timeout(name));
                    }
                }
            }
            claims.push(claim);
        }
        Ok(claims)
    }
}

#[async_trait]
impl Lock for MemoryLock {
    async fn acquire(&mut self, wait: Nanos) -> Result<Grant, CallError> {
        if self.is_held() {
            return Err(lock_names::already_held());
        }
        self.claims.clear();
        let deadline = self.clock.now().saturating_add(wait);
        loop {
            let claims = self.claim_all(deadline).await?;
            // Nothing if a break took one name away while another was waited for: then again.
            if let Some(fencing) = self.table.tokens(&claims) {
                self.claims = claims;
                self.fencing.clone_from(&fencing);
                return Ok(Grant::without_lease(&self.owner, fencing));
            }
        }
    }

    async fn release(&mut self) -> Result<ReleaseOutcome, CallError> {
        let held = self.is_held();
        self.claims.clear();
        Ok(if held {
            ReleaseOutcome::Released
        } else {
            ReleaseOutcome::NotOwner
        })
    }

    async fn renew(&mut self) -> Result<Grant, CallError> {
        Err(lock_names::no_lease("locks in memory"))
    }

    async fn is_owner(&mut self) -> Result<bool, CallError> {
        Ok(self.is_held())
    }

    fn current_grant(&self) -> Option<Grant> {
        let grant = || Grant::without_lease(&self.owner, self.fencing.clone());
        self.is_held().then(grant)
    }

    async fn break_lock(&mut self) -> Result<(), CallError> {
        for name in &self.names {
            self.table.break_name(name);
        }
        Ok(())
    }

    async fn close(self: Box<Self>) {
        // Dropping the claims gives them up.
    }
}
