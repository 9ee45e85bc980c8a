//! A row of the table: its id, and its state.

use crate::model::data::{RowState, Status};
use crate::model::marker::Mark;
use crate::model::value::{Row, Value};

/// A row's `id`.
pub fn row_id(row: u32) -> String {
    format!("volume-{row}")
}

/// The number of a row's `id`; `None` if the workload never made it.
pub(super) fn row_number(id: &str) -> Option<u32> {
    let row = id.strip_prefix("volume-")?.parse().ok()?;
    (row_id(row) == id).then_some(row)
}

/// The state in the columns `status` and `attach_status`.
pub(super) fn row_state(columns: Row) -> RowState {
    let text = |column: usize| columns.get(column).and_then(Value::as_text);
    RowState {
        status: Status::from(text(0).unwrap_or("NULL")),
        mark: Mark::from(text(1)),
    }
}
