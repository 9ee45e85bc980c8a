//! The end of a trial, and its cause.

use super::change::Nanos;
use super::stuck::Stuck;
use serde::{Deserialize, Serialize};

/// Written when all workers have ended; a trial that was killed has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub how: Ended,
    /// From the moment when the workers were let go to the end of the last one.
    pub total_time: Nanos,
    /// The changes that were recorded, and the updates that were read from the audit, if there was
    /// one: a file that lost some of its lines is found out.
    pub changes: u64,
    pub effects: Option<u64>,
    /// The reason why the data could not be read or kept afterwards, if it could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_unread: Option<String>,
    /// The rows and workers that stood still, if that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck: Option<Stuck>,
}

crate::words! {
    /// The cause of the end.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Ended {
        /// Every worker made all its changes.
        Completed = "completed",
        TimeLimit = "time-limit",
        /// Ctrl-C, or a signal to terminate.
        Interrupted = "interrupted",
        /// Nothing could move any more.
        Stuck = "stuck",
        /// A change could not be recorded, or a worker broke down.
        Failed = "failed",
    }
}
