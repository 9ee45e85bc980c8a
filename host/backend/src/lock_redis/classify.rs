//! Classifies the errors of Redis and of its driver by what a caller may conclude.
//!
//! The scripts read before they write, so an error that Redis itself returns means that nothing was
//! done. If the answer is missing, the change may have happened.

use crate::model::error::{CallError, ErrorKind};
use redis::{RedisError, ServerErrorKind};

/// The operation that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Opening a connection.
    Connecting,
    /// Something without an effect.
    Reading,
    /// A script that acquires or releases a lock.
    Changing,
}

/// The error of the contract for one of the driver. Codes are the first word of Redis's own error, or a word where Redis had
/// no say. Redis repeats no password, and nor does this.
pub fn classify(error: &RedisError, operation: Operation) -> CallError {
    let (kind, code) = match error.kind() {
        redis::ErrorKind::Server(kind) => (of_server(kind, error), error.code().unwrap_or("ERR")),
        redis::ErrorKind::Extension => {
            let code = error.code().unwrap_or("ERR");
            (of_word(code, operation), code)
        }
        redis::ErrorKind::Io => (lost(operation), of_io(error)),
        redis::ErrorKind::AuthenticationFailed => (ErrorKind::Rejected, "authentication"),
        redis::ErrorKind::InvalidClientConfig | redis::ErrorKind::Client => {
            (ErrorKind::Rejected, "configuration")
        }
        // An answer came that makes no sense.
        redis::ErrorKind::Parse | redis::ErrorKind::UnexpectedReturnType => {
            (unknown(operation), "answer")
        }
        _ => (unknown(operation), "redis"),
    };
    CallError::new(kind, code, error.to_string())
}

fn of_server(kind: ServerErrorKind, error: &RedisError) -> ErrorKind {
    match kind {
        // It starts, or follows another server that is away or has the say now.
        ServerErrorKind::BusyLoading
        | ServerErrorKind::MasterDown
        | ServerErrorKind::ClusterDown
        | ServerErrorKind::TryAgain
        | ServerErrorKind::ReadOnly => ErrorKind::Unavailable,
        ServerErrorKind::ResponseError => {
            let full = |detail: &str| detail.contains("max number of clients");
            match error.detail().is_some_and(full) {
                true => ErrorKind::Unavailable,
                false => ErrorKind::Rejected,
            }
        }
        // A cluster's errors too: a lock of several names needs them on one server.
        _ => ErrorKind::Rejected,
    }
}

/// Errors that the driver has no name for.
fn of_word(code: &str, operation: Operation) -> ErrorKind {
    match code {
        // Out of memory, no disk to save to, another script running, too few replicas: all before
        // the first write.
        "OOM" | "MISCONF" | "BUSY" | "NOREPLICAS" => ErrorKind::Unavailable,
        // The last is from the acquire script: its grant was released while the acquire was in flight.
        "WRONGTYPE" | "WRONGPASS" | "NOAUTH" | "GIVENUP" => ErrorKind::Rejected,
        _ => unknown(operation),
    }
}

fn of_io(error: &RedisError) -> &'static str {
    if error.is_timeout() {
        "no-answer"
    } else if error.is_connection_refusal() {
        "connection-refused"
    } else {
        "connection-lost"
    }
}

fn lost(operation: Operation) -> ErrorKind {
    match operation {
        Operation::Changing => ErrorKind::Indefinite,
        Operation::Connecting | Operation::Reading => ErrorKind::Unavailable,
    }
}

