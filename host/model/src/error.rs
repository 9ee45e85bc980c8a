//! The reason why a capability call did not work, grouped by what the caller may conclude.

use serde::{Deserialize, Serialize};
use std::fmt;

crate::words! {
    /// The four cases of the contract (`wit/types.wit`). There is no fifth.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum ErrorKind {
        /// Certainly no effect; the transaction is gone; try again.
        Conflict = "conflict",
        /// Certainly no effect; this server cannot now.
        Unavailable = "unavailable",
        /// Certainly no effect; the same call would fail again.
        Rejected = "rejected",
        /// It may or may not have happened. Nothing may turn this into another case.
        Indefinite = "indefinite",
    }
}

/// One error: its case, the backend's own code, and a message without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{} {code}: {message}", kind.as_str())]
pub struct CallError {
    pub kind: ErrorKind,
    pub code: String,
    pub message: String,
    /// The row that the error is about, where the server names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<Box<RowReference>>,
}

/// A row as a server's message names it. Each part is `None` where the message leaves it out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RowReference {
    pub table: Option<String>,
    /// The index, the constraint, or the columns with commas between them.
    pub key: Option<String>,
    /// The value of the key.
    pub value: Option<String>,
}

impl CallError {
    pub fn new(kind: ErrorKind, code: impl fmt::Display, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.to_string(),
            message: message.into(),
            row: None,
        }
    }

    /// The same, about a row.
    pub fn about(self, row: Option<RowReference>) -> Self {
        Self {
            row: row.map(Box::new),
            ..self
        }
    }

    pub fn conflict(code: impl fmt::Display, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, code, message)
    }

    pub fn unavailable(code: impl fmt::Display, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, code, message)
    }

    pub fn rejected(code: impl fmt::Display, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Rejected, code, message)
    }

    pub fn indefinite(code: impl fmt::Display, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Indefinite, code, message)
    }
}

/// A count of one kind of error with one code that a strategy met during one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorCount {
    pub kind: ErrorKind,
    pub code: String,
    pub count: u32,
    /// The message of the first of them, cut; empty if it was read from a file, which has none.
    #[serde(skip)]
    pub message: String,
}

/// A message that is longer is cut in `ErrorCount`.
const LONGEST_MESSAGE: usize = 300;

/// Adds one error to the counts. A step meets few different codes, so a linear search is the
/// quickest map.
pub fn count_error(counts: &mut Vec<ErrorCount>, error: &CallError) {
    match counts
        .iter_mut()
        .find(|c| c.kind == error.kind && c.code == error.code)
    {
        Some(found) => found.count += 1,
        None => counts.push(ErrorCount {
            kind: error.kind,
            code: error.code.clone(),
            count: 1,
            message: error.message.chars().take(LONGEST_MESSAGE).collect(),
        }),
    }
}

/// The columns in which the reference harness counted errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorColumn {
    Deadlocks,
    Timeouts,
    Disconnect,
}

/// The reference harness's column for a code, if it had one. Its own codes are MariaDB's; each
/// other database's nearest equivalents stand beside them.
pub fn error_column(code: &str) -> Option<ErrorColumn> {
    match code {
        // 517 is SQLite's BUSY_SNAPSHOT: another commit came between this transaction's read and
        // its write. 6 is LOCKED, a conflict within one shared cache.
        "1213" | "517" | "6" => Some(ErrorColumn::Deadlocks),
        // 5 is SQLite's BUSY: the write lock was not to be had within the busy time-out.
        "1205" | "5" => Some(ErrorColumn::Timeouts),
        "2006" | "2013" | "2014" | "2045" | "2055" => Some(ErrorColumn::Disconnect),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_counted_by_kind_and_code() {
        let mut counts = Vec::new();
        count_error(&mut counts, &CallError::conflict(5, "busy"));
        count_error(&mut counts, &CallError::conflict(5, "busy again"));
        count_error(
            &mut counts,
            &CallError::rejected(5, "another kind".repeat(100)),
        );
        let seen: Vec<_> = counts.iter().map(|c| (c.kind, c.count)).collect();
        assert_eq!(seen, [(ErrorKind::Conflict, 2), (ErrorKind::Rejected, 1)]);
        assert_eq!(counts[0].message, "busy");
        assert_eq!(counts[1].message.len(), LONGEST_MESSAGE);
    }
}
