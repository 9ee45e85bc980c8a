//! Entries of a simulation's log: enough to show which transaction did what to which other.

use crate::model::change::Nanos;
use crate::model::sim_fault::SimFault;
use crate::model::value::Value;
use std::fmt;
use std::sync::Arc;

/// The owner of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Actor {
    /// The runner itself: making tables, reading what was left.
    #[default]
    Host,
    Worker(u32),
    /// A generator of background load.
    Generator(u32),
}

/// A transaction: of whom, on which node, and its number, which is unique in the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransactionName {
    pub number: u64,
    pub actor: Actor,
    /// From 0.
    pub node: u32,
}

/// A row, by its table and its primary key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowName {
    pub table: Arc<str>,
    pub key: Arc<str>,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Since the simulation began.
    pub at: Nanos,
    pub what: What,
}

/// The kind of an event, with its details.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A client's call to a session was answered. `at` is when the client had the answer.
    Answered {
        transaction: TransactionName,
        /// The time when the client sent it.
        sent: Nanos,
        /// The statement's text, or `BEGIN`, `COMMIT`, `ROLLBACK`.
        text: Arc<str>,
        parameters: Vec<Value>,
        answer: Answer,
    },
    /// The transaction has the row's lock now: it reads the row with a locking clause, or is about to
    /// change it.
    Locked {
        transaction: TransactionName,
        row: RowName,
    },
    /// The transaction waits for a row lock that the other holds, or to insert the row into a gap
    /// that the other has locked.
    Waits {
        transaction: TransactionName,
        row: RowName,
        holder: TransactionName,
        is_gap: bool,
    },
    /// The model let something pass that a server may refuse.
    Weaker {
        transaction: TransactionName,
        how: Weakness,
    },
    /// A write set got its place in the total order, and passed certification.
    Ordered {
        transaction: TransactionName,
        position: u64,
        rows: Vec<RowName>,
    },
    /// It failed certification: since the position that its node had seen, another node's write set
    /// changed the row.
    CertificationFailed {
        transaction: TransactionName,
        position: u64,
        seen: u64,
        against: TransactionName,
        against_position: u64,
        row: RowName,
    },
    /// The node applied another node's write set.
    Applied {
        node: u32,
        transaction: TransactionName,
        position: u64,
    },
    /// Applying a write set killed a local transaction that was in its way.
    BruteForceAborted {
        victim: TransactionName,
        by: TransactionName,
        position: u64,
        row: RowName,
    },
    /// A transaction that was killed after it had passed certification was done again by its node.
    Replayed {
        transaction: TransactionName,
        position: u64,
    },
    /// The server itself tried a single statement again.
    RetriedByServer { transaction: TransactionName },
    /// Two transactions of one node waited for each other; the victim was rolled back.
    Deadlock {
        victim: TransactionName,
        other: TransactionName,
        row: RowName,
    },
    /// The lock service decided a call. `at` is when; the client hears it later, and much later if it
    /// stands still.
    Lock {
        actor: Actor,
        /// The time when the client sent it.
        sent: Nanos,
        call: LockCall,
        /// One or several, with commas between them.
        names: Arc<str>,
        token: Option<u64>,
    },
    /// A lease ended by itself, or a session that held the lock was not heard of for too long.
    LeaseEnded { owner: Arc<str>, names: Arc<str> },
    /// A cache evicted the entry that was the lock.
    Evicted { owner: Arc<str>, names: Arc<str> },
    /// A fault of the schedule began.
    Fault(SimFault),
    /// The effect of a fault of the schedule has ended, so far as it has an end.
    FaultEnded(SimFault),
    /// A standby is the primary now, and has the commits up to this position.
    Promoted { node: u32, position: u64 },
    /// A commit that no server has any more.
    LostCommit {
        transaction: TransactionName,
        position: u64,
    },
    /// The nodes that can commit are these now.
    Members { nodes: Vec<u32> },
}

/// A point at which the model is known to be weaker than a server, or weaker than some servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weakness {
    /// `snapshot_isolation` did not see a change that came from another node just before.
    SnapshotRace,
    /// InnoDB locks, shared, the rows that a sub-query of a write reads, and those of a sub-query of a
    /// SERIALIZABLE reading.
    SubQuery,
}

/// The answer that a client got.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Affected(u64),
    /// The first row, and how many there were.
    Rows(Option<Vec<Value>>, usize),
    Done,
    /// Code and kind of an error.
    Error {
        kind: &'static str,
        code: String,
    },
}

/// A call to the lock service, and how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockCall {
    /// With the end of its lease on the service's clock as it goes now, unless it is renewed.
    Granted {
        lease_ends: Option<Nanos>,
    },
    /// Another session holds it.
    NotGranted,
    Released,
    /// The lease had ended before.
    ReleasedLate,
    NotOwner,
    Renewed,
    Broken,
    /// The client asked whether it holds the lock.
    Asked {
        held: bool,
    },
    /// A call that was given up without asking, because the client had stopped waiting for it.
    GivenUp,
    /// The service was away, or the answer was lost. `at` is when the client knew.
    Lost,
}

impl fmt::Display for Weakness {
    /// A sentence that says what another server may do instead.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SnapshotRace => {
                "a write passed although another node's change of the row had just been applied: a \
                 race of innodb_snapshot_isolation that others saw on clusters (MariaDB 12.1.2 to \
                 12.2.2), and that was not seen on 10.11.19; sim:snapshot_race_us=0 leaves it out"
            }
            Self::SubQuery => {
                "the rows that a sub-query read were not locked, where InnoDB locks them at \
                 REPEATABLE READ and SERIALIZABLE: on one server this may not happen; on several \
                 nodes such locks end at their node"
            }
        })
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("the runner"),
            Self::Worker(worker) => write!(f, "worker {worker}"),
            Self::Generator(generator) => write!(f, "generator {generator}"),
        }
    }
}

impl fmt::Display for RowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.table, self.key)
    }
}
