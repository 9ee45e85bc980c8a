//! Transactions of one node that wait for each other.

use super::connection::Phase;
use super::errors::Error;
use super::row_locks::Owner;
use super::state::State;
use crate::model::event::What;
use crate::sim::store::RecordId;
use std::collections::BTreeSet;

impl State {
    /// Looks whether the transaction that begins to wait closes a circle, and rolls back the one of
    /// it that changed the fewest rows; on a tie, the one that asks. True if it is that one.
    pub(super) fn break_deadlocks(&mut self, slot: u32) -> bool {
        while let Some(circle) = self.circle(slot) {
            let changed = |of: &u32| {
                let transaction = &self.connections[*of as usize].transaction;
                (transaction.rows.len(), *of != slot)
            };
            let victim = circle.iter().copied().min_by_key(changed);
            let victim = victim.expect("a circle has members");
            let other = if victim == slot { circle[1] } else { slot };
            let record = self.waits_for(victim).expect("all of them wait");
            let name = |of: u32| self.connections[of as usize].transaction.name;
            self.kernel.log(|| What::Deadlock {
                victim: name(victim),
                other: name(other),
                row: self.row_name(record),
            });
            if victim == slot {
                return true;
            }
            self.fail(victim, Error::Deadlock);
        }
        false
    }

    fn waits_for(&self, slot: u32) -> Option<RecordId> {
        match self.connections[slot as usize].phase {
            Phase::LockWait { record, .. } => Some(record),
            _ => None,
        }
    }

    /// From the one that asks along those who wait for each other, back to it.
    fn circle(&self, slot: u32) -> Option<Vec<u32>> {
        // It has just begun to wait, behind everybody: who holds nothing is in nobody's way.
        if self.connections[slot as usize].transaction.locks.is_empty() {
            return None;
        }
        let mut seen = BTreeSet::new();
        let mut path = Vec::new();
        // Each with how deep in the path it stands.
        let mut open = vec![(slot, 0)];
        while let Some((next, depth)) = open.pop() {
            if !seen.insert(next) {
                continue;
            }
            path.truncate(depth);
            path.push(next);
            let Some(record) = self.waits_for(next) else {
                continue;
            };
            let node = &self.nodes[self.connections[next as usize].node as usize];
            for owner in node.locks.in_the_way(record, self.owner(next)) {
                match owner {
                    Owner::Transaction { connection, .. } if connection == slot => {
                        return Some(path);
                    }
                    Owner::Transaction { connection, .. } => open.push((connection, depth + 1)),
                    Owner::Applier(_) => {}
                }
            }
        }
        None
    }
}
