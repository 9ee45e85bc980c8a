//! A lock service, its sessions and its locks.

use super::budget::Shares;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use async_trait::async_trait;

/// Mode of a lock: exclusive or shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Exclusive,
    Shared,
}

/// Options of a session. `None` leaves the choice to the service; the service returns `rejected` with
/// `unsupported` for a value that it can't provide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SessionOptions {
    pub lease: Option<Nanos>,
    pub poll: Option<Nanos>,
}

/// Proof that a lock is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub owner: String,
    /// (name, token) for each name; empty where the service has no tokens.
    pub fencing: Vec<(String, u64)>,
    /// The end of the lease on the run's clock (`None`: no expiry).
    pub lease_ends: Option<Nanos>,
}

/// Outcome of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseOutcome {
    Released,
    NotOwner,
    Expired,
}

/// One lock service, as all workers of a run see it.
#[async_trait]
pub trait LockService: Send + Sync {
    /// Properties of the service: (`lease`, `no`), (`shared`, `yes`), …
    fn traits(&self) -> Vec<(String, String)>;

    /// Bounds what the locks of each worker take of this machine.
    fn divide(&self, _shares: &Shares) {}

    /// Opens a session under an identity that is unique in the run.
    async fn open(
        &self,
        owner: String,
        options: SessionOptions,
    ) -> Result<Box<dyn LockSession>, CallError>;
}

/// One identity at the lock service.
#[async_trait]
pub trait LockSession: Send {
    /// Names a lock; takes nothing yet. `names` may be in any order; `rejected` if there is none, or
    /// an empty one.
    fn lock(&mut self, names: Vec<String>, mode: Mode) -> Result<Box<dyn Lock>, CallError>;

    /// Releases every lock of this session.
    async fn close(self: Box<Self>);
}

/// One lock, held or not. The meaning of each call and of its errors is that of `wit/lock.wit`.
#[async_trait]
pub trait Lock: Send {
    async fn acquire(&mut self, wait: Nanos) -> Result<Grant, CallError>;
    async fn release(&mut self) -> Result<ReleaseOutcome, CallError>;
    async fn renew(&mut self) -> Result<Grant, CallError>;
    async fn is_owner(&mut self) -> Result<bool, CallError>;
    async fn break_lock(&mut self) -> Result<(), CallError>;
    /// Releases the lock, if it is held.
    async fn close(self: Box<Self>);
}
