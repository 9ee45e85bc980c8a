//! Classifies the errors of MariaDB, of MySQL and of the driver by what a caller may conclude.
//!
//! The question is always the same: can the failed statement have taken effect? A server returns an
//! error for a statement before that statement commits, and undoes it. The exceptions are errors during
//! a commit, and a lost connection. *Example:* 1213 (deadlock) for an UPDATE is a `conflict`; the
//! connection lost (2013) during a COMMIT is `indefinite`; lost before the COMMIT was sent (2006), it
//! is `unavailable`.

use super::answer::Failure;
use crate::capability::mysql_codes::{lost, of_code, row_of};
use crate::capability::operation::Operation;
use crate::model::error::{CallError, ErrorKind};
use mysql_async::{DriverError, Error, IoError, ServerError};

/// The number of a syntax error.
const PARSE_ERROR: u16 = 1064;

/// The error of the contract for one of the driver. Codes are the server's; 2003, 2006 and 2013 are those of every client
/// library: not connected, gone before anything was sent, lost in flight.
pub(super) fn classify(failure: &Failure, operation: Operation) -> CallError {
    // What wasn't sent had no effect, whatever it would have done.
    let operation = match operation {
        Operation::Writing | Operation::Committing if !failure.sent => Operation::Reading,
        operation => operation,
    };
    match &failure.error {
        Error::Server(error) => {
            let kind = match is_unread_trigger(error) {
                true => ErrorKind::Unavailable,
                false => of_code(error.code, &error.state, operation),
            };
            let row = row_of(error.code, &error.message);
            CallError::new(kind, error.code, &error.message).about(row)
        }
        Error::Driver(DriverError::PacketTooLarge | DriverError::StmtParamsMismatch { .. }) => {
            CallError::rejected("statement", failure.error.to_string())
        }
        Error::Other(error) => match error.downcast_ref::<CallError>() {
            // The statement ran, and its answer is of no use.
            Some(error) => CallError {
                kind: operation.error_if_answer_unusable(),
                ..error.clone()
            },
            None => lost(operation, failure.sent, &error.to_string()),
        },
        Error::Io(IoError::Io(error)) => lost(operation, failure.sent, &error.to_string()),
        error => lost(operation, failure.sent, &error.to_string()),
    }
}

/// The server could not read a trigger that it had taken before. Seen on Galera while a node was killed: some
/// statements on the table failed with it for a time, and others did not. A strategy's statement is none the
/// worse for it, and had no effect.
fn is_unread_trigger(error: &ServerError) -> bool {
    error.code == PARSE_ERROR && error.message.starts_with("Trigger '")
}

#[cfg(test)]
mod tests;
