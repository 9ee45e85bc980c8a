//! Errors that clients get, with the codes and words of the servers.

use crate::capability::mysql_codes::{self, of_code};
use crate::capability::operation::Operation;
use crate::model::error::{CallError, ErrorKind};
use crate::model::topology::ClusterKind;

/// An error that a server gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Error {
    Deadlock,
    LockWaitTimeout,
    /// A row is locked, and the statement does not wait for it.
    Locked,
    /// The node did not catch up in time.
    SyncWaitTimeout,
    RecordChanged,
    NotPrimary,
    LostPrimaryInCommit,
    /// An earlier statement of the transaction was refused.
    FailedTransaction,
    /// SERIALIZABLE: reads and writes could make a circle.
    DangerousStructure,
    SerializableOnStandby,
    /// A write on a standby.
    ReadOnly,
    /// There is no server that takes writes.
    NoPrimary,
}

impl Error {
    pub(super) fn error(self, kind: ClusterKind, operation: Operation) -> CallError {
        match kind {
            ClusterKind::Galera => self.of_galera(operation),
            ClusterKind::Postgres => self.of_postgres(),
        }
    }

    fn of_postgres(self) -> CallError {
        use ErrorKind::{Conflict, Rejected, Unavailable};
        let (kind, code, message) = match self {
            Self::Deadlock => (Conflict, "40P01", "deadlock detected"),
            Self::LockWaitTimeout => (Conflict, "55P03", "canceling statement due to lock timeout"),
            Self::Locked => (Conflict, "55P03", "could not obtain lock on row"),
            Self::RecordChanged => (
                Conflict,
                "40001",
                "could not serialize access due to concurrent update",
            ),
            Self::DangerousStructure => (
                Conflict,
                "40001",
                "could not serialize access due to read/write dependencies among transactions",
            ),
            Self::FailedTransaction => (
                Rejected,
                "25P02",
                "current transaction is aborted, commands ignored until end of transaction block",
            ),
            Self::SerializableOnStandby => (
                Rejected,
                "0A000",
                "cannot use serializable mode in a hot standby",
            ),
            Self::ReadOnly => (
                Unavailable,
                "25006",
                "cannot execute this statement in a read-only transaction",
            ),
            Self::SyncWaitTimeout => (Unavailable, "behind", "the server did not catch up in time"),
            Self::NoPrimary => (
                Unavailable,
                "no-primary",
                "no server is the primary, whose commits the others have to have",
            ),
            Self::NotPrimary | Self::LostPrimaryInCommit => {
                unreachable!("PostgreSQL has no primary component")
            }
        };
        CallError::new(kind, code, message)
    }

    fn of_galera(self, operation: Operation) -> CallError {
        let (code, state, message) = match self {
            Self::Deadlock => (
                1213,
                "40001",
                "Deadlock found when trying to get lock; try restarting transaction",
            ),
            Self::LockWaitTimeout | Self::Locked => (
                1205,
                "HY000",
                "Lock wait timeout exceeded; try restarting transaction",
            ),
            Self::SyncWaitTimeout => (
                1205,
                "HY000",
                "Lock wait timeout exceeded: the node did not catch up in time",
            ),
            Self::RecordChanged => (1020, "HY000", "Record has changed since last read"),
            Self::NotPrimary => (
                1047,
                "08S01",
                "WSREP has not yet prepared node for application use",
            ),
            Self::LostPrimaryInCommit => (
                1180,
                "HY000",
                "Got error 107 \"Not connected to Primary Component\" during COMMIT",
            ),
            Self::FailedTransaction
            | Self::DangerousStructure
            | Self::SerializableOnStandby
            | Self::ReadOnly
            | Self::NoPrimary => unreachable!("{self:?} is an error of PostgreSQL"),
        };
        CallError::new(of_code(code, state, operation), code, message)
    }
}

/// The server takes no connections.
pub(super) fn refused(kind: ClusterKind, who: &str) -> CallError {
    let message = format!("can't connect to {who}: connection refused");
    match kind {
        ClusterKind::Galera => CallError::unavailable(2003, message),
        ClusterKind::Postgres => CallError::unavailable("08001", message),
    }
}

/// The connection is gone after the call was sent.
pub(super) fn lost(kind: ClusterKind, operation: Operation, why: &str) -> CallError {
    match kind {
        ClusterKind::Galera => mysql_codes::lost(operation, true, why),
        ClusterKind::Postgres => {
            let message = format!("lost the connection to the server: {why}");
            CallError::new(operation.error_if_lost(), "08006", message)
        }
    }
}
