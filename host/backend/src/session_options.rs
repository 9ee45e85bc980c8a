//! Options of a run's database sessions, beyond the servers' defaults.

use super::url::AutocommitWrites;
use serde::{Deserialize, Serialize};
use std::time::Duration;

crate::model::words! {
    /// The rows that a write counts.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum AffectedRows {
        /// Changed rows, as MariaDB's own client counts.
        #[default]
        Changed = "changed",
        /// Found rows, changed or not: CLIENT_FOUND_ROWS, which most drivers set. SQLite counts these.
        Found = "found",
    }
}

/// The choices of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SessionOptions {
    pub autocommit_writes: AutocommitWrites,
    pub affected_rows: AffectedRows,
    /// Time limit of one statement of a strategy on the server, even if no caller waits for it any more.
    pub statement_limit: Option<Duration>,
}

impl From<AutocommitWrites> for SessionOptions {
    fn from(autocommit_writes: AutocommitWrites) -> Self {
        Self {
            autocommit_writes,
            ..Self::default()
        }
    }
}
