//! The format that all tables of figures share.

use comfy_table::{CellAlignment, Table, presets};

/// An empty table; the first `words` columns hold words, the others numbers.
pub fn table(headings: &[&str], words: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headings);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index >= words {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Two decimals; a missing number is a dash, never 0.
pub fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}
