//! A client's connection as its server has it, and the call that is under way on it.

use super::transaction::{Isolation, Transaction};
use crate::capability::operation::Operation;
use crate::event::Actor;
use crate::model::change::Nanos;
use crate::model::fault::Fault;
use crate::model::sim_fault::Cut;
use crate::model::value::{Row, Value};
use crate::sql::Plan;
use crate::store::RecordId;
use std::sync::Arc;
use std::task::Waker;

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A statement.
    Statement,
    Begin,
    Commit,
    Rollback,
    /// Waits until the node has what was committed anywhere before.
    Sync,
}

/// A statement that was planned, or why it can't be.
pub(super) struct Prepared {
    pub(super) text: Arc<str>,
    /// Of the schema.
    pub(super) version: u64,
    pub(super) plan: Result<Plan, Fault>,
}

/// A call, from when it was sent until its answer is on its way.
pub(super) struct Call {
    pub(super) kind: Kind,
    pub(super) operation: Operation,
    pub(super) prepared: Option<Arc<Prepared>>,
    pub(super) parameters: Vec<Value>,
    pub(super) sent: Nanos,
    /// When it came to its server: what `NOW()` is for it.
    pub(super) arrived: Nanos,
    /// How often the server may still try by itself.
    pub(super) retries: u32,
    /// How many locks the transaction had when the statement came.
    pub(super) locks_before: usize,
    /// It has waited for what it must have seen.
    pub(super) is_synced: bool,
    /// What it comes to if the commit that it does by itself works out.
    pub(super) given: Option<Given>,
}

impl Default for Call {
    fn default() -> Self {
        Self {
            kind: Kind::Begin,
            operation: Operation::Reading,
            prepared: None,
            parameters: Vec::new(),
            sent: 0,
            arrived: 0,
            retries: 0,
            locks_before: 0,
            is_synced: false,
            given: None,
        }
    }
}

/// What a call comes to, if not to a fault.
#[derive(Debug)]
pub(crate) enum Given {
    Affected(u64),
    Rows(Vec<Row>),
    Done,
}

/// What a client hears.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) result: Result<Given, Fault>,
    /// A transaction is open.
    pub(crate) in_transaction: bool,
    /// The connection is of no use any more.
    pub(crate) is_broken: bool,
}

/// What the server is doing for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Idle,
    /// The call is on its way to the server.
    Sent,
    /// The statement has a processor, or waits for one.
    Served,
    /// It waits for a row lock, until then.
    LockWait {
        record: RecordId,
        until: Nanos,
    },
    /// It waits until the node has this position, until then; the round trip that tells the position
    /// may still be under way.
    CausalWait {
        position: u64,
        until: Nanos,
    },
    /// A definition goes round.
    Defining,
    /// The commit has a processor, or waits for one.
    Committing,
    /// Flow control holds the commit back.
    Paused,
    /// Its write set is on its way, by its place among those that are.
    Replicating {
        pending: u32,
    },
    /// Its write set has its place in the order, and waits for its turn.
    Ordered,
}

/// What a session has set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Variables {
    pub(super) lock_wait_timeout: Nanos,
    pub(crate) sync_wait: u32,
    pub(super) retry_autocommit: u32,
    pub(super) isolation: Isolation,
    /// What was set for the next transaction alone.
    pub(super) next_isolation: Option<Isolation>,
    /// `innodb_snapshot_isolation`
    pub(super) snapshot_isolation: bool,
    /// The client asked for the number of rows that a write found, changed or not.
    pub(super) counts_found: bool,
}

impl Variables {
    pub(crate) fn counting_found(self, counts_found: bool) -> Self {
        Self {
            counts_found,
            ..self
        }
    }

    /// The next transaction has begun.
    pub(crate) fn forget_next(&mut self) {
        self.next_isolation = None;
    }
}

pub(super) struct Connection {
    pub(super) serial: u64,
    pub(super) actor: Actor,
    pub(super) node: u32,
    pub(super) is_proxied: bool,
    pub(super) variables: Variables,
    pub(super) mark: u64,
    pub(super) phase: Phase,
    pub(super) call: Call,
    /// The client has begun it, and not heard of its end.
    pub(super) in_transaction: bool,
    pub(super) transaction: Transaction,
    /// Where the connection of this call will break.
    pub(super) cut: Option<Cut>,
    /// The client is gone, or has been told that the connection is lost.
    pub(super) is_left: bool,
    /// The server is gone.
    pub(super) is_dead: bool,
    /// On its way to the client.
    pub(super) travelling: Option<Reply>,
    pub(super) reply: Option<Reply>,
    pub(super) waker: Option<Waker>,
}

impl Connection {
    /// Nobody waits for an answer any more.
    pub(super) fn forget_client(&mut self) {
        self.is_left = true;
        self.travelling = None;
        self.reply = None;
        self.waker = None;
    }

    pub(super) fn is_autocommit_write(&self) -> bool {
        !self.in_transaction && self.call.operation == Operation::Committing
    }
}
