//! The rows that a statement sees, and what it changes in them.

use super::key::{Cut, Key};
use super::table::TableId;
use crate::model::change::Nanos;
use crate::model::value::Value;
use std::sync::Arc;

/// A row as it is stored: the columns in the table's order, each NULL or of its column's type.
/// Booleans are stored as the integers 1 and 0.
pub type StoredRow = Arc<[Value]>;

/// One session's view of all tables at one moment.
pub trait View {
    /// The row of a primary key.
    fn get(&self, table: TableId, key: &Key) -> Option<&StoredRow>;

    /// All rows of a table, in the order of the primary key. Empty for a table that is gone.
    fn scan<'a>(
        &'a self,
        table: TableId,
    ) -> Box<dyn Iterator<Item = (&'a Key, &'a StoredRow)> + 'a>;

    /// The time when the statement began, on the clock of the servers.
    fn now(&self) -> Nanos {
        0
    }
}

/// One row before and after a statement. Without `before` it is inserted, without `after` deleted;
/// with both they differ, or a PostgreSQL server writes the row once more as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct RowChange {
    pub table: TableId,
    /// The primary key, before and after: no statement changes it.
    pub key: Key,
    pub before: Option<StoredRow>,
    pub after: Option<StoredRow>,
}

impl RowChange {
    /// The row that RETURNING is about: as it became, or as it was deleted.
    pub fn returned(&self) -> Option<&StoredRow> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

/// Which rows a statement comes by, matching or not. InnoDB locks each of them in this order, and the
/// gaps between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visits {
    /// The WHERE gives all of the primary key: these keys in ascending order, each once, whether or
    /// not such rows exist.
    Keys(Vec<Key>),
    /// A part of an index, or all of the primary key.
    Part(Part),
}

/// A part of an index that a statement reads from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// 0 for the primary key, then the unique keys in the table's order.
    pub index: u32,
    /// `None`: from the first key on.
    pub from: Option<Cut>,
    /// `None`: to the last key.
    pub to: Option<Cut>,
    pub shape: PartShape,
    /// Reading stops when so many rows have met the WHERE.
    pub enough: Option<u64>,
}

/// The way in which the WHERE gives the columns of an index. It decides what is locked at the end of
/// the part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartShape {
    /// All columns of a unique key are given: reading ends at the first row.
    Unique,
    /// The first columns are given: the gap behind the last row is locked, and no more.
    Prefix,
    /// A range: the row behind the last one is read too, and locked with the gap before it.
    Range,
}

impl Part {
    /// All of the table, in the order of its primary key.
    pub fn whole(enough: Option<u64>) -> Self {
        Self {
            index: 0,
            from: None,
            to: None,
            shape: PartShape::Range,
            enough,
        }
    }
}
