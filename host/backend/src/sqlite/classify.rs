//! Classifies the errors of SQLite and of its driver by what a caller may conclude.
//!
//! The question is always the same: can the failed statement have taken effect? A statement inside a
//! transaction can't, since the transaction is rolled back. A commit can, unless SQLite returns the
//! error before it writes the commit.

use crate::capability::operation::Operation;
use crate::model::error::{CallError, ErrorKind, RowReference};
use sqlx::Error;

/// The error of the contract for one of the driver. Codes are SQLite's extended result codes in decimal, or a word where
/// SQLite had no say.
pub fn classify(error: &Error, operation: Operation) -> CallError {
    match error {
        Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            let kind = match code.parse() {
                Ok(number) => of_code(number, operation),
                Err(_) => operation.error_if_unknown(),
            };
            CallError::new(kind, code, error.message()).about(row_of(error.message()))
        }
        // These come before SQLite runs the statement.
        Error::Configuration(_) => CallError::rejected("configuration", error.to_string()),
        Error::Encode(_) | Error::Protocol(_) => {
            CallError::rejected("statement", error.to_string())
        }
        // These come after it: what it wrote is there.
        Error::Decode(_) | Error::ColumnDecode { .. } => CallError::new(
            operation.error_if_answer_unusable(),
            "decode",
            error.to_string(),
        ),
        Error::InvalidArgument(message) => CallError::new(
            operation.error_if_answer_unusable(),
            "answer-too-large",
            message,
        ),
        Error::PoolTimedOut | Error::PoolClosed => {
            CallError::unavailable("no-connection", error.to_string())
        }
        _ => CallError::new(
            operation.error_if_server_failed(),
            "connection-lost",
            error.to_string(),
        ),
    }
}

/// Table and columns of a duplicate key: `UNIQUE constraint failed: t.a, t.b`.
fn row_of(message: &str) -> Option<RowReference> {
    let columns = message.strip_prefix("UNIQUE constraint failed: ")?;
    let split = |column| str::split_once(column, '.');
    let named: Option<Vec<(&str, &str)>> = columns.split(", ").map(split).collect();
    let named = named?;
    let key: Vec<&str> = named.iter().map(|&(_, column)| column).collect();
    Some(RowReference {
        table: named.first().map(|&(table, _)| table.to_owned()),
        key: Some(key.join(", ")),
        value: None,
    })
}

