//! The tables, as `wit/access.wit` describes them.

use super::super::tables::{self, define, fill};
use crate::capability::database::Session;
use crate::model::error::CallError;
use crate::model::value::Value;

/// The tables that a strategy may read and write, which are all there are.
pub(super) const TABLES: &[&str] = &["documents", "visits"];

/// The columns of the tables, in the same order.
const COLUMNS: [&str; 2] = [
    "
    id varchar(36) NOT NULL PRIMARY KEY,
    version bigint NOT NULL,
    writer varchar(255)",
    "
    marker varchar(255) NOT NULL PRIMARY KEY,
    document_id varchar(36) NOT NULL,
    purpose varchar(8) NOT NULL,
    entered_version bigint NOT NULL,
    entered_writer varchar(255),
    left_version bigint",
];

/// Makes the tables; no document has a visitor.
pub(super) async fn make(
    session: &mut dyn Session,
    dialect: &str,
    rows: u32,
) -> Result<(), CallError> {
    for (name, columns) in TABLES.iter().zip(COLUMNS) {
        define(session, tables::definition(dialect, name, columns)).await?;
    }
    let insert = "INSERT INTO documents (id, version) VALUES (?, 0)";
    let ids = (0..rows).map(|row| [Value::from(document_id(row))]);
    fill(session, insert, ids).await
}

/// The key of a document.
pub(super) fn document_id(row: u32) -> String {
    row.to_string()
}
