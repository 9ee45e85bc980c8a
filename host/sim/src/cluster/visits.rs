//! Locks that a statement takes on its way: records, and the gaps between them.
//!
//! As InnoDB does it at REPEATABLE READ and SERIALIZABLE. With the rows 10, 20 and 30:
//!
//! | WHERE | locks |
//! |---|---|
//! | `id = 20` | row 20, no gap |
//! | `id = 15` | the gap from 10 to 20 |
//! | `id > 10 AND id < 20` | the gap from 10 to 20, and row 20, at which reading ends |
//! | `u = 20`, u a unique key | its entry with the gap before it, and the row |
//! | `n = 1`, no index on n | all rows, and all gaps up to the end |
//!
//! READ COMMITTED locks no gap, and gives back the rows that do not meet the WHERE.

use super::locking::Halt;
use super::row_locks::{Gap, Owner};
use super::state::State;
use super::transaction::Isolation;
use crate::model::error::CallError;
use crate::sql::{Cut, IfLocked, LockClause, Part, PartShape, StoredRow, TableId, View, Visits};
use crate::store::{IndexId, RecordId};

/// Says whether a row meets the WHERE of a statement.
pub(super) type Matches<'a> = &'a dyn Fn(&dyn View, &StoredRow) -> Result<bool, CallError>;

/// The way in which a statement locks the records that it visits.
pub(super) struct Locking<'a> {
    pub(super) clause: LockClause,
    pub(super) matches: Matches<'a>,
    /// An UPDATE at READ COMMITTED looks at the committed row first, and passes a locked one that does
    /// not meet its WHERE.
    pub(super) looks_first: bool,
}

/// The way through a part of an index.
struct Walk<'a> {
    slot: u32,
    part: &'a Part,
    index: IndexId,
    /// The beginning of the gap that is locked so far.
    gap_from: Option<Cut>,
    found: u64,
    left_out: Vec<RecordId>,
}

impl State {
    /// Locks what a statement comes by. Gives what it has to leave out.
    pub(super) fn lock_rows(
        &mut self,
        slot: u32,
        table: TableId,
        visits: Visits,
        locking: &Locking<'_>,
    ) -> Result<Vec<RecordId>, Halt> {
        let keys = match visits {
            Visits::Keys(keys) => keys,
            Visits::Part(part) => return self.walk(slot, table, &part, locking),
        };
        let mut left_out = Vec::new();
        for key in keys {
            let found = self.store.find(table, &key);
            match found.filter(|&record| self.is_in_index(slot, record)) {
                Some(record) => {
                    self.lock_row(slot, record, locking, &mut left_out)?;
                }
                None => {
                    let index = IndexId::primary(table);
                    let from = self.cut_before(slot, index, &Cut::before_key(&key));
                    let to = self.next_behind(slot, index, Some(&Cut::before_key(&key)));
                    let to = to.and_then(|record| self.cut_at(record));
                    self.lock_gap(slot, index, from, to, false);
                }
            }
        }
        Ok(left_out)
    }

    fn walk(
        &mut self,
        slot: u32,
        table: TableId,
        part: &Part,
        locking: &Locking<'_>,
    ) -> Result<Vec<RecordId>, Halt> {
        let index = IndexId {
            table,
            index: part.index,
        };
        if part.enough == Some(0) {
            return Ok(Vec::new());
        }
        let gap_from = part.from.as_ref();
        let mut walk = Walk {
            slot,
            part,
            index,
            gap_from: gap_from.and_then(|from| self.cut_before(slot, index, from)),
            found: 0,
            left_out: Vec::new(),
        };
        let mut at = part.from.clone();
        loop {
            let next = self.next_behind(slot, index, at.as_ref());
            let Some(record) = next else {
                self.lock_gap(slot, index, walk.gap_from, None, false);
                return Ok(walk.left_out);
            };
            let here = self.cut_at(record);
            let behind = self.store.key(record).map(Cut::after_key);
            if self.is_over(&walk, record) {
                // A range reads one row more, at which it sees that it is over.
                if part.shape == PartShape::Range && self.locks_gaps(slot) {
                    self.lock_in_walk(&mut walk, record, locking)?;
                }
                self.lock_gap(slot, index, walk.gap_from, here, false);
                return Ok(walk.left_out);
            }
            let is_first = part.from == at;
            let key = self
                .store
                .key(record)
                .filter(|_| is_first && part.index == 0);
            let is_from_here = at.as_ref().zip(key);
            if is_from_here.is_some_and(|(from, key)| from.is_directly_before(key)) {
                // No insert before it can be in the range.
                walk.gap_from = behind.clone();
            }
            self.lock_in_walk(&mut walk, record, locking)?;
            let is_enough = part.enough.is_some_and(|enough| walk.found >= enough);
            if is_enough || part.shape == PartShape::Unique {
                self.lock_gap(slot, index, walk.gap_from, here, false);
                return Ok(walk.left_out);
            }
            at = behind;
        }
    }

