//! What was being done when an error came, and what that alone says of the error.

use crate::model::fault::FaultKind;

/// What a session of a database was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Opening a connection.
    Connecting,
    /// Something without an effect of its own: a query, `BEGIN`, a setting.
    Reading,
    /// A write inside a transaction, which takes effect only when that commits.
    Writing,
    /// `COMMIT`, or a write that commits by itself.
    Committing,
}

impl Doing {
    /// The machine or the server failed rather than the statement.
    pub fn of_a_failure(self) -> FaultKind {
        match self {
            Self::Committing => FaultKind::Indefinite,
            Self::Connecting | Self::Reading | Self::Writing => FaultKind::Unavailable,
        }
    }

    /// Nobody knows what the error means.
    pub fn of_the_unknown(self) -> FaultKind {
        match self {
            Self::Committing => FaultKind::Indefinite,
            Self::Connecting | Self::Reading | Self::Writing => FaultKind::Rejected,
        }
    }
}
