//! One index: keys, and for each the versions of what it leads to.

use super::Written;
use crate::sql::{Cut, Key};
use rustc_hash::FxHashMap;
use std::cell::{Ref, RefCell};

/// Slots stay where they are, so that locks and write sets can name them by number.
pub(super) struct Index<T> {
    by_key: FxHashMap<Key, u32>,
    records: Vec<Record<T>>,
    free: Vec<u32>,
    order: RefCell<Order>,
}

struct Record<T> {
    key: Key,
    /// No transaction knows of it.
    is_free: bool,
    newest: Option<T>,
    /// Of the newest version; nothing if none was ever written.
    written: Option<Written>,
    /// With their positions, the oldest first.
    older: Vec<(u64, Option<T>)>,
}

/// Key order is made when a statement asks for it: most tables are never read from end to end.
#[derive(Default)]
struct Order {
    slots: Vec<u32>,
    /// So many of the slots are in `slots`; what comes after them is sorted in when it is needed.
    known: usize,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self {
            by_key: FxHashMap::default(),
            records: Vec::new(),
            free: Vec::new(),
            order: RefCell::default(),
        }
    }
}

impl<T> Index<T> {
    pub(super) fn find(&self, key: &Key) -> Option<u32> {
        self.by_key.get(key).copied()
    }

    pub(super) fn intern(&mut self, key: &Key) -> u32 {
        if let Some(slot) = self.find(key) {
            return slot;
        }
        let record = Record {
            key: key.clone(),
            is_free: false,
            newest: None,
            written: None,
            older: Vec::new(),
        };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.records[slot as usize] = record;
                // Another key stands there now.
                *self.order.borrow_mut() = Order::default();
                slot
            }
            None => {
                self.records.push(record);
                self.records.len() as u32 - 1
            }
        };
        self.by_key.insert(key.clone(), slot);
        slot
    }

    pub(super) fn key(&self, slot: u32) -> &Key {
        &self.records[slot as usize].key
    }

    pub(super) fn written(&self, slot: u32) -> Option<Written> {
        self.records[slot as usize].written
    }

    pub(super) fn at(&self, slot: u32, position: u64) -> Option<&T> {
        self.version(slot, position)?.1
    }

    pub(super) fn changed_at(&self, slot: u32, position: u64) -> u64 {
        self.version(slot, position).map_or(0, |(then, _)| then)
    }

    /// The newest version at a position, and its own position.
    fn version(&self, slot: u32, position: u64) -> Option<(u64, Option<&T>)> {
        let record = &self.records[slot as usize];
        let newest = record.written?.position;
        if newest <= position {
            return Some((newest, record.newest.as_ref()));
        }
        let mut older = record.older.iter().rev();
        let (then, value) = older.find(|(then, _)| *then <= position)?;
        Some((*then, value.as_ref()))
    }

    pub(super) fn put(
        &mut self,
        slot: u32,
        value: Option<T>,
        written: Written,
        low_watermark: u64,
    ) {
        let record = &mut self.records[slot as usize];
        let before = std::mem::replace(&mut record.newest, value);
        if let Some(then) = record.written.replace(written) {
            record.older.push((then.position, before));
        }
        // Of those that are not above the watermark only the last can still be seen.
        let below = record
            .older
            .partition_point(|(then, _)| *then <= low_watermark);
        record.older.drain(..below.saturating_sub(1));
    }

    /// Drops the versions behind a position.
    pub(super) fn undo(&mut self, slot: u32, position: u64) {
        let record = &mut self.records[slot as usize];
        while let Some(written) = record.written.filter(|it| it.position > position) {
            let before = record.older.pop();
            record.written = before.as_ref().map(|(position, _)| Written {
                position: *position,
                ..written
            });
            record.newest = before.and_then(|(_, value)| value);
        }
    }

    pub(super) fn forget(&mut self, slot: u32) {
        let record = &mut self.records[slot as usize];
        if record.written.is_none() && !record.is_free {
            record.is_free = true;
            self.by_key.remove(&record.key);
            self.free.push(slot);
        }
    }

    pub(super) fn in_order(&self) -> Vec<u32> {
        let order = self.ordered();
        let used = order.slots.iter().filter(|&&slot| self.is_used(slot));
        used.copied().collect()
    }

    /// The first slot behind the cut for which `is_there`.
    pub(super) fn first_behind(
        &self,
        cut: Option<&Cut>,
        is_there: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let order = self.ordered();
        let place = self.place_of(&order, cut);
        let mut behind = order.slots[place..].iter().copied();
        behind.find(|&slot| self.is_used(slot) && is_there(slot))
    }

    /// The last slot in front of the cut for which `is_there`.
    pub(super) fn last_before(&self, cut: &Cut, is_there: impl Fn(u32) -> bool) -> Option<u32> {
        let order = self.ordered();
        let place = self.place_of(&order, Some(cut));
        let mut before = order.slots[..place].iter().rev().copied();
        before.find(|&slot| self.is_used(slot) && is_there(slot))
    }

    fn place_of(&self, order: &Order, cut: Option<&Cut>) -> usize {
        let is_before = |slot: &u32| cut.is_some_and(|cut| cut.is_behind(self.key(*slot)));
        order.slots.partition_point(is_before)
    }

    fn is_used(&self, slot: u32) -> bool {
        !self.records[slot as usize].is_free
    }

    fn ordered(&self) -> Ref<'_, Order> {
        if self.order.borrow().known < self.records.len() {
            let mut order = self.order.borrow_mut();
            let news = order.known as u32..self.records.len() as u32;
            order.slots.extend(news);
            order.known = self.records.len();
            // Quick where it finds much in order already.
            order.slots.sort_by_key(|&slot| self.key(slot));
        }
        self.order.borrow()
    }

    #[cfg(test)]
    pub(super) fn versions(&self, slot: u32) -> usize {
        let record = &self.records[slot as usize];
        record.older.len() + usize::from(record.written.is_some())
    }
}
