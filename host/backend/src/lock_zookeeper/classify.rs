//! Classifies the errors of ZooKeeper and of its client by what a caller may conclude.
//!
//! An error that the service itself returns means that nothing was done. If the answer is missing, the
//! change may have happened.

use crate::model::error::{CallError, ErrorKind};
use ErrorKind::{Indefinite, Rejected, Unavailable};
use zookeeper_client::Error;

/// The operation that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// Opening a session.
    Connecting,
    /// Something without an effect.
    Reading,
    /// Making or deleting a node.
    Changing,
}

/// The error of the contract for one of the client.
pub(super) fn classify(error: &Error, operation: Operation) -> CallError {
    let lost = match operation {
        Operation::Changing => Indefinite,
        Operation::Connecting | Operation::Reading => Unavailable,
    };
    let senseless = match operation {
        Operation::Changing => Indefinite,
        Operation::Connecting | Operation::Reading => Rejected,
    };
    let (kind, code) = match error {
        Error::NoHosts => (lost, "connection-refused"),
        Error::Timeout => (lost, "no-answer"),
        Error::ConnectionLoss | Error::Custom(_) => (lost, "connection-lost"),
        // The client says so by itself too, when it has had no answer for too long.
        Error::SessionExpired | Error::ClientClosed => (lost, "session-expired"),
        // The service refused the request, and may take it in a moment, or over another connection.
        Error::SessionMoved => (Unavailable, "session-moved"),
        Error::NotReadOnly => (Unavailable, "read-only"),
        Error::Throttled => (Unavailable, "throttled"),
        Error::AuthFailed => (Rejected, "authentication"),
        Error::NoAuth | Error::InvalidAcl => (Rejected, "authorization"),
        Error::QuotaExceeded => (Rejected, "quota"),
        Error::NoNode => (Rejected, "no-node"),
        Error::NodeExists => (Rejected, "node-exists"),
        Error::NotEmpty => (Rejected, "not-empty"),
        Error::BadVersion => (Rejected, "bad-version"),
        Error::NoChildrenForEphemerals => (Rejected, "no-children"),
        Error::NoWatcher => (Rejected, "no-watcher"),
        Error::Unimplemented => (Rejected, "unsupported"),
        Error::BadArguments(_) | Error::MarshallingError => (Rejected, "configuration"),
        // An answer came that makes no sense, or an error that the client does not know.
        _ => (senseless, "answer"),
    };
    CallError::new(kind, code, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classify_maps_every_error_of_zookeeper_to_its_conclusion() {
        // error, its code, while connecting, while reading, while changing
        for (error, code, kinds) in [
            (
                Error::NoHosts,
                "connection-refused",
                [Unavailable, Unavailable, Indefinite],
            ),
            (
                Error::Timeout,
                "no-answer",
                [Unavailable, Unavailable, Indefinite],
            ),
            (
                Error::ConnectionLoss,
                "connection-lost",
                [Unavailable, Unavailable, Indefinite],
            ),
            (
                Error::SessionExpired,
                "session-expired",
                [Unavailable, Unavailable, Indefinite],
            ),
            (
                Error::ClientClosed,
                "session-expired",
                [Unavailable, Unavailable, Indefinite],
            ),
            (Error::SessionMoved, "session-moved", [Unavailable; 3]),
            (Error::NotReadOnly, "read-only", [Unavailable; 3]),
            (Error::Throttled, "throttled", [Unavailable; 3]),
            (Error::AuthFailed, "authentication", [Rejected; 3]),
            (Error::NoAuth, "authorization", [Rejected; 3]),
            (Error::InvalidAcl, "authorization", [Rejected; 3]),
            (Error::QuotaExceeded, "quota", [Rejected; 3]),
            (Error::NoNode, "no-node", [Rejected; 3]),
            (Error::NodeExists, "node-exists", [Rejected; 3]),
            (Error::NotEmpty, "not-empty", [Rejected; 3]),
            (Error::BadVersion, "bad-version", [Rejected; 3]),
            (Error::NoChildrenForEphemerals, "no-children", [Rejected; 3]),
            (Error::NoWatcher, "no-watcher", [Rejected; 3]),
            (Error::Unimplemented, "unsupported", [Rejected; 3]),
            (Error::BadArguments(&"x"), "configuration", [Rejected; 3]),
            (Error::MarshallingError, "configuration", [Rejected; 3]),
            (
                Error::UnexpectedErrorCode(-99),
                "answer",
                [Rejected, Rejected, Indefinite],
            ),
            (
                Error::UnexpectedError("x".to_owned()),
                "answer",
                [Rejected, Rejected, Indefinite],
            ),
            (
                Error::RuntimeInconsistent,
                "answer",
                [Rejected, Rejected, Indefinite],
            ),
        ] {
            let operations = [
                Operation::Connecting,
                Operation::Reading,
                Operation::Changing,
            ];
            for (operation, kind) in operations.into_iter().zip(kinds) {
                let found = classify(&error, operation);
                assert_eq!(
                    (found.kind, &*found.code),
                    (kind, code),
                    "{error} {operation:?}"
                );
            }
        }
    }
}
