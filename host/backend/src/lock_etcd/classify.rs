//! Classifies the errors of etcd by what a caller may conclude.

use crate::model::error::{CallError, ErrorKind};

/// The operation that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// Something without an effect.
    Reading,
    /// A change that does no harm when it is made twice.
    Repeatable,
    /// A change of which the answer says whether it was made just now.
    Changing,
}

/// The reason why there is no answer, or no good one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// No connection: nothing was sent.
    Unreachable(String),
    /// The connection ended before the answer.
    Lost(String),
    /// The server did not answer in time.
    Silent,
    /// The answer makes no sense.
    Nonsense(String),
    /// etcd's own error: the number of its gRPC code, and the message.
    Server { code: i64, message: String },
}

/// Codes of gRPC.
const INVALID_ARGUMENT: i64 = 3;
const NOT_FOUND: i64 = 5;
const PERMISSION_DENIED: i64 = 7;
const RESOURCE_EXHAUSTED: i64 = 8;
const FAILED_PRECONDITION: i64 = 9;
const UNIMPLEMENTED: i64 = 12;
const UNAVAILABLE: i64 = 14;
const UNAUTHENTICATED: i64 = 16;

impl Trouble {
    /// True where another server may know better.
    pub(super) fn is_of_one_server(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Lost(_) | Self::Silent => true,
            Self::Server { code, .. } => *code == UNAVAILABLE,
            Self::Nonsense(_) => false,
        }
    }

    /// True for a lease that is there already, as after an answer that was lost.
    pub(super) fn is_there_already(&self) -> bool {
        matches!(self, Self::Server { message, .. } if message.contains("already exists"))
    }

    /// True for a lease that is not there.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Server { code, .. } if *code == NOT_FOUND)
    }
}

/// The error of the contract. etcd repeats no password, and nor does this.
pub(super) fn classify(trouble: &Trouble, operation: Operation) -> CallError {
    let unknown = match operation {
        Operation::Reading => ErrorKind::Unavailable,
        Operation::Repeatable | Operation::Changing => ErrorKind::Indefinite,
    };
    let (kind, code, message) = match trouble {
        Trouble::Unreachable(why) => {
            let message = format!("can't reach etcd: {why}; is it running?");
            (ErrorKind::Unavailable, "connection-refused", message)
        }
        Trouble::Lost(why) => {
            let message = format!("the connection to etcd was lost: {why}");
            (unknown, "connection-lost", message)
        }
        Trouble::Silent => (
            unknown,
            "no-answer",
            "etcd did not answer in time".to_owned(),
        ),
        Trouble::Nonsense(what) => {
            let message = format!("this is no answer of etcd's JSON gateway: {what}");
            match operation {
                Operation::Reading => (ErrorKind::Rejected, "answer", message),
                _ => (unknown, "answer", message),
            }
        }
        Trouble::Server { code, message } => {
            let (kind, code) = of_server(*code, message, unknown);
            (kind, code, message.clone())
        }
    };
    CallError::new(kind, code, message)
}

fn of_server(code: i64, message: &str, unknown: ErrorKind) -> (ErrorKind, &'static str) {
    match code {
        // Refused before it was proposed.
        UNAVAILABLE if message.contains("no leader") => (ErrorKind::Unavailable, "no-leader"),
        UNAVAILABLE => (unknown, "unavailable"),
        RESOURCE_EXHAUSTED => (ErrorKind::Unavailable, "exhausted"),
        NOT_FOUND => (ErrorKind::Rejected, "not-found"),
        UNAUTHENTICATED | PERMISSION_DENIED => (ErrorKind::Rejected, "authentication"),
        INVALID_ARGUMENT if message.contains("user") => (ErrorKind::Rejected, "authentication"),
        INVALID_ARGUMENT | FAILED_PRECONDITION | UNIMPLEMENTED => (ErrorKind::Rejected, "etcd"),
        _ => (unknown, "etcd"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErrorKind::{Indefinite, Rejected, Unavailable};

    #[test]
    fn classify_maps_every_error_to_its_conclusion() {
        let server = |code, message: &str| Trouble::Server {
            code,
            message: message.to_owned(),
        };
        let why = || "why".to_owned();
        // trouble, its code, while reading, while changing
        for (trouble, code, reading, changing) in [
            (
                Trouble::Unreachable(why()),
                "connection-refused",
                Unavailable,
                Unavailable,
            ),
            (
                Trouble::Lost(why()),
                "connection-lost",
                Unavailable,
                Indefinite,
            ),
            (Trouble::Silent, "no-answer", Unavailable, Indefinite),
            (Trouble::Nonsense(why()), "answer", Rejected, Indefinite),
            (
                server(14, "etcdserver: no leader"),
                "no-leader",
                Unavailable,
                Unavailable,
            ),
            (
                server(14, "etcdserver: request timed out"),
                "unavailable",
                Unavailable,
                Indefinite,
            ),
            (
                server(14, "etcdserver: leader changed"),
                "unavailable",
                Unavailable,
                Indefinite,
            ),
            (
                server(8, "etcdserver: mvcc: database space exceeded"),
                "exhausted",
                Unavailable,
                Unavailable,
            ),
            (
                server(5, "etcdserver: requested lease not found"),
                "not-found",
                Rejected,
                Rejected,
            ),
            (
                server(
                    3,
                    "etcdserver: authentication failed, invalid user ID or password",
                ),
                "authentication",
                Rejected,
                Rejected,
            ),
            (
                server(3, "etcdserver: user name is empty"),
                "authentication",
                Rejected,
                Rejected,
            ),
            (
                server(16, "etcdserver: invalid auth token"),
                "authentication",
                Rejected,
                Rejected,
            ),
            (
                server(7, "etcdserver: permission denied"),
                "authentication",
                Rejected,
                Rejected,
            ),
            (
                server(3, "etcdserver: too many operations"),
                "etcd",
                Rejected,
                Rejected,
            ),
            (
                server(2, "what nobody knows"),
                "etcd",
                Unavailable,
                Indefinite,
            ),
        ] {
            for (operation, kind) in [
                (Operation::Reading, reading),
                (Operation::Repeatable, changing),
                (Operation::Changing, changing),
            ] {
                let error = classify(&trouble, operation);
                let got = (error.kind, error.code.as_str());
                assert_eq!(got, (kind, code), "{trouble:?} while {operation:?}");
            }
        }
    }
}
