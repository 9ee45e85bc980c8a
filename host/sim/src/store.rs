//! Rows of all tables, in every version that a reader may still see.
//!
//! Nodes commit in one order, so what a node has is always a beginning of that order: one store
//! serves all of them, and a node is a position in it.

use super::sql::{Cut, Key, StoredRow, TableId, View};
use crate::event::TransactionName;
use crate::model::change::Nanos;
use index::Index;
use rustc_hash::FxHashMap;

mod index;

/// One record of one index: a row, or the owner of a unique key. Locks and write sets name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    pub table: TableId,
    /// 0 for the primary key, then the unique keys in the table's order.
    pub index: u32,
    pub slot: u32,
}

/// One index of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexId {
    pub table: TableId,
    /// As in `RecordId`.
    pub index: u32,
}

impl IndexId {
    /// The primary key.
    pub fn primary(table: TableId) -> Self {
        Self { table, index: 0 }
    }

    pub fn record(self, slot: u32) -> RecordId {
        let Self { table, index } = self;
        RecordId { table, index, slot }
    }
}

impl RecordId {
    pub fn index_id(self) -> IndexId {
        let Self { table, index, .. } = self;
        IndexId { table, index }
    }
}

/// The writer of a version, and its position in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    pub position: u64,
    pub by: TransactionName,
}

struct Stored {
    rows: Index<StoredRow>,
    /// For each unique key the slot of the row that has it.
    unique: Vec<Index<u32>>,
}

/// All versions of all records.
#[derive(Default)]
pub struct Store {
    tables: FxHashMap<TableId, Stored>,
}

impl Store {
    pub fn add_table(&mut self, table: TableId, unique: usize) {
        let unique = (0..unique).map(|_| Index::default()).collect();
        let rows = Index::default();
        self.tables.insert(table, Stored { rows, unique });
    }

    pub fn drop_table(&mut self, table: TableId) {
        self.tables.remove(&table);
    }

    pub fn has(&self, table: TableId) -> bool {
        self.tables.contains_key(&table)
    }

    fn rows(&self, table: TableId) -> Option<&Index<StoredRow>> {
        self.tables.get(&table).map(|stored| &stored.rows)
    }

    fn unique(&self, table: TableId, index: u32) -> Option<&Index<u32>> {
        self.tables.get(&table)?.unique.get(index as usize - 1)
    }

    /// The record of a key, if the key was ever interned.
    pub fn find(&self, table: TableId, key: &Key) -> Option<RecordId> {
        let slot = self.rows(table)?.find(key)?;
        Some(IndexId::primary(table).record(slot))
    }

    /// Interns a key: returns its record, which need not have a row. The table is there.
    pub fn intern(&mut self, table: TableId, key: &Key) -> RecordId {
        let stored = self.tables.get_mut(&table).expect("the table is there");
        IndexId::primary(table).record(stored.rows.intern(key))
    }

    /// As `intern`, for the unique key of this number, from 0.
    pub fn intern_unique(&mut self, table: TableId, unique: usize, key: &Key) -> RecordId {
        let stored = self.tables.get_mut(&table).expect("the table is there");
        let index = unique as u32 + 1;
        IndexId { table, index }.record(stored.unique[unique].intern(key))
    }

    /// The row as it was at this position.
    pub fn row(&self, record: RecordId, position: u64) -> Option<&StoredRow> {
        self.rows(record.table)?.at(record.slot, position)
    }

    /// The slot of the row that had this unique key at this position.
    pub fn owner(&self, record: RecordId, position: u64) -> Option<u32> {
        let index = self.unique(record.table, record.index)?;
        index.at(record.slot, position).copied()
    }

    /// The writer of the newest version.
    pub fn written(&self, record: RecordId) -> Option<Written> {
        match record.index {
            0 => self.rows(record.table)?.written(record.slot),
            index => self.unique(record.table, index)?.written(record.slot),
        }
    }

    /// The position of the newest version that is in the store at this position; 0 if there is none.
    pub fn changed_at(&self, record: RecordId, position: u64) -> u64 {
        let rows = self.rows(record.table);
        rows.map_or(0, |rows| rows.changed_at(record.slot, position))
    }

    /// The key of a record.
    pub fn key(&self, record: RecordId) -> Option<&Key> {
        match record.index {
            0 => Some(self.rows(record.table)?.key(record.slot)),
            index => Some(self.unique(record.table, index)?.key(record.slot)),
        }
    }

