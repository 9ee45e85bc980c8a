//! Facts that a run is judged by.

use crate::model::change::Change;
use crate::model::data::FinalRows;

/// The history of a run, and the data that it left.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The number of rows that the workload made.
    pub rows: u32,
    /// The history, in any order.
    pub changes: &'a [Change],
    /// The data that were read from the database afterwards; `None` when the run was cut before that,
    /// or when the history lacks some of its changes.
    pub data: Option<&'a FinalRows>,
}