fn unknown(operation: Operation) -> ErrorKind {
    match operation {
        Operation::Changing => ErrorKind::Indefinite,
        Operation::Connecting | Operation::Reading => ErrorKind::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErrorKind::{Indefinite, Rejected, Unavailable};
    use std::io;

    /// The error as Redis sends it.
    fn server(line: &str) -> RedisError {
        let answer = redis::parse_redis_value(format!("-{line}\r\n").as_bytes());
        answer.unwrap().extract_error().unwrap_err()
    }

    #[test]
    fn classify_maps_every_error_to_its_conclusion() {
        let io = |kind: io::ErrorKind| RedisError::from(io::Error::from(kind));
        let own = |kind: redis::ErrorKind| RedisError::from((kind, "what the driver says"));
        // error, its code, while connecting, while reading, while changing
        for (error, code, connecting, reading, changing) in [
            (
                server("ERR no such command"),
                "ERR",
                Rejected,
                Rejected,
                Rejected,
            ),
            (
                server("ERR max number of clients reached"),
                "ERR",
                Unavailable,
                Unavailable,
                Unavailable,
            ),
            (
                server("LOADING the dataset"),
                "LOADING",
                Unavailable,
                Unavailable,
                Unavailable,
            ),
            (
                server("MASTERDOWN link is down"),
                "MASTERDOWN",
                Unavailable,
                Unavailable,
                Unavailable,
            ),
            (
                server("CLUSTERDOWN hash slot"),
                "CLUSTERDOWN",
                Unavailable,
                Unavailable,
                Unavailable,
            ),
            (
                server("TRYAGAIN later"),
                "TRYAGAIN",
                Unavailable,
                Unavailable,
                Unavailable,
            ),
            (
                server("READONLY a replica"),
                "READONLY",
                Unavailable,
                Unavailable,
                Unavailable,
            ),
            (
                server("OOM command not allowed"),
                "OOM",
                Unavailable,
                Unavailable,
                Unavailable,
            ),
            (
                server("MISCONF can't save"),
                "MISCONF",
                Unavailable,
                Unavailable,
                Unavailable,
            ),
            (
                server("BUSY running a script"),
                "BUSY",
                Unavailable,
                Unavailable,
                Unavailable,
            ),
            (
                server("NOREPLICAS not enough"),
                "NOREPLICAS",
                Unavailable,
                Unavailable,
                Unavailable,
            ),
            (
                server("CROSSSLOT keys"),
                "CROSSSLOT",
                Rejected,
                Rejected,
                Rejected,
            ),
            (
                server("MOVED 1 host:1"),
                "MOVED",
                Rejected,
                Rejected,
                Rejected,
            ),
            (
                server("NOPERM no permission"),
                "NOPERM",
                Rejected,
                Rejected,
                Rejected,
            ),
            (
                server("WRONGTYPE not a set"),
                "WRONGTYPE",
                Rejected,
                Rejected,
                Rejected,
            ),
            (
                server("NOAUTH required"),
                "NOAUTH",
                Rejected,
                Rejected,
                Rejected,
            ),
            (
                server("WRONGPASS invalid"),
                "WRONGPASS",
                Rejected,
                Rejected,
                Rejected,
            ),
            (
                server("NEWS of tomorrow"),
                "NEWS",
                Rejected,
                Rejected,
                Indefinite,
            ),
            (
                own(redis::ErrorKind::AuthenticationFailed),
                "authentication",
                Rejected,
                Rejected,
                Rejected,
            ),
            (
                own(redis::ErrorKind::InvalidClientConfig),
                "configuration",
                Rejected,
                Rejected,
                Rejected,
            ),
            (
                own(redis::ErrorKind::UnexpectedReturnType),
                "answer",
                Rejected,
                Rejected,
                Indefinite,
            ),
            (
                own(redis::ErrorKind::Parse),
                "answer",
                Rejected,
                Rejected,
                Indefinite,
            ),
            (
                io(io::ErrorKind::ConnectionRefused),
                "connection-refused",
                Unavailable,
                Unavailable,
                Indefinite,
            ),
            (
                io(io::ErrorKind::ConnectionReset),
                "connection-lost",
                Unavailable,
                Unavailable,
                Indefinite,
            ),
            (
                io(io::ErrorKind::BrokenPipe),
                "connection-lost",
                Unavailable,
                Unavailable,
                Indefinite,
            ),
            (
                io(io::ErrorKind::TimedOut),
                "no-answer",
                Unavailable,
                Unavailable,
                Indefinite,
            ),
        ] {
            for (operation, kind) in [
                (Operation::Connecting, connecting),
                (Operation::Reading, reading),
                (Operation::Changing, changing),
            ] {
                let error = classify(&error, operation);
                let seen = (error.kind, error.code.as_str());
                assert_eq!(seen, (kind, code), "{error} while {operation:?}");
            }
        }
    }
}
