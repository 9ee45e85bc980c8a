//! The reason why a capability call did not work, grouped by what the caller may conclude.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The four cases of the contract (`wit/types.wit`). There is no fifth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Certainly no effect; the transaction is gone; try again.
    Conflict,
    /// Certainly no effect; this server cannot now.
    Unavailable,
    /// Certainly no effect; the same call would fail again.
    Rejected,
    /// It may or may not have happened. Nothing may turn this into another case.
    Indefinite,
}

impl FaultKind {
    /// The word for people and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
            Self::Rejected => "rejected",
            Self::Indefinite => "indefinite",
        }
    }
}

/// One fault: its case, the backend's own code, and a message without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{} {code}: {message}", kind.as_str())]
pub struct Fault {
    pub kind: FaultKind,
    pub code: String,
    pub message: String,
}

impl Fault {
    pub fn new(kind: FaultKind, code: impl fmt::Display, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.to_string(),
            message: message.into(),
        }
    }

    pub fn conflict(code: impl fmt::Display, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Conflict, code, message)
    }

    pub fn unavailable(code: impl fmt::Display, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Unavailable, code, message)
    }

    pub fn rejected(code: impl fmt::Display, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Rejected, code, message)
    }

    pub fn indefinite(code: impl fmt::Display, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Indefinite, code, message)
    }
}

/// A count of one kind of fault with one code that a strategy met during one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultCount {
    pub kind: FaultKind,
    pub code: String,
    pub count: u32,
    /// The message of the first of them, cut; empty if it was read from a file, which has none.
    #[serde(skip)]
    pub message: String,
}

/// A message that is longer is cut in `FaultCount`.
const LONGEST_MESSAGE: usize = 300;

/// Adds one fault to the counts. A step meets few different codes, so a linear search is the
/// quickest map.
pub fn count_fault(counts: &mut Vec<FaultCount>, fault: &Fault) {
    match counts
        .iter_mut()
        .find(|c| c.kind == fault.kind && c.code == fault.code)
    {
        Some(found) => found.count += 1,
        None => counts.push(FaultCount {
            kind: fault.kind,
            code: fault.code.clone(),
            count: 1,
            message: fault.message.chars().take(LONGEST_MESSAGE).collect(),
        }),
    }
}

/// The columns in which the reference harness counted faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultColumn {
    Deadlocks,
    Timeouts,
    Disconnect,
}

/// The reference harness's column for a code, if it had one. Its own codes are MariaDB's; each
/// other database's nearest equivalents stand beside them.
pub fn fault_column(code: &str) -> Option<FaultColumn> {
    match code {
        // 517 is SQLite's BUSY_SNAPSHOT: another commit came between this transaction's read and
        // its write. 6 is LOCKED, a conflict within one shared cache.
        "1213" | "517" | "6" => Some(FaultColumn::Deadlocks),
        // 5 is SQLite's BUSY: the write lock was not to be had within the busy time-out.
        "1205" | "5" => Some(FaultColumn::Timeouts),
        "2006" | "2013" | "2014" | "2045" | "2055" => Some(FaultColumn::Disconnect),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_counted_by_kind_and_code() {
        let mut counts = Vec::new();
        count_fault(&mut counts, &Fault::conflict(5, "busy"));
        count_fault(&mut counts, &Fault::conflict(5, "busy again"));
        count_fault(&mut counts, &Fault::rejected(5, "another kind".repeat(100)));
        let seen: Vec<_> = counts.iter().map(|c| (c.kind, c.count)).collect();
        assert_eq!(seen, [(FaultKind::Conflict, 2), (FaultKind::Rejected, 1)]);
        assert_eq!(counts[0].message, "busy");
        assert_eq!(counts[1].message.len(), LONGEST_MESSAGE);
    }
}
