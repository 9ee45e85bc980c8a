//! The rows that a statement sees, and what it changes in them.

use super::key::Key;
use super::schema::TableId;
use crate::model::change::Nanos;
use crate::model::value::Value;
use std::sync::Arc;

/// A row as it is stored: the columns in the table's order, each NULL or of its column's type.
/// Booleans are stored as the integers 1 and 0.
pub type StoredRow = Arc<[Value]>;

/// What one session sees of all tables at one moment.
pub trait View {
    /// The row of a primary key.
    fn get(&self, table: TableId, key: &Key) -> Option<&StoredRow>;

    /// All rows of a table, in the order of the primary key. Empty for a table that is gone.
    fn scan<'a>(
        &'a self,
        table: TableId,
    ) -> Box<dyn Iterator<Item = (&'a Key, &'a StoredRow)> + 'a>;

    /// When the statement began, on the clock of the servers.
    fn now(&self) -> Nanos {
        0
    }
}

/// One row before and after a statement. Without `before` it is inserted, without `after` deleted;
/// with both they differ.
#[derive(Debug, Clone, PartialEq)]
pub struct RowChange {
    pub table: TableId,
    /// The primary key, before and after: no statement changes it.
    pub key: Key,
    pub before: Option<StoredRow>,
    pub after: Option<StoredRow>,
}

/// Which rows a statement comes by, matching or not. InnoDB locks each of them in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visits {
    /// The WHERE gives all of the primary key: these keys in ascending order, each once, whether or
    /// not such rows exist.
    Keys(Vec<Key>),
    /// Every row of the table in key order, until `enough` of them have met the WHERE.
    Scan { enough: Option<u64> },
}