    /// Says whether the record is behind the end of the part.
    fn is_over(&self, walk: &Walk<'_>, record: RecordId) -> bool {
        let key = self.store.key(record);
        let to = walk.part.to.as_ref();
        to.zip(key).is_some_and(|(to, key)| !to.is_behind(key))
    }

    /// Locks one record of a walk, and the row to which it leads.
    fn lock_in_walk(
        &mut self,
        walk: &mut Walk<'_>,
        record: RecordId,
        locking: &Locking<'_>,
    ) -> Result<(), Halt> {
        let slot = walk.slot;
        let mut locked = Ok(true);
        if record.index > 0 {
            let clause = locking.clause;
            locked = self.lock(slot, record, clause.exclusive, clause.if_locked);
        }
        if let Ok(true) = locked
            && let Some(row) = self.row_of(slot, record)
        {
            let counted = self.lock_row(slot, row, locking, &mut walk.left_out);
            locked = counted.map(|counted| {
                walk.found += u64::from(counted);
                true
            });
        } else if let Ok(false) = locked {
            walk.left_out.extend(self.row_of(slot, record));
        }
        if let Err(Halt::Waits) = locked {
            // The lock that is waited for has the gap before the record in it.
            let to = self.cut_at(record);
            self.lock_gap(slot, walk.index, walk.gap_from.clone(), to, true);
        }
        locked.map(|_| ())
    }

    /// Locks a row. True if it meets the WHERE.
    fn lock_row(
        &mut self,
        slot: u32,
        record: RecordId,
        locking: &Locking<'_>,
        left_out: &mut Vec<RecordId>,
    ) -> Result<bool, Halt> {
        let keeps_all = self.locks_gaps(slot);
        if !keeps_all && locking.looks_first && !self.meets(slot, record, locking)? {
            return Ok(false);
        }
        let clause = locking.clause;
        if !self.lock(slot, record, clause.exclusive, clause.if_locked)? {
            left_out.push(record);
            return Ok(false);
        }
        let meets = self.meets(slot, record, locking)?;
        if !keeps_all && !meets {
            self.unlock(slot, record);
        }
        Ok(meets)
    }

    fn meets(&self, slot: u32, record: RecordId, locking: &Locking<'_>) -> Result<bool, Halt> {
        let view = self.latest(slot, &[]);
        match view.row(record) {
            Some(row) => Ok((locking.matches)(&view, row)?),
            None => Ok(false),
        }
    }

    /// Gives back a lock that this statement has taken.
    pub(super) fn unlock(&mut self, slot: u32, record: RecordId) {
        let owner = self.connections.owner(slot);
        let connection = &mut self.connections[slot];
        let taken = connection.call.locks_before..;
        let locks = &mut connection.transaction.locks;
        let Some(new) = locks.get(taken) else {
            return;
        };
        if let Some(place) = new.iter().rposition(|locked| *locked == record) {
            locks.remove(connection.call.locks_before + place);
            let mut grants = Vec::new();
            let locks = &mut self.nodes[connection.node as usize].locks;
            locks.release(record, owner, &mut grants);
            self.granted(grants);
        }
    }

