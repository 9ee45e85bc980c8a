//! Final contents of the database after a run: the proof against which every report is held.

use super::change::Nanos;
use super::marker::{Mark, Marker};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The `status` of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Status {
    Available,
    Deleting,
    /// Something that no transition of the workload leads to.
    Other(Box<String>),
}

impl Status {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Available => "available",
            Self::Deleting => "deleting",
            Self::Other(text) => text,
        }
    }
}

impl From<&str> for Status {
    fn from(text: &str) -> Self {
        match text {
            "available" => Self::Available,
            "deleting" => Self::Deleting,
            _ => Self::Other(Box::new(text.to_owned())),
        }
    }
}

impl From<String> for Status {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Status> for String {
    fn from(status: Status) -> Self {
        status.as_str().to_owned()
    }
}

/// A row's status and marker.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowState {
    pub status: Status,
    pub mark: Mark,
}

impl RowState {
    /// Every row begins like this.
    pub fn initial() -> Self {
        Self {
            status: Status::Available,
            mark: Mark::None,
        }
    }

    /// The state that the acquire of this change leaves.
    pub fn held_by(marker: Marker) -> Self {
        Self {
            status: Status::Deleting,
            mark: Mark::Of(marker),
        }
    }
}

impl fmt::Display for RowState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.status {
            // Written by a strategy: whatever it is, it must not speak to the terminal.
            Status::Other(text) => write!(f, "{text:?} ({})", self.mark),
            known => write!(f, "{} ({})", known.as_str(), self.mark),
        }
    }
}

/// The net change of one row by one committed transaction, as the database's own audit recorded it.
/// A statement outside of a transaction is a transaction by itself. What a transaction did in between
/// is no effect: a row that it took through a scratch state, or deleted and inserted again, went from
/// the state before the transaction to the state after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The number of the row's key; [`AuditEntry::FOREIGN`] if the workload made no such key.
    pub row: u32,
    /// The state before the transaction; `None`: there was no row with this key.
    pub from: Option<RowState>,
    /// The state after it; `None`: there is no row with this key any more.
    pub to: Option<RowState>,
    /// Present where the transaction inserted, deleted or renamed rows, or where the workload made no
    /// such key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Box<KeyChange>>,
}

/// The effect of a transaction on a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChange {
    /// The key that this is about.
    pub key: String,
    /// The key before of a row that was given this one by an UPDATE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The key that an UPDATE gave to the row that had this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The markers that the same transaction wrote, on whatever row: whose transaction it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub markers: Vec<Marker>,
}

impl AuditEntry {
    /// In place of a row's number.
    pub const FOREIGN: u32 = u32::MAX;

    /// The change of a row that was there before and after.
    pub fn of_row(row: u32, from: RowState, to: RowState) -> Self {
        Self {
            row,
            from: Some(from),
            to: Some(to),
            keys: None,
        }
    }

    /// The marker of the state that it led to.
    pub fn marker(&self) -> Option<Marker> {
        self.to.as_ref()?.mark.marker()
    }

    /// Says whether a row of another key was given this one, or the other way round.
    pub fn is_moved(&self) -> bool {
        let keys = self.keys.as_ref();
        keys.is_some_and(|keys| keys.before.is_some() || keys.after.is_some())
    }

    /// Says whether the transaction wrote the marker that is there now, and did not bring it with a
    /// row of another key.
    pub fn is_written(&self) -> bool {
        let by = self.keys.iter().flat_map(|keys| &keys.markers);
        !self.is_moved() || by.into_iter().any(|by| self.marker() == Some(*by))
    }
}

/// The rows of one node when all workers had ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeRows {
    pub node: String,
    /// `None` where the row is gone; by row number.
    pub rows: Vec<Option<RowState>>,
    /// Rows that the workload never made, by their `id`.
    pub foreign: Vec<String>,
}

/// A time in which a database may lose the last of what it has committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breakdown {
    pub began: Nanos,
    pub ended: Nanos,
    pub cause: BreakdownCause,
}

/// What was done to the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakdownCause {
    /// All of them were killed at once.
    AllKilled,
    /// A standby took the place of the primary.
    Promoted,
}

/// Everything that is read from the database after a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FinalRows {
    /// The net changes of all committed transactions; absent when the run kept no audit.
    pub effects: Option<Vec<AuditEntry>>,
    /// The effects stand in the order in which their transactions committed, all rows together. Only
    /// SQLite has such an order, since it has one writer at a time; elsewhere the order of `effects`
    /// means nothing, and only the states show the order within a row.
    pub is_ordered: bool,
    /// One entry for each node that answered.
    pub nodes: Vec<NodeRows>,
    /// The nodes that did not, by name.
    pub silent: Vec<String>,
    /// Members of the cluster that were not looked at: neither named nor found.
    #[serde(default)]
    pub unseen: u32,
    /// One node at a time takes writes.
    #[serde(default)]
    pub has_primary: bool,
    /// Not of the data: what happened to the servers meanwhile, in the order of time.
    #[serde(skip)]
    pub breakdowns: Vec<Breakdown>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effect_of_an_older_run_can_still_be_read() {
        let line = r#"{"row":3,"from":{"status":"available","mark":null},"to":{"status":"deleting","mark":"1_0"}}"#;
        let effect: AuditEntry = serde_json::from_str(line).unwrap();
        let marker = effect.marker().unwrap();
        let same = AuditEntry::of_row(3, RowState::initial(), RowState::held_by(marker));
        assert_eq!(effect, same);
        assert_eq!(serde_json::to_string(&same).unwrap(), line);
    }

    #[test]
    fn a_status_that_a_strategy_made_up_is_reported_without_what_steers_a_terminal() {
        let state = |status: &str| RowState {
            status: Status::from(status.to_owned()),
            mark: Mark::None,
        };
        assert_eq!(state("deleting").to_string(), "deleting (no marker)");
        let shown = state("\x1b[2J\u{202e}").to_string();
        assert_eq!(shown, "\"\\u{1b}[2J\\u{202e}\" (no marker)");
    }
}
