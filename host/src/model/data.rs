//! What a run left in the database: the proof against which every report is held.

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
    pub fn word(&self) -> &str {
        match self {
            Self::Available => "available",
            Self::Deleting => "deleting",
            Self::Other(text) => text,
        }
    }
}

impl From<String> for Status {
    fn from(text: String) -> Self {
        match text.as_str() {
            "available" => Self::Available,
            "deleting" => Self::Deleting,
            _ => Self::Other(Box::new(text)),
        }
    }
}

impl From<Status> for String {
    fn from(status: Status) -> Self {
        status.word().to_owned()
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
            known => write!(f, "{} ({})", known.word(), self.mark),
        }
    }
}

/// One committed update that changed the state of a row, as the database's own audit recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    pub row: u32,
    pub from: RowState,
    pub to: RowState,
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

/// Everything that is read from the database after a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// Every committed update that changed a state; absent when the run kept no audit.
    pub effects: Option<Vec<Effect>>,
    /// One entry for each node that answered.
    pub nodes: Vec<NodeRows>,
    /// The nodes that did not, by name.
    pub silent: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_a_strategy_made_up_is_told_without_what_steers_a_terminal() {
        let state = |status: &str| RowState {
            status: Status::from(status.to_owned()),
            mark: Mark::None,
        };
        assert_eq!(state("deleting").to_string(), "deleting (no marker)");
        let told = state("\x1b[2J\u{202e}").to_string();
        assert_eq!(told, "\"\\u{1b}[2J\\u{202e}\" (no marker)");
    }
}
