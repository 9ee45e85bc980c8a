//! The operation that failed, and what that alone implies about the error.

use super::statement::Action;
use crate::model::error::ErrorKind;

/// An operation of a database session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Opening a connection.
    Connecting,
    /// A statement without an effect: a query, `BEGIN`, a setting.
    Reading,
    /// A write inside a transaction, which takes effect only when that commits.
    Writing,
    /// `COMMIT`, or an autocommit write.
    Committing,
}

impl Operation {
    /// The operation of running a statement, even if it returns rows (`INSERT … RETURNING`).
    pub fn from_action(action: Action, in_transaction: bool) -> Self {
        match (action, in_transaction) {
            // A savepoint is a matter of the open transaction, which goes with its connection.
            (Action::Set | Action::Savepoint | Action::Read, _) => Self::Reading,
            (Action::Write, true) => Self::Writing,
            // A definition commits by itself, whatever is open.
            (Action::Write, false) | (Action::Define, _) => Self::Committing,
        }
    }

    /// The error for a statement that completed, but whose answer can't be used: too large, or not
    /// text. Its writes exist, so it must not be `rejected`; in a transaction they must be rolled back.
    pub fn error_if_answer_unusable(self) -> ErrorKind {
        match self {
            Self::Connecting | Self::Reading => ErrorKind::Rejected,
            Self::Writing => ErrorKind::Unavailable,
            Self::Committing => ErrorKind::Indefinite,
        }
    }

    /// The error if the machine or the server failed rather than the statement.
    pub fn error_if_server_failed(self) -> ErrorKind {
        match self {
            Self::Committing => ErrorKind::Indefinite,
            Self::Connecting | Self::Reading | Self::Writing => ErrorKind::Unavailable,
        }
    }

    /// The error if the connection is gone. The server rolls back a transaction whose connection is
    /// lost, but the session sees nothing of it.
    pub fn error_if_lost(self) -> ErrorKind {
        match self {
            Self::Committing | Self::Writing => ErrorKind::Indefinite,
            Self::Connecting | Self::Reading => ErrorKind::Unavailable,
        }
    }

    /// The error if its meaning is unknown.
    pub fn error_if_unknown(self) -> ErrorKind {
        match self {
            Self::Committing => ErrorKind::Indefinite,
            Self::Connecting | Self::Reading | Self::Writing => ErrorKind::Rejected,
        }
    }
}
