//! The gap locks of one node: parts of an index into which no other transaction may insert.
//!
//! A gap lock excludes only inserts, so two transactions may have locked the same gap, and
//! then each waits for the other to insert: InnoDB's usual deadlock. With the keys 10 and 20 a locking
//! read of 15 locks the gap from 10 to 20, both ends excluded, and an insert of 16 waits.
//!
//! A lock that is only waited for keeps inserts out too, as in InnoDB.

use super::{Grant, Owner};
use crate::sql::{Cut, Key, TableId};
use crate::store::{IndexId, RecordId};
use rustc_hash::FxHashMap;

/// A locked part of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cluster) struct Gap {
    pub(in crate::cluster) owner: Owner,
    /// `None`: from the first key on.
    pub(in crate::cluster) from: Option<Cut>,
    /// `None`: to the last key.
    pub(in crate::cluster) to: Option<Cut>,
    /// It comes with a record lock that its owner still waits for.
    pub(in crate::cluster) is_awaited: bool,
}

impl Gap {
    fn has(&self, key: &Key) -> bool {
        self.from.as_ref().is_none_or(|from| !from.is_behind(key))
            && self.to.as_ref().is_none_or(|to| to.is_behind(key))
    }

    fn keeps_out(&self, key: &Key, owner: Owner) -> bool {
        self.owner != owner && self.has(key)
    }
}

/// A transaction that waits until it may insert.
struct Waiter {
    owner: Owner,
    record: RecordId,
    key: Key,
}

/// All gap locks of one node.
#[derive(Default)]
pub(in crate::cluster) struct Gaps {
    locked: FxHashMap<IndexId, Vec<Gap>>,
    /// The longest wait first.
    waiters: Vec<Waiter>,
}

impl Gaps {
    /// Locks a gap, even if others have locked it too.
    pub(in crate::cluster) fn lock(&mut self, index: IndexId, gap: Gap) {
        let gaps = self.locked.entry(index).or_default();
        if !gaps.contains(&gap) {
            gaps.push(gap);
        }
    }

    /// Every other transaction that keeps this one from inserting a key.
    pub(in crate::cluster) fn in_the_way<'a>(
        &'a self,
        index: IndexId,
        key: &'a Key,
        owner: Owner,
    ) -> impl Iterator<Item = Owner> + 'a {
        let gaps = self.locked.get(&index).into_iter().flatten();
        let others = gaps.filter(move |gap| gap.keeps_out(key, owner));
        others.map(|gap| gap.owner)
    }

    /// As `in_the_way`, each once, without those that only wait for a lock: what an applier takes by
    /// force.
    pub(in crate::cluster) fn holders(
        &self,
        index: IndexId,
        key: &Key,
        owner: Owner,
    ) -> Vec<Owner> {
        let gaps = self.locked.get(&index).into_iter().flatten();
        let mut found = Vec::new();
        for gap in gaps.filter(|gap| !gap.is_awaited && gap.keeps_out(key, owner)) {
            if !found.contains(&gap.owner) {
                found.push(gap.owner);
            }
        }
        found
    }

    /// Waits until no other owner keeps this one out any more.
    pub(in crate::cluster) fn wait(&mut self, record: RecordId, key: Key, owner: Owner) {
        self.waiters.push(Waiter { owner, record, key });
    }

    /// As `in_the_way`, of an owner that waits to insert this record; `None` if it does not.
    pub(super) fn waited_for(&self, record: RecordId, owner: Owner) -> Option<Vec<Owner>> {
        let is_it = |waiter: &&Waiter| waiter.owner == owner && waiter.record == record;
        let waiter = self.waiters.iter().find(is_it)?;
        let found = self.in_the_way(record.index_id(), &waiter.key, owner);
        Some(found.collect())
    }

    /// Waits no longer.
    pub(super) fn leave(&mut self, owner: Owner) {
        self.waiters.retain(|waiter| waiter.owner != owner);
    }

    /// Gives back what the owner has locked, or what it only waited for.
    pub(in crate::cluster) fn release(
        &mut self,
        owner: Owner,
        awaited_only: bool,
        grants: &mut Vec<Grant>,
    ) {
        let mut is_less = false;
        self.locked.retain(|_, gaps| {
            let before = gaps.len();
            gaps.retain(|gap| gap.owner != owner || (awaited_only && !gap.is_awaited));
            is_less |= gaps.len() < before;
            !gaps.is_empty()
        });
        if is_less {
            self.let_in(grants);
        }
    }

    fn let_in(&mut self, grants: &mut Vec<Grant>) {
        let waiters = std::mem::take(&mut self.waiters);
        for waiter in waiters {
            let Waiter { owner, record, key } = &waiter;
            let is_kept_out = self
                .in_the_way(record.index_id(), key, *owner)
                .next()
                .is_some();
            match is_kept_out {
                true => self.waiters.push(waiter),
                false => grants.push(Grant {
                    owner: *owner,
                    record: *record,
                    anew: false,
                }),
            }
        }
    }

    /// The kinds of locks that the owner has here, as InnoDB counts them.
    pub(in crate::cluster) fn indexes_of(&self, owner: Owner) -> usize {
        let has = |gaps: &&Vec<Gap>| gaps.iter().any(|gap| gap.owner == owner && !gap.is_awaited);
        self.locked.values().filter(has).count()
    }

    /// All owners that have locked a gap of the table.
    pub(in crate::cluster) fn owners(&self, table: TableId) -> impl Iterator<Item = Owner> + '_ {
        let of_table = self
            .locked
            .iter()
            .filter(move |(index, _)| index.table == table);
        of_table.flat_map(|(_, gaps)| gaps.iter().map(|gap| gap.owner))
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.locked.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.locked.clear();
        self.waiters.clear();
    }
}
