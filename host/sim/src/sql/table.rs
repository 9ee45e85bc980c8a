//! Tables: their columns and keys.

use super::dialect::Dialect;
use super::key::Key;
use crate::model::value::Value;
use std::sync::Arc;

/// The number of a table. None is used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub u32);

/// The values that a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// With the least and the greatest that it takes.
    Integer(i64, i64),
    Real,
    Text,
    Bytes,
    /// PostgreSQL's; MariaDB's is a number.
    Boolean,
    /// PostgreSQL's, as a text of 36 characters.
    Uuid,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: Arc<str>,
    pub column_type: ColumnType,
    pub not_null: bool,
    /// Of a text in characters, of bytes in bytes.
    pub max_length: Option<usize>,
    /// A CHECK's bound. A longer value fails with another code.
    pub checked_length: Option<usize>,
    /// The value where a row gives none; `None` if a row must give one.
    pub default: Option<Value>,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub name: Arc<str>,
    pub dialect: Dialect,
    pub columns: Vec<Column>,
    /// The columns of the primary key, in the key's order; never empty.
    pub primary: Vec<usize>,
    /// The columns of each unique key.
    pub unique: Vec<Vec<usize>>,
    /// The constraint of the primary key, then those of the unique keys, as PostgreSQL calls them.
    pub key_names: Vec<Arc<str>>,
}

impl Table {
    /// The column of this name, in any case.
    pub fn column(&self, name: &str) -> Option<usize> {
        let same = |column: &Column| column.name.eq_ignore_ascii_case(name);
        self.columns.iter().position(same)
    }

    /// The primary key of a row.
    pub fn key_of(&self, row: &[Value]) -> Key {
        Key::of(self.primary.iter().map(|&column| &row[column]))
            .expect("the columns of a primary key take neither NULL nor fractions")
    }

    /// A row's key in the unique key of this number; `None` if one of its columns is NULL, which is
    /// never a duplicate.
    pub fn unique_key_of(&self, unique: usize, row: &[Value]) -> Option<Key> {
        Key::of(self.unique[unique].iter().map(|&column| &row[column]))
    }
}
