//! Options of a run's database sessions, beyond the servers' defaults.

use super::url::{AutocommitWrites, UrlError};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use std::time::Duration;

/// The rows that a write counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AffectedRows {
    /// Changed rows, as MariaDB's own client counts.
    #[default]
    Changed,
    /// Found rows, changed or not: CLIENT_FOUND_ROWS, which most drivers set. SQLite counts these.
    Found,
}

impl AffectedRows {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Found => "found",
        }
    }
}

impl FromStr for AffectedRows {
    type Err = UrlError;

    fn from_str(word: &str) -> Result<Self, UrlError> {
        let mut all = [Self::Changed, Self::Found].into_iter();
        all.find(|known| known.as_str() == word)
            .ok_or_else(|| UrlError::new("expected changed or found"))
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
