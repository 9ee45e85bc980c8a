//! The total order of write sets, and certification.

use super::event::ConnectionId;
use crate::event::TransactionName;
use crate::sql::StoredRow;
use crate::store::{RecordId, Store, Written};
use std::collections::VecDeque;
use std::sync::Arc;

/// A write set that is on its way to the members.
pub(super) struct Pending {
    pub(super) mark: u64,
    pub(super) origin: u32,
    pub(super) name: TransactionName,
    pub(super) connection: ConnectionId,
    /// What its node had committed when COMMIT began.
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

    /// What it fails for: a key that another node's write set changed, which was placed after what
    /// this one's node had seen. Write sets of one node never fail each other: its row locks came
    /// before.
    pub(super) fn clash(&self, store: &Store) -> Option<(RecordId, Written)> {
        self.records().find_map(|record| {
            let written = store.written(record)?;
            let fails = written.position > self.seen && written.by.node != self.origin;
            fails.then_some((record, written))
        })
    }
}

/// A write set in its place.
#[derive(Clone)]
pub(super) struct Placed {
    pub(super) name: TransactionName,
    pub(super) connection: ConnectionId,
    /// Empty if it failed: then it only has a number.
    pub(super) records: Arc<[RecordId]>,
    pub(super) is_certified: bool,
}

/// The write sets that have a place, so far as some node has not applied them.
#[derive(Default)]
pub(super) struct Order {
    forgotten: u64,
    placed: VecDeque<Placed>,
}

impl Order {
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

    const SOMEBODY: ConnectionId = ConnectionId { slot: 0, serial: 0 };

    #[test]
    fn a_write_set_fails_only_for_what_another_node_wrote_since() {
        let mut store = Store::default();
        store.add_table(TABLE, 1);
        let row = store.place(TABLE, &Key::from("a"));
        let key = store.place_unique(TABLE, 0, &Key::from("x"));
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
                connection: SOMEBODY,
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
    fn positions_stay_when_what_all_have_is_forgotten() {
        let mut order = Order::default();
        let placed = |node| Placed {
            name: name(node),
            connection: SOMEBODY,
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
