//! CREATE TRIGGER … AFTER UPDATE … FOR EACH ROW with one INSERT.

use super::schema::TableId;
use super::view::StoredRow;
use crate::model::fault::Fault;

/// Inserts a row into a table whenever a row of another was updated.
#[derive(Debug, Clone)]
pub struct Trigger {
    name: String,
    table: TableId,
}

impl Trigger {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The table whose updates it follows.
    pub fn table(&self) -> TableId {
        self.table
    }

    /// The row that an update makes it insert, and where. `number` becomes what `UUID()` gives.
    pub fn fire(
        &self,
        old: &StoredRow,
        new: &StoredRow,
        number: u128,
    ) -> Result<(TableId, StoredRow), Fault> {
        let _ = (old, new, number);
        todo!()
    }
}