    /// READ COMMITTED does not.
    pub(super) fn locks_gaps(&self, slot: u32) -> bool {
        let transaction = &self.connections[slot].transaction;
        transaction.isolation != Isolation::ReadCommitted
    }

    /// Locks a gap, now or with the record that is waited for.
    fn lock_gap(
        &mut self,
        slot: u32,
        index: IndexId,
        from: Option<Cut>,
        to: Option<Cut>,
        is_awaited: bool,
    ) {
        if !self.locks_gaps(slot) {
            return;
        }
        let owner = self.connections.owner(slot);
        let connection = &mut self.connections[slot];
        connection.transaction.has_gaps = true;
        let gap = Gap {
            owner,
            from,
            to,
            is_awaited,
        };
        self.nodes[connection.node as usize]
            .locks
            .gaps
            .lock(index, gap);
    }

    /// Waits until no other transaction has locked the gap in which a record belongs that is to be
    /// inserted.
    pub(super) fn enter_gap(&mut self, slot: u32, record: RecordId) -> Result<(), Halt> {
        let owner = self.connections.owner(slot);
        let node = self.connections[slot].node as usize;
        let locks = &mut self.nodes[node].locks;
        let Some(key) = self.store.key(record) else {
            return Ok(());
        };
        let Some(holder) = locks.gaps.in_the_way(record.index_id(), key, owner).next() else {
            return Ok(());
        };
        locks.gaps.wait(record, key.clone(), owner);
        let patience = self.connections[slot].variables.lock_wait_timeout;
        Err(self.wait_for(slot, record, holder, patience, true))
    }

    /// Says whether the node's index has the record: committed, or locked by the one that inserts or
    /// deletes it.
    pub(super) fn is_in_index(&self, slot: u32, record: RecordId) -> bool {
        let node = self.connections[slot].node as usize;
        let Self { nodes, store, .. } = self;
        nodes[node].locks.is_locked(record) || store.is_there(record, nodes[node].applied)
    }

    fn next_behind(&self, slot: u32, index: IndexId, cut: Option<&Cut>) -> Option<RecordId> {
        let is_there = |record| self.is_in_index(slot, record);
        self.store.first_behind(index, cut, is_there)
    }

    /// Behind the record that comes last in front of the cut; `None` if it is the first of all.
    fn cut_before(&self, slot: u32, index: IndexId, cut: &Cut) -> Option<Cut> {
        let is_there = |record| self.is_in_index(slot, record);
        let before = self.store.last_before(index, cut, is_there)?;
        self.store.key(before).map(Cut::after_key)
    }

    fn cut_at(&self, record: RecordId) -> Option<Cut> {
        self.store.key(record).map(Cut::before_key)
    }

    /// The row to which a record leads.
    fn row_of(&self, slot: u32, record: RecordId) -> Option<RecordId> {
        if record.index == 0 {
            return Some(record);
        }
        let row = self.owner_of(slot, record)?;
        Some(IndexId::primary(record.table).record(row))
    }

    /// The slot of the row that has a unique key, as the session sees it.
    pub(super) fn owner_of(&self, slot: u32, record: RecordId) -> Option<u32> {
        let connection = &self.connections[slot];
        match connection.transaction.unique.get(record) {
            Some(owner) => owner.copied(),
            None => {
                let applied = self.nodes[connection.node as usize].applied;
                self.store.owner(record, applied)
            }
        }
    }

    /// Says whether another transaction holds the record.
    pub(super) fn is_locked_by_others(&self, slot: u32, record: RecordId) -> bool {
        let owner: Owner = self.connections.owner(slot);
        let node = self.connections[slot].node as usize;
        self.nodes[node].locks.is_locked_by_others(record, owner)
    }
}

/// An exclusive lock, which waits for everything in its way.
pub(super) const FOR_WRITE: LockClause = LockClause {
    exclusive: true,
    if_locked: IfLocked::Wait,
};
