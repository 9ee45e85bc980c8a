//! Errors that clients get, with MariaDB's codes and words.

use crate::capability::mysql_codes::of_code;
use crate::capability::operation::Operation;
use crate::model::error::CallError;

/// An error that a server gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Error {
    Deadlock,
    LockWaitTimeout,
    /// The node did not catch up in time.
    SyncWaitTimeout,
    RecordChanged,
    NotPrimary,
    LostPrimaryInCommit,
}

impl Error {
    pub(super) fn error(self, operation: Operation) -> CallError {
        let (code, state, message) = match self {
            Self::Deadlock => (
                1213,
                "40001",
                "Deadlock found when trying to get lock; try restarting transaction",
            ),
            Self::LockWaitTimeout => (
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
        };
        CallError::new(of_code(code, state, operation), code, message)
    }
}

/// The server takes no connections.
pub(super) fn refused(who: &str) -> CallError {
    CallError::unavailable(2003, format!("can't connect to {who}: connection refused"))
}
