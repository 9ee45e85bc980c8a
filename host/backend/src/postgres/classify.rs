//! Classifies the errors of PostgreSQL and of its driver by what a caller may conclude.
//!
//! The question is always the same: can the failed statement have taken effect? An error of the severity
//! ERROR ends the transaction, and there is none after the record of a commit was written: it never
//! committed. An error that ends the connection (FATAL, PANIC) may come after that, while a commit waits
//! for its standbys. *Example:* 40P01 (deadlock) for an UPDATE is a `conflict`; 57P01 (the server is
//! shut down) as the answer to a COMMIT is `indefinite`.

use super::answer::{Cause, Failure};
use crate::capability::operation::Operation;
use crate::model::error::{CallError, ErrorKind, RowReference};
use sqlx::Error;
use sqlx::postgres::PgDatabaseError;

pub(super) fn classify(failure: &Failure, operation: Operation) -> CallError {
    // What wasn't sent had no effect, whatever it would have done.
    let operation = match operation {
        Operation::Writing | Operation::Committing if !failure.sent => Operation::Reading,
        operation => operation,
    };
    match &failure.cause {
        Cause::Driver(Error::Database(error)) => {
            let Some(error) = error.try_downcast_ref::<PgDatabaseError>() else {
                return lost(operation, error.message());
            };
            let kind = of_state(error.code(), failure.is_fatal(), operation);
            CallError::new(kind, error.code(), error.message()).about(row_of(error))
        }
        Cause::Driver(Error::Encode(error)) => CallError::rejected("parameter", error.to_string()),
        Cause::Driver(error) => lost(operation, &error.to_string()),
        Cause::Closed => lost(Operation::Reading, "the connection is closed"),
        // The statement ran, and its answer is of no use; or it was not sent.
        Cause::Host(error) => CallError {
            kind: operation.error_if_answer_unusable(),
            ..error.clone()
        },
    }
}

/// A connection that is gone, with the codes of SQL: 08001 where none came about, 08006 in flight.
fn lost(operation: Operation, why: &str) -> CallError {
    let (code, message) = match operation {
        Operation::Connecting => ("08001", why.to_owned()),
        _ => ("08006", format!("lost the connection to the server: {why}")),
    };
    CallError::new(operation.error_if_lost(), code, message)
}

/// Classifies the SQLSTATE of an error.
fn of_state(state: &str, is_fatal: bool, operation: Operation) -> ErrorKind {
    let class = state.get(..2).unwrap_or_default();
    match (state, class) {
        // The user, the password or the name of the database: asking again won't help.
        (_, "28" | "3D" | "42") if operation == Operation::Connecting => ErrorKind::Rejected,
        _ if operation == Operation::Connecting => ErrorKind::Unavailable,
        _ if is_fatal => operation.error_if_lost(),
        ("40003", _) => operation.error_if_unknown(),
        // The row changed since the transaction's snapshot, or the transaction is in the way of another
        // (40001); deadlock (40P01); locked by another (55P03); taken too long, or cancelled (57014).
        (_, "40") | ("55P03" | "57014", _) => ErrorKind::Conflict,
        // A standby, or a primary that became one.
        ("25006", _) => ErrorKind::Unavailable,
        // Connections, memory or the disk are used up; the server is shut down or starts.
        (_, "53" | "57" | "08") => ErrorKind::Unavailable,
        // Bad data, a constraint, access, syntax, a missing thing or feature; an error of before in this
        // transaction (25P02), or something else that its state does not allow.
        (
            _,
            "0A" | "21" | "22" | "23" | "25" | "28" | "2B" | "3B" | "3D" | "3F" | "42" | "44"
            | "55",
        ) => ErrorKind::Rejected,
        _ => operation.error_if_unknown(),
    }
}

/// The row that an error names: the table, the constraint and, of a key, its value.
fn row_of(error: &PgDatabaseError) -> Option<RowReference> {
    if !matches!(error.code(), "23503" | "23505" | "23514" | "23502") {
        return None;
    }
    // Key (id)=(2) already exists.
    let value = error.detail().and_then(|detail| {
        let (_, rest) = detail.split_once(")=(")?;
        let (value, _) = rest.rsplit_once(") ")?;
        Some(value.to_owned())
    });
    Some(RowReference {
        table: error.table().map(str::to_owned),
        key: error.constraint().or(error.column()).map(str::to_owned),
        value,
    })
}

#[cfg(test)]
mod tests;
