//! A strategy: loaded once, instantiated once for each worker, and given nothing but capabilities.

pub mod source;
pub mod toolchain;
pub mod wasm;

use crate::capability::clock::Clock;
use crate::capability::database::{Database, Session};
use crate::capability::gate::Gate;
use crate::capability::lock::LockService;
use crate::model::change::LostLocks;
use crate::model::fault::{Fault, FaultCount};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One transition of one row, as `wit/state-change.wit` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    pub row: String,
    pub from: String,
    pub to: String,
    pub marker: String,
}

/// Everything that one instance may touch.
pub struct Capabilities {
    pub database: Arc<dyn Database>,
    pub gate: Arc<Gate>,
    pub locks: Arc<dyn LockService>,
    pub clock: Arc<dyn Clock>,
    pub settings: Arc<BTreeMap<String, String>>,
    /// The session that the first `connect` to the endpoint gets, opened before the clock started.
    pub first_session: Option<Box<dyn Session>>,
    pub worker: u32,
    /// How many instances this worker had before. Two instances of one worker are two identities at
    /// the lock service and draw different random numbers.
    pub generation: u32,
    pub seed: u64,
}

/// A loaded strategy.
#[async_trait]
pub trait Strategy: Send + Sync {
    /// Makes one worker's instance. A death here is the guest's own start-up code failing.
    async fn instantiate(&self, capabilities: Capabilities) -> Result<Box<dyn Instance>, Death>;
}

/// One worker's instance. After a death, or when a call was abandoned, it can only be ended.
#[async_trait]
pub trait Instance: Send {
    /// Makes a transition. The inner result is what the strategy says; a death is what became of it.
    async fn change(&mut self, transition: Transition) -> Result<Result<(), Fault>, Death>;

    /// The faults that capability calls gave the strategy since this was last asked.
    fn take_faults(&mut self) -> Vec<FaultCount>;

    /// The locks that releases found lost since this was last asked.
    fn take_lost_locks(&mut self) -> LostLocks {
        LostLocks::default()
    }

    /// Rolls back its sessions and gives up its locks. When this returns, nothing of the instance
    /// can take effect any more.
    async fn end(self: Box<Self>);
}

/// Why an instance can't go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Death {
    /// `trap`, `computing-limit`, `memory-limit`, `stack-overflow`.
    pub code: &'static str,
    pub message: String,
}
