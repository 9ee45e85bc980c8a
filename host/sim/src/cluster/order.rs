//! The total order of write sets, and certification.

use super::event::ConnectionId;
use crate::event::TransactionName;
use crate::sql::StoredRow;
use crate::store::{RecordId, Store, Written};
use slab::Slab;
use std::collections::VecDeque;
use std::sync::Arc;

/// A write set that is on its way to the members.
pub(super) struct Pending {
    pub(super) mark: u64,
    pub(super) origin: u32,
    pub(super) name: TransactionName,
    pub(super) connection: ConnectionId,
    /// The position that its node had applied when it left.
    pub(super) seen: u64,
    pub(super) rows: Vec<(RecordId, Option<StoredRow>)>,
    pub(super) unique: Vec<(RecordId, Option<u32>)>,
    pub(super) made: Vec<RecordId>,
}

impl Pending {
    /// The keys that it carries.
    pub(super) fn records(&self) -> impl Iterator<Item = RecordId> + '_ {
        let rows = self.rows.iter().map(|(record, _)| *record);
        rows.chain(self.unique.iter().map(|(record, _)| *record))
    }

    /// Certifies it. Returns the key that it fails for: one that another node's write set changed, whose
    /// position is after what this one's node had seen. Write sets of one node never fail each other: its
    /// row locks came before.
    pub(super) fn clash(&self, store: &Store) -> Option<(RecordId, Written)> {
        self.records().find_map(|record| {
            let written = store.written(record)?;
            let fails = written.position > self.seen && written.by.node != self.origin;
            fails.then_some((record, written))
        })
    }
}

/// A write set that has its position.
#[derive(Clone)]
pub(super) struct Placed {
    pub(super) name: TransactionName,
    pub(super) connection: ConnectionId,
    /// Empty if it failed: then it only has a number.
    pub(super) records: Arc<[RecordId]>,
    pub(super) is_certified: bool,
}

/// The write sets that travel, and those that have a position which some node has not applied.
#[derive(Default)]
pub(super) struct Order {
    travelling: Slab<Pending>,
    forgotten: u64,
    placed: VecDeque<Placed>,
}

impl Order {
    /// Adds a write set that leaves its node. Returns its number among those that travel.
    pub(super) fn send(&mut self, pending: Pending) -> u32 {
        self.travelling.insert(pending) as u32
    }

    pub(super) fn travelling(&self, number: u32) -> Option<&Pending> {
        self.travelling.get(number as usize)
    }

    /// Takes a write set that travels no further.
    pub(super) fn take(&mut self, number: u32) -> Pending {
        self.travelling.remove(number as usize)
    }

    /// Lets a write set travel again, under another mark.
    pub(super) fn send_again(&mut self, number: u32, mark: u64) {
        self.travelling[number as usize].mark = mark;
    }

    /// The numbers of all write sets that travel, in the order in which they were sent.
    pub(super) fn sent(&self) -> Vec<u32> {
        let mut numbers: Vec<usize> = self.travelling.iter().map(|(number, _)| number).collect();
        // Marks rise.
        numbers.sort_unstable_by_key(|number| self.travelling[*number].mark);
        numbers.into_iter().map(|number| number as u32).collect()
    }

    /// The last position that was given.
    pub(super) fn last(&self) -> u64 {
        self.forgotten + self.placed.len() as u64
    }

    pub(super) fn add(&mut self, placed: Placed) {
        self.placed.push_back(placed);
    }

    pub(super) fn get(&self, position: u64) -> Option<&Placed> {
        let place = position.checked_sub(self.forgotten + 1)?;
        self.placed.get(place as usize)
    }

    /// Takes back the positions behind this one. Returns the write sets that had them.
    pub(super) fn take_back(&mut self, position: u64) -> Vec<Placed> {
        let kept = position.saturating_sub(self.forgotten);
        self.placed
            .drain(kept.min(self.placed.len() as u64) as usize..)
            .collect()
    }

    /// Every node has those up to this position.
    pub(super) fn forget(&mut self, position: u64) {
        let count = position.min(self.last()).saturating_sub(self.forgotten);
        self.placed.drain(..count as usize);
        self.forgotten += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Actor;
    use crate::sql::{Key, TableId};

    const TABLE: TableId = TableId(0);

    fn name(node: u32) -> TransactionName {
        TransactionName {
            number: 1,
            actor: Actor::Host,
            node,
        }
    }

    const WRITER: ConnectionId = ConnectionId { slot: 0, serial: 0 };

    #[test]
    fn a_write_set_fails_only_for_what_another_node_wrote_since() {
        let mut store = Store::default();
        store.add_table(TABLE, 1);
        let row = store.intern(TABLE, &Key::from("a"));
        let key = store.intern_unique(TABLE, 0, &Key::from("x"));
        let written = |position, node| Written {
            position,
            by: name(node),
        };
        store.put_row(row, None, written(5, 1), 0);
        store.put_owner(key, None, written(7, 1), 0);
        let clash = |origin, seen, record: RecordId| {
            let pending = Pending {
                mark: 0,
                origin,
                name: name(origin),
                connection: WRITER,
                seen,
                rows: Vec::from([(record, None)].map(|w| w))
                    .into_iter()
                    .filter(|w| w.0.index == 0)
                    .collect(),
                unique: [(record, None)]
                    .into_iter()
                    .filter(|w| w.0.index > 0)
                    .collect(),
                made: Vec::new(),
            };
            pending.clash(&store).is_some()
        };
        assert!(clash(0, 4, row));
        assert!(!clash(0, 5, row), "it was seen");
        assert!(!clash(1, 4, row), "the same node");
        assert!(clash(0, 6, key), "a unique key");
        assert!(!clash(0, 7, key));
    }

    #[test]
    fn write_sets_are_sent_again_in_the_order_in_which_they_were_sent() {
        let mut order = Order::default();
        let pending = |mark| Pending {
            mark,
            origin: 0,
            name: name(0),
            connection: WRITER,
            seen: 0,
            rows: Vec::new(),
            unique: Vec::new(),
            made: Vec::new(),
        };
        let [first, second] = [10, 11].map(|mark| order.send(pending(mark)));
        order.take(first);
        let third = order.send(pending(12));
        assert_eq!(third, first, "the number is used again");
        assert_eq!(order.sent(), [second, third]);
        order.send_again(second, 13);
        assert_eq!(order.sent(), [third, second]);
    }

    #[test]
    fn positions_stay_when_what_all_have_is_forgotten() {
        let mut order = Order::default();
        let placed = |node| Placed {
            name: name(node),
            connection: WRITER,
            records: [].into(),
            is_certified: true,
        };
        (0..5).for_each(|node| order.add(placed(node)));
        order.forget(3);
        assert_eq!(order.last(), 5);
        assert!(order.get(3).is_none());
        assert_eq!(order.get(4).unwrap().name.node, 3);
        assert!(order.get(6).is_none());
        order.forget(u64::MAX);
        assert_eq!(order.last(), 5);
    }
}
