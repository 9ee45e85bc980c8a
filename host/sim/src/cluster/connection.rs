//! A client's connection as its server has it, and the call that is in flight on it.

use super::catalog::Prepared;
use super::transaction::{Isolation, Transaction};
use crate::capability::operation::Operation;
use crate::event::Actor;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::model::sim_fault::Cut;
use crate::model::topology::{ClusterKind, Topology};
use crate::model::value::{Row, Value};
use crate::sql::Plan;
use crate::store::RecordId;
use std::sync::Arc;
use std::task::Waker;

/// The kind of a call.
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

/// A call, from when it was sent until its answer is on its way.
pub(super) struct Call {
    pub(super) kind: Kind,
    pub(super) operation: Operation,
    pub(super) prepared: Option<Arc<Prepared>>,
    pub(super) parameters: Vec<Value>,
    pub(super) sent: Nanos,
    /// The time at which it came to its server, which is its `NOW()`.
    pub(super) arrived: Nanos,
    /// The number of retries that the server has left.
    pub(super) retries: u32,
    /// The number of locks that the transaction had when the statement came.
    pub(super) locks_before: usize,
    /// It has waited for everything that it must have seen.
    pub(super) is_synced: bool,
    /// The result if the commit of an autocommit write succeeds.
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

/// The result of a call that did not fail.
#[derive(Debug)]
pub(crate) enum Given {
    Affected(u64),
    Rows(Vec<Row>),
    Done,
}

/// The answer that a client gets.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) result: Result<Given, CallError>,
    /// A transaction is open.
    pub(crate) in_transaction: bool,
    /// The connection is of no use any more.
    pub(crate) is_broken: bool,
}

/// The step that a connection is at on its server.
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
    /// It waits until the node has this position, until then; the round trip that fetches the position
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

/// The variables of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Variables {
    pub(super) lock_wait_timeout: Nanos,
    pub(crate) sync_wait: u32,
    pub(super) retry_autocommit: u32,
    pub(super) isolation: Isolation,
    /// The isolation of the next transaction alone.
    pub(super) next_isolation: Option<Isolation>,
    /// `innodb_snapshot_isolation`
    pub(super) snapshot_isolation: bool,
    /// `synchronous_commit` is off or local: a commit waits for no standby.
    pub(super) commits_locally: bool,
    /// The client asked for the number of rows that a write found, changed or not.
    pub(super) counts_found: bool,
}

impl Variables {
    /// The variables of a session that has set none.
    pub(super) fn new(topology: &Topology) -> Self {
        let variables = Self {
            lock_wait_timeout: topology.lock_wait_timeout_ms * 1_000_000,
            sync_wait: topology.sync_wait,
            retry_autocommit: topology.retry_autocommit,
            isolation: Isolation::default(),
            next_isolation: None,
            snapshot_isolation: topology.snapshot_isolation,
            commits_locally: false,
            counts_found: false,
        };
        match topology.kind {
            ClusterKind::Galera => variables,
            ClusterKind::Postgres => Self {
                lock_wait_timeout: Nanos::MAX,
                sync_wait: 0,
                retry_autocommit: 0,
                isolation: Isolation::ReadCommitted,
                snapshot_isolation: false,
                ..variables
            },
        }
    }

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
    /// The moment at which the connection breaks in this call.
    pub(super) cut: Option<Cut>,
    /// The client is gone, or knows that the connection is lost.
    pub(super) is_left: bool,
    /// The server is gone.
    pub(super) is_dead: bool,
    /// On its way to the client.
    pub(super) travelling: Option<Reply>,
    pub(super) reply: Option<Reply>,
    pub(super) waker: Option<Waker>,
}

impl Connection {
    pub(super) fn new(
        serial: u64,
        actor: Actor,
        node: u32,
        is_proxied: bool,
        variables: Variables,
    ) -> Self {
        Self {
            serial,
            actor,
            node,
            is_proxied,
            variables,
            mark: serial,
            phase: Phase::Idle,
            call: Call::default(),
            in_transaction: false,
            transaction: Transaction::new(actor, node),
            cut: None,
            is_left: false,
            is_dead: false,
            travelling: None,
            reply: None,
            waker: None,
        }
    }

    /// Takes the isolation of the transaction that begins with the call. A SET is no transaction, and on
    /// PostgreSQL a statement that stands alone is not the one that was meant.
    pub(super) fn take_isolation(&mut self, kind: ClusterKind) -> Isolation {
        let prepared = self.call.prepared.as_ref();
        let sets = prepared.is_some_and(|prepared| matches!(prepared.plan, Ok(Plan::Set(_))));
        let next = match self.call.kind {
            Kind::Begin => self.variables.next_isolation.take(),
            Kind::Statement if !sets && kind == ClusterKind::Galera => {
                self.variables.next_isolation.take()
            }
            _ => None,
        };
        next.unwrap_or(self.variables.isolation)
    }

    /// Forgets the client: it waits for no answer any more.
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
