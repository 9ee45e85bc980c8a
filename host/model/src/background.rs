//! Results of the background load.

use super::change::Nanos;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All generators of one trial together. None of it is in a strategy's figures.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Background {
    pub generators: u32,
    pub selects: Load,
    pub updates: Load,
}

/// The statements of one kind.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Load {
    /// That were answered, and in how many nanoseconds at most for so many of a hundred of them;
    /// absent where none was.
    pub answered: u64,
    pub p50_ns: Option<Nanos>,
    pub p99_ns: Option<Nanos>,
    pub max_ns: Option<Nanos>,
    /// That were not: `conflict 1213` → 7. A generator goes on with its next statement.
    #[serde(alias = "faults")]
    pub errors: BTreeMap<String, u64>,
    /// Skipped because the previous statement was still running: the load was less than it should have
    /// been.
    pub left_out: u64,
}
