//! A transaction: what it has read, locked and changed so far.

use crate::event::{Actor, TransactionName};
use crate::sql::StoredRow;
use crate::store::{Overlay, RecordId};
use rustc_hash::FxHashMap;

/// Above so many changes they are found by a map.
const FEW: usize = 16;

/// The isolation level of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Isolation {
    /// Each statement sees what is committed. READ UNCOMMITTED is taken for the same.
    ReadCommitted,
    /// Plain reads see what was committed at the first of them.
    #[default]
    RepeatableRead,
    /// Plain reads lock, shared, what they come by.
    Serializable,
}

/// A savepoint. Names are found in any case.
pub(super) struct Savepoint {
    pub(super) name: String,
    pub(super) rows: Writes<StoredRow>,
    pub(super) unique: Writes<u32>,
    /// The number of rows that triggers had made.
    pub(super) made: usize,
    /// The number of rows that were inserted, and of records that were locked.
    pub(super) inserted: usize,
    pub(super) locks: usize,
}

/// Changes of records, in the order in which they were first changed.
#[derive(Clone)]
pub(super) struct Writes<T> {
    list: Vec<(RecordId, Option<T>)>,
    index: FxHashMap<RecordId, usize>,
}

impl<T> Default for Writes<T> {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            index: FxHashMap::default(),
        }
    }
}

impl<T> Writes<T> {
    fn place(&self, record: RecordId) -> Option<usize> {
        if self.list.len() > FEW {
            return self.index.get(&record).copied();
        }
        self.list.iter().position(|(written, _)| *written == record)
    }

    /// Nothing if the record was not changed.
    pub(super) fn get(&self, record: RecordId) -> Option<Option<&T>> {
        let place = self.place(record)?;
        Some(self.list[place].1.as_ref())
    }

    pub(super) fn set(&mut self, record: RecordId, value: Option<T>) {
        if let Some(place) = self.place(record) {
            self.list[place].1 = value;
            return;
        }
        self.list.push((record, value));
        match self.list.len() - FEW.min(self.list.len()) {
            0 => {}
            1 => {
                let all = self.list.iter().enumerate();
                self.index.extend(all.map(|(place, (id, _))| (*id, place)));
            }
            _ => {
                self.index.insert(record, self.list.len() - 1);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// All of them; none are left.
    pub(super) fn take(&mut self) -> Vec<(RecordId, Option<T>)> {
        self.index.clear();
        std::mem::take(&mut self.list)
    }

    pub(super) fn clear(&mut self) {
        self.index.clear();
        self.list.clear();
    }
}

/// A transaction on its node. One that a client has not begun lasts for one statement.
pub(super) struct Transaction {
    pub(super) name: TransactionName,
    pub(super) isolation: Isolation,
    /// The position at which its plain reads see the data.
    pub(super) view: Option<u64>,
    pub(super) rows: Writes<StoredRow>,
    /// Unique keys that it takes or gives up.
    pub(super) unique: Writes<u32>,
    /// Rows that only this transaction can know of, made by triggers.
    pub(super) made: Vec<RecordId>,
    /// Rows that it inserted, where that makes a difference to one that was deleted.
    pub(super) inserted: Vec<RecordId>,
    pub(super) savepoints: Vec<Savepoint>,
    pub(super) locks: Vec<RecordId>,
    /// It has locked a gap, or waits for a lock with one.
    pub(super) has_gaps: bool,
    /// It was killed to apply a write set, and was rolled back; the client does not know yet.
    pub(super) is_killed: bool,
    /// The same, when its commit was already under way.
    pub(super) is_replayed: bool,
    /// A statement of it was refused, and it takes no others (PostgreSQL).
    pub(super) has_failed: bool,
}

impl Transaction {
    pub(super) fn new(actor: Actor, node: u32) -> Self {
        Self {
            name: TransactionName {
                number: 0,
                actor,
                node,
            },
            isolation: Isolation::default(),
            view: None,
            rows: Writes::default(),
            unique: Writes::default(),
            made: Vec::new(),
            inserted: Vec::new(),
            savepoints: Vec::new(),
            locks: Vec::new(),
            has_gaps: false,
            is_killed: false,
            is_replayed: false,
            has_failed: false,
        }
    }

    /// Says whether another transaction may have to wait for it.
    pub(super) fn has_locks(&self) -> bool {
        !self.locks.is_empty() || self.has_gaps
    }

    /// Another one begins where this one was.
    pub(super) fn renew(&mut self, number: u64, isolation: Isolation) {
        debug_assert!(self.rows.is_empty() && !self.has_locks());
        self.name.number = number;
        self.isolation = isolation;
        self.is_killed = false;
        self.is_replayed = false;
    }
}

impl Overlay for Transaction {
    fn changed(&self, record: RecordId) -> Option<Option<&StoredRow>> {
        if self.rows.is_empty() {
            return None;
        }
        self.rows.get(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::TableId;

    #[test]
    fn changes_are_found_however_many_there_are() {
        let mut writes = Writes::default();
        let record = |slot| RecordId {
            table: TableId(0),
            index: 0,
            slot,
        };
        for slot in 0..100 {
            writes.set(record(slot), Some(slot));
            for known in 0..=slot {
                assert_eq!(writes.get(record(known)), Some(Some(&known)), "{slot}");
            }
            assert_eq!(writes.get(record(slot + 1)), None);
        }
        writes.set(record(3), None);
        assert_eq!(writes.get(record(3)), Some(None));
        assert_eq!((writes.len(), writes.take().len()), (100, 100));
        assert!(writes.is_empty() && writes.get(record(3)).is_none());
    }
}
