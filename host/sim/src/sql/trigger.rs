//! Triggers: one INSERT for each row that was changed.

use super::expression::Environment;
use super::insert::{Insert, stored};
use super::key::Key;
use super::table::TableId;
use super::view::{StoredRow, View};
use crate::model::error::CallError;

/// Inserts a row into a table whenever a row of another was inserted, updated or deleted.
#[derive(Debug, Clone)]
pub struct Trigger {
    pub(super) name: String,
    pub(super) table: TableId,
    pub(super) event: TriggerEvent,
    pub(super) insert: Insert,
}

/// The kind of change that a trigger follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TriggerEvent {
    Insert,
    Update,
    Delete,
}

impl TriggerEvent {
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "INSERT" => Self::Insert,
            "UPDATE" => Self::Update,
            "DELETE" => Self::Delete,
            _ => return None,
        })
    }

    pub(super) fn has_old(self) -> bool {
        self != Self::Insert
    }

    pub(super) fn has_new(self) -> bool {
        self != Self::Delete
    }
}

/// Facts of a change that a trigger gets beside the rows.
#[derive(Debug, Clone, Copy)]
pub struct Firing {
    /// The value of `UUID()`.
    pub number: u128,
    /// The value of `CONTEND_TRANSACTION()`.
    pub transaction: u64,
}

/// OLD and NEW are the first and the second level of the INSERT's expressions.
const OLD: usize = 0;
const NEW: usize = 1;

impl Trigger {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The table whose changes it follows.
    pub fn table(&self) -> TableId {
        self.table
    }

    /// The row that a change makes it insert, and where; nothing if it follows other changes.
    pub fn fire(
        &self,
        old: Option<&StoredRow>,
        new: Option<&StoredRow>,
        firing: impl FnOnce() -> Firing,
    ) -> Result<Option<(TableId, StoredRow)>, CallError> {
        if (old.is_some(), new.is_some()) != (self.event.has_old(), self.event.has_new()) {
            return Ok(None);
        }
        let mut env = Environment::writing(&[], &Nothing);
        let firing = firing();
        (env.number, env.transaction) = (firing.number, firing.transaction);
        let rows = [(OLD, old), (NEW, new)].into_iter();
        let env = rows.fold(env, |env, (level, row)| match row {
            Some(row) => env.at(level, row),
            None => env,
        });
        let row = stored(&self.insert.table, &self.insert.rows[0], &env)?;
        Ok(Some((self.insert.id, row)))
    }
}

/// A trigger's INSERT reads no table.
struct Nothing;

impl View for Nothing {
    fn get(&self, _: TableId, _: &Key) -> Option<&StoredRow> {
        None
    }

    fn scan<'a>(&'a self, _: TableId) -> Box<dyn Iterator<Item = (&'a Key, &'a StoredRow)> + 'a> {
        Box::new(std::iter::empty())
    }
}
