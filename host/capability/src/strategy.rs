//! A strategy: loaded once, instantiated once for each worker, and given nothing but capabilities.

use crate::budget::Shares;
use crate::clock::Clock;
use crate::database::{Database, Session, Target};
use crate::lock::LockService;
use crate::model::change::LostLocks;
use crate::model::error::{CallError, ErrorCount};
use crate::model::pool::Pool;
use crate::model::purpose::Purpose;
use crate::model::resource_usage::ResourceUsage;
use crate::model::statements::Statements;
use crate::printed::Printed;
use crate::sql_policy::SqlPolicy;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One transition of one row, as `wit/state-change.wit` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    pub row: String,
    pub from: String,
    pub to: String,
    pub marker: String,
}

/// An address that a strategy says it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocated {
    pub address: String,
    pub attempts: u32,
}

/// One visit to a document, as `wit/access.wit` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub document: String,
    pub purpose: Purpose,
    /// The most readers at once; `None` for any number.
    pub readers: Option<u32>,
    pub marker: String,
}

/// A call of an export of the strategy's world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Make a transition.
    Change(Transition),
    /// Take an address of the pool; the answer says which.
    Allocate {
        pool_id: String,
        pool: Pool,
        marker: String,
    },
    /// Give it back.
    Release {
        pool_id: String,
        pool: Pool,
        address: String,
        marker: String,
    },
    /// Enter a document.
    Enter(Visit),
    /// Leave it.
    Leave(Visit),
}

/// Everything that one instance may touch.
pub struct Capabilities {
    pub database: Arc<dyn Database>,
    pub sql_policy: Arc<SqlPolicy>,
    pub locks: Arc<dyn LockService>,
    pub clock: Arc<dyn Clock>,
    pub settings: Arc<BTreeMap<String, String>>,
    /// The sink of its output.
    pub printed: Arc<dyn Printed>,
    /// Its shares of the resources of all instances.
    pub shares: Shares,
    /// The target of `connect` to the endpoint.
    pub endpoint: Target,
    /// The session that the first `connect` to the endpoint gets, opened before the clock started.
    pub first_session: Option<Box<dyn Session>>,
    pub worker: u32,
    /// Number of earlier instances of this worker. Two instances of one worker are two identities at
    /// the lock service and draw different random numbers.
    pub generation: u32,
    pub seed: u64,
    /// True if its statements are counted and timed.
    pub counts_statements: bool,
}

/// A loaded strategy.
#[async_trait]
pub trait Strategy: Send + Sync {
    /// Makes one worker's instance. A death here is the guest's own start-up code failing.
    async fn instantiate(&self, capabilities: Capabilities) -> Result<Box<dyn Instance>, Death>;

    /// The settings that its instances asked for since this was last asked, so far as they have ended.
    fn take_asked(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    /// Requests of its instances for resources that no strategy has: a sentence for each kind, returned
    /// once.
    fn take_refusals(&self) -> Vec<String> {
        Vec::new()
    }
}

/// One worker's instance. After a death, or when a call was abandoned, it can only be ended.
#[async_trait]
pub trait Instance: Send {
    /// Does what it is asked. The inner result is what the strategy says, with the address that it took
    /// where it was asked for one; a death is what became of it, also where its world lacks the call.
    async fn call(&mut self, call: Call) -> Result<Result<Option<Allocated>, CallError>, Death>;

    /// The errors that capability calls gave the strategy since this was last asked.
    fn take_errors(&mut self) -> Vec<ErrorCount>;

    /// The locks that releases found lost since this was last asked.
    fn take_lost_locks(&mut self) -> LostLocks {
        LostLocks::default()
    }

    /// The statements that it executed since this was last asked, where they are counted.
    fn take_statements(&mut self) -> Statements {
        Statements::default()
    }

    /// True if the last call returned ok, but may not have had its effect: a transaction is still open
    /// in one of its sessions, or the call committed no update of a row.
    fn leaves_doubt(&self) -> bool {
        false
    }

    /// Its resource usage so far, where that is known.
    fn spent(&self) -> ResourceUsage {
        ResourceUsage::default()
    }

    /// Rolls back its sessions and releases its locks. When this returns, nothing of the instance
    /// can take effect any more.
    async fn end(self: Box<Self>);
}

/// The reason why an instance can't continue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Death {
    /// `trap`, `computing-limit`, `call-limit`, `memory-limit`, `stack-overflow`; of the virtual WASI
    /// `access-denied`, `exit`, `handle-limit`, `random-limit`.
    pub code: &'static str,
    pub message: String,
}
