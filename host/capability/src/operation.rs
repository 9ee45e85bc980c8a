//! What was being done when an error came, and what that alone says of the error.

use super::statement::Action;
use crate::model::fault::FaultKind;

/// What a session of a database was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Opening a connection.
    Connecting,
    /// Something without an effect of its own: a query, `BEGIN`, a setting.
    Reading,
    /// A write inside a transaction, which takes effect only when that commits.
    Writing,
    /// `COMMIT`, or a write that commits by itself.
    Committing,
}

impl Operation {
    /// What a session does by running a statement, also where it gives rows (`INSERT … RETURNING`).
    pub fn from_action(action: Action, in_transaction: bool) -> Self {
        match (action, in_transaction) {
            // A savepoint is a matter of the open transaction, which goes with its connection.
            (Action::Set | Action::Savepoint | Action::Read, _) => Self::Reading,
            (Action::Write, true) => Self::Writing,
            // A definition commits by itself, whatever is open.
            (Action::Write, false) | (Action::Define, _) => Self::Committing,
        }
    }

    /// The statement ran to its end, and its answer can't be used: too large, or no text. What it wrote
    /// is there, so it may not be called `rejected`; in a transaction, that has to be rolled back.
    pub fn error_if_answer_unusable(self) -> FaultKind {
        match self {
            Self::Connecting | Self::Reading => FaultKind::Rejected,
            Self::Writing => FaultKind::Unavailable,
            Self::Committing => FaultKind::Indefinite,
        }
    }

    /// The machine or the server failed rather than the statement.
    pub fn error_if_server_failed(self) -> FaultKind {
        match self {
            Self::Committing => FaultKind::Indefinite,
            Self::Connecting | Self::Reading | Self::Writing => FaultKind::Unavailable,
        }
    }

    /// Nobody knows what the error means.
    pub fn error_if_unknown(self) -> FaultKind {
        match self {
            Self::Committing => FaultKind::Indefinite,
            Self::Connecting | Self::Reading | Self::Writing => FaultKind::Rejected,
        }
    }
}
