//! Transactions of one node that wait for each other.

use super::connection::Phase;
use super::errors::Error;
use super::event::Ticket;
use super::row_locks::Owner;
use super::state::State;
use crate::event::What;
use crate::store::RecordId;
use std::collections::BTreeSet;

impl State {
    /// Looks whether the transaction that begins to wait closes a circle, and rolls back the lightest
    /// one of it; on a tie, the one that asks. True if it is that one.
    ///
    /// As InnoDB weighs them: rows changed, and kinds of locks. So of two that have locked the same gap
    /// and both insert into it, the second one to ask goes.
    pub(super) fn break_deadlocks(&mut self, slot: u32) -> bool {
        while let Some(circle) = self.circle(slot) {
            let weight = |of: &u32| (self.weight(*of), *of != slot);
            let victim = circle.iter().copied().min_by_key(weight);
            let victim = victim.expect("a circle has members");
            let other = if victim == slot { circle[1] } else { slot };
            let record = self.waits_for(victim).expect("all of them wait");
            let name = |of: u32| self.connections[of].transaction.name;
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

    /// The statement that still waits looks for a circle, and fails if it is in one.
    pub(super) fn check_for_deadlock(&mut self, ticket: Ticket) {
        let Some(slot) = self.connections.current(ticket) else {
            return;
        };
        let Some(circle) = self.circle(slot) else {
            return;
        };
        let record = self.waits_for(slot).expect("it waits");
        self.kernel.log(|| What::Deadlock {
            victim: self.connections[slot].transaction.name,
            other: self.connections[circle[circle.len() - 1]].transaction.name,
            row: self.row_name(record),
        });
        self.fail(slot, Error::Deadlock);
    }

    fn weight(&self, slot: u32) -> usize {
        let connection = &self.connections[slot];
        let transaction = &connection.transaction;
        let indexes: BTreeSet<_> = transaction.locks.iter().map(|it| it.index_id()).collect();
        let locks = &self.nodes[connection.node as usize].locks;
        transaction.rows.len() + indexes.len() + locks.gaps.indexes_of(self.connections.owner(slot))
    }

    fn waits_for(&self, slot: u32) -> Option<RecordId> {
        match self.connections[slot].phase {
            Phase::LockWait { record, .. } => Some(record),
            _ => None,
        }
    }

    /// From the transaction that asks along those that wait for each other, back to it.
    fn circle(&self, slot: u32) -> Option<Vec<u32>> {
        // It has just begun to wait, behind all others: without locks it is in no one's way.
        if !self.connections[slot].transaction.has_locks() {
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
            let node = &self.nodes[self.connections[next].node as usize];
            for owner in node.locks.in_the_way(record, self.connections.owner(next)) {
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