fn of_code(code: i32, operation: Operation) -> ErrorKind {
    // The low byte is the primary code; the rest says more about it.
    match code & 0xff {
        // BUSY, LOCKED: another session has the lock, or the snapshot was too old. A COMMIT that gets
        // this leaves its transaction open, and the session rolls it back.
        5 | 6 if operation == Operation::Connecting => ErrorKind::Unavailable,
        5 | 6 => ErrorKind::Conflict,
        // NOMEM, IOERR, FULL: in the middle of a commit the outcome is unknown. INTERRUPT:
        // SQLite looks once more whether to stop *after* it has committed a statement.
        7 | 9 | 10 | 13 => operation.error_if_server_failed(),
        // CANTOPEN, PROTOCOL (the log was too busy to begin): both before anything is written.
        14 | 15 => ErrorKind::Unavailable,
        // ERROR, PERM, READONLY, SCHEMA, TOOBIG, CONSTRAINT, MISMATCH, NOLFS, AUTH, RANGE, NOTADB:
        // the statement is wrong, or wrong here, and was undone before it committed.
        1 | 3 | 8 | 17..=20 | 22 | 23 | 25 | 26 => ErrorKind::Rejected,
        // CORRUPT and whatever else there may be.
        _ => operation.error_if_unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErrorKind::{Conflict, Indefinite, Rejected, Unavailable};
    use std::borrow::Cow;
    use std::fmt;

    /// A stand-in for SQLite's error in sqlx, which has no public constructor.
    #[derive(Debug)]
    struct Code(i32);

    impl fmt::Display for Code {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", self.0)
        }
    }

    impl std::error::Error for Code {}

    impl sqlx::error::DatabaseError for Code {
        fn message(&self) -> &str {
            "what SQLite says"
        }
        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.to_string().into())
        }
        fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
            self
        }
        fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
            self
        }
        fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
            self
        }
        fn kind(&self) -> sqlx::error::ErrorKind {
            sqlx::error::ErrorKind::Other
        }
    }

    fn of(code: i32, operation: Operation) -> CallError {
        classify(&Error::Database(Box::new(Code(code))), operation)
    }

    #[test]
    fn a_duplicate_key_names_its_table_and_its_columns() {
        let named = |message| row_of(message).map(|row| (row.table, row.key, row.value));
        let key =
            |table: &str, key: &str| Some((Some(table.to_owned()), Some(key.to_owned()), None));
        assert_eq!(named("UNIQUE constraint failed: t.a"), key("t", "a"));
        assert_eq!(
            named("UNIQUE constraint failed: t.a, t.b"),
            key("t", "a, b")
        );
        assert_eq!(named("UNIQUE constraint failed: index 'by_sum'"), None);
        assert_eq!(named("FOREIGN KEY constraint failed"), None);
    }

    #[test]
    fn classify_maps_every_code_to_its_conclusion() {
        // code, its name, while reading, while writing in a transaction, while committing
        for (code, name, reading, writing, committing) in [
            (1, "ERROR", Rejected, Rejected, Rejected),
            (5, "BUSY", Conflict, Conflict, Conflict),
            (261, "BUSY_RECOVERY", Conflict, Conflict, Conflict),
            (517, "BUSY_SNAPSHOT", Conflict, Conflict, Conflict),
            (6, "LOCKED", Conflict, Conflict, Conflict),
            (262, "LOCKED_SHAREDCACHE", Conflict, Conflict, Conflict),
            (7, "NOMEM", Unavailable, Unavailable, Indefinite),
            (8, "READONLY", Rejected, Rejected, Rejected),
            (1032, "READONLY_DBMOVED", Rejected, Rejected, Rejected),
            (9, "INTERRUPT", Unavailable, Unavailable, Indefinite),
            (10, "IOERR", Unavailable, Unavailable, Indefinite),
            (1034, "IOERR_FSYNC", Unavailable, Unavailable, Indefinite),
            (11, "CORRUPT", Rejected, Rejected, Indefinite),
            (13, "FULL", Unavailable, Unavailable, Indefinite),
            (14, "CANTOPEN", Unavailable, Unavailable, Unavailable),
            (15, "PROTOCOL", Unavailable, Unavailable, Unavailable),
            (787, "CONSTRAINT_FOREIGNKEY", Rejected, Rejected, Rejected),
            (1555, "CONSTRAINT_PRIMARYKEY", Rejected, Rejected, Rejected),
            (2067, "CONSTRAINT_UNIQUE", Rejected, Rejected, Rejected),
            (20, "MISMATCH", Rejected, Rejected, Rejected),
            (26, "NOTADB", Rejected, Rejected, Rejected),
            (99, "something new", Rejected, Rejected, Indefinite),
        ] {
            for (operation, kind) in [
                (Operation::Reading, reading),
                (Operation::Writing, writing),
                (Operation::Committing, committing),
            ] {
                let error = of(code, operation);
                assert_eq!(error.kind, kind, "{name} while {operation:?}");
                assert_eq!(error.code, code.to_string(), "{name}");
            }
        }
        assert_eq!(of(5, Operation::Connecting).kind, Unavailable);
    }

    #[test]
    fn a_driver_that_dies_leaves_a_commit_open_and_nothing_else() {
        let of = |operation| classify(&Error::WorkerCrashed, operation).kind;
        assert_eq!(of(Operation::Committing), Indefinite);
        assert_eq!(of(Operation::Writing), Unavailable);
        assert_eq!(of(Operation::Reading), Unavailable);
    }

    #[test]
    fn only_a_lock_is_a_conflict() {
        for code in 0..=i32::from(u16::MAX) {
            let conflict = of(code, Operation::Committing).kind == Conflict;
            assert_eq!(conflict, matches!(code & 0xff, 5 | 6), "{code}");
        }
    }
}