    /// Adds a version. No reader looks further back than `low_watermark` any more.
    pub fn put_row(
        &mut self,
        record: RecordId,
        row: Option<StoredRow>,
        written: Written,
        low_watermark: u64,
    ) {
        if let Some(stored) = self.tables.get_mut(&record.table) {
            stored.rows.put(record.slot, row, written, low_watermark);
        }
    }

    /// As `put_row`, for the record of a unique key.
    pub fn put_owner(
        &mut self,
        record: RecordId,
        owner: Option<u32>,
        written: Written,
        low_watermark: u64,
    ) {
        if let Some(stored) = self.tables.get_mut(&record.table) {
            let unique = &mut stored.unique[record.index as usize - 1];
            unique.put(record.slot, owner, written, low_watermark);
        }
    }

    /// Drops the versions of a record behind a position, which no reader has seen or can see any more.
    pub fn undo(&mut self, record: RecordId, position: u64) {
        if let Some(stored) = self.tables.get_mut(&record.table) {
            match record.index {
                0 => stored.rows.undo(record.slot, position),
                index => stored.unique[index as usize - 1].undo(record.slot, position),
            }
        }
    }

    /// Frees the record of a row that was never written, and that no other transaction can know of.
    pub fn forget(&mut self, record: RecordId) {
        if let Some(stored) = self.tables.get_mut(&record.table) {
            stored.rows.forget(record.slot);
        }
    }

    /// The first record of an index behind the cut for which `is_there`.
    pub fn first_behind(
        &self,
        index: IndexId,
        cut: Option<&Cut>,
        is_there: impl Fn(RecordId) -> bool,
    ) -> Option<RecordId> {
        let is_it = |slot| is_there(index.record(slot));
        let slot = match index.index {
            0 => self.rows(index.table)?.first_behind(cut, is_it),
            number => self.unique(index.table, number)?.first_behind(cut, is_it),
        };
        slot.map(|slot| index.record(slot))
    }

    /// The last record of an index in front of the cut for which `is_there`.
    pub fn last_before(
        &self,
        index: IndexId,
        cut: &Cut,
        is_there: impl Fn(RecordId) -> bool,
    ) -> Option<RecordId> {
        let is_it = |slot| is_there(index.record(slot));
        let slot = match index.index {
            0 => self.rows(index.table)?.last_before(cut, is_it),
            number => self.unique(index.table, number)?.last_before(cut, is_it),
        };
        slot.map(|slot| index.record(slot))
    }

    /// Says whether an index has a record at this position: a row, or an owner of a unique key.
    pub fn is_there(&self, record: RecordId, position: u64) -> bool {
        match record.index {
            0 => self.row(record, position).is_some(),
            _ => self.owner(record, position).is_some(),
        }
    }

    /// The records of a table in key order, with a row or without.
    pub fn in_order(&self, table: TableId) -> Vec<RecordId> {
        let slots = self.rows(table).map(Index::in_order).unwrap_or_default();
        let index = IndexId::primary(table);
        slots.into_iter().map(|slot| index.record(slot)).collect()
    }
}

/// Changes of a session that are not committed.
pub trait Overlay {
    /// `None` if it has not changed the record; otherwise the row, or that there is none.
    fn changed(&self, record: RecordId) -> Option<Option<&StoredRow>>;
}

/// One session's view: the store at a position, its own changes on top.
pub struct Seen<'a> {
    pub store: &'a Store,
    pub position: u64,
    pub own: &'a dyn Overlay,
    /// Rows that are left out.
    pub hidden: &'a [RecordId],
    /// The time at which the statement began.
    pub now: Nanos,
}

impl<'a> Seen<'a> {
    /// The row of a record.
    pub fn row(&self, record: RecordId) -> Option<&'a StoredRow> {
        if !self.hidden.is_empty() && self.hidden.contains(&record) {
            return None;
        }
        match self.own.changed(record) {
            Some(changed) => changed,
            None => self.store.row(record, self.position),
        }
    }
}

impl View for Seen<'_> {
    fn get(&self, table: TableId, key: &Key) -> Option<&StoredRow> {
        self.row(self.store.find(table, key)?)
    }

    fn scan<'a>(
        &'a self,
        table: TableId,
    ) -> Box<dyn Iterator<Item = (&'a Key, &'a StoredRow)> + 'a> {
        let records = self.store.in_order(table).into_iter();
        Box::new(records.filter_map(|record| Some((self.store.key(record)?, self.row(record)?))))
    }

    fn now(&self) -> Nanos {
        self.now
    }
}

#[cfg(test)]
mod tests;
