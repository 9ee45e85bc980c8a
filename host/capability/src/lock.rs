//! A lock service, its sessions and its locks.

use super::budget::Shares;
use super::lock_names;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use async_trait::async_trait;

/// Mode of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Exclusive,
    /// With a limit on the number of holders, if there is one.
    Shared(Option<u32>),
}

impl Mode {
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Shared(_))
    }

    /// Says whether a session may hold a name in this mode beside these holders. The limit of each of
    /// them counts, and its own: the smallest is in force.
    ///
    /// ```
    /// # use contend_capability::lock::Mode;
    /// let two = Mode::Shared(Some(2));
    /// assert!(two.admits([Mode::Shared(None)]));
    /// assert!(!two.admits([Mode::Shared(None), Mode::Shared(None)]));
    /// assert!(!Mode::Shared(None).admits([two, two]));
    /// assert!(!two.admits([Mode::Exclusive]));
    /// assert!(!Mode::Exclusive.admits([two]));
    /// ```
    pub fn admits(self, holders: impl IntoIterator<Item = Self>) -> bool {
        let Self::Shared(own) = self else {
            return holders.into_iter().next().is_none();
        };
        let (mut count, mut least) = (1, own.unwrap_or(u32::MAX));
        for holder in holders {
            let Self::Shared(limit) = holder else {
                return false;
            };
            count += 1;
            least = least.min(limit.unwrap_or(u32::MAX));
        }
        count <= least
    }
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
    /// The time at which the last heartbeat, renewal or acquire that the service answered was sent, on
    /// the same clock; `None` where there is no lease.
    pub last_heartbeat: Option<Nanos>,
}

impl Grant {
    /// A grant of a service that has no leases.
    pub fn without_lease(owner: &str, fencing: Vec<(String, u64)>) -> Self {
        Self {
            owner: owner.to_owned(),
            fencing,
            lease_ends: None,
            last_heartbeat: None,
        }
    }

    pub fn lease(&self) -> Option<Lease> {
        let (ends, last_heartbeat) = self.lease_ends.zip(self.last_heartbeat)?;
        Some(Lease {
            ends,
            last_heartbeat,
        })
    }
}

/// The lease of a grant; times of the run's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub ends: Nanos,
    pub last_heartbeat: Nanos,
}

/// The holders of one name, as the service lists them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holders {
    pub owners: Vec<String>,
    /// The fencing token of the holder, if it is an exclusive one.
    pub token: Option<u64>,
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
    /// an empty one, and for a mode that the service lacks.
    fn lock(&mut self, names: Vec<String>, mode: Mode) -> Result<Box<dyn Lock>, CallError>;

    /// The holders of a name now, in any order. `rejected` where the service does not list them.
    async fn holders(&mut self, _name: &str) -> Result<Holders, CallError> {
        Err(lock_names::no_groups())
    }

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
    /// The grant as the host knows it, without asking the service.
    fn current_grant(&self) -> Option<Grant>;
    async fn break_lock(&mut self) -> Result<(), CallError>;
    /// Releases the lock, if it is held.
    async fn close(self: Box<Self>);
}
