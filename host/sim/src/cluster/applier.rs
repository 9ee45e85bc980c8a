//! Application of ordered write sets: in order, one at a time, and by force.

use super::connection::Phase;
use super::event::ClusterEvent;
use super::order::Placed;
use super::row_locks::Owner;
use super::state::State;
use crate::event::What;
use crate::store::RecordId;

impl State {
    /// The newest write set goes out to be applied.
    pub(super) fn deliver(&mut self) {
        for node in 0..self.nodes.len() as u32 {
            if !self.membership.is_member(node) || !self.nodes[node as usize].is_primary {
                continue;
            }
            let at = self.now() + self.network.hear_all(node);
            let queue = &mut self.nodes[node as usize].queue;
            let at = queue.back().map_or(at, |&before| before.max(at));
            queue.push_back(at);
            if queue.len() == 1 {
                self.go_on(node);
            }
        }
        self.flow.watch(&mut self.nodes, self.kernel.now());
    }

    /// A node may go on.
    pub(super) fn delivered(&mut self, node: u32, incarnation: u32) {
        if self.nodes[node as usize].incarnation == incarnation {
            self.go_on(node);
            self.resume_writers();
        }
    }

    /// Applies what has come, so far as it can.
    pub(super) fn go_on(&mut self, number: u32) {
        let now = self.now();
        loop {
            let node = &self.nodes[number as usize];
            let Some(&at) = node.queue.front() else {
                return;
            };
            if node.is_applying || !node.is_up {
                return;
            }
            if at > now {
                let incarnation = node.incarnation;
                let node = number;
                return self.schedule(at, ClusterEvent::Deliver { node, incarnation });
            }
            let position = node.applied + 1;
            let placed = self.order.get(position).cloned();
            let placed = placed.expect("what a node lacks is kept");
            let own = self
                .connections
                .get(placed.connection)
                .is_some_and(|it| it.node == number && it.phase == Phase::Ordered);
            if !placed.is_certified {
                self.advance(number);
            } else if own {
                self.commit_in_turn(&placed, number, position);
            } else if self.nodes[number as usize].is_delayed {
                return;
            } else {
                return self.apply(&placed, number, position);
            }
        }
    }

    /// The next position is committed on the node.
    fn advance(&mut self, number: u32) {
        let remember = self.topology.snapshot_isolation;
        let window = remember.then_some(self.topology.snapshot_race_us * 1000);
        let now = self.now();
        self.nodes[number as usize].advance(now, window);
        self.wake_readers(number);
    }

    /// A local commit, for which the client waits.
    fn commit_in_turn(&mut self, placed: &Placed, number: u32, position: u64) {
        let slot = placed.connection.slot;
        if self.connections[slot].transaction.is_replayed {
            let owner = Owner::Applier(position);
            self.take_by_force(&placed.records, owner, number);
            self.give_back(&placed.records, owner, number);
            self.nodes[number as usize].counts.replays += 1;
            self.kernel.log(|| What::Replayed {
                transaction: placed.name,
                position,
            });
        }
        self.advance(number);
        self.nodes[number as usize].counts.commits += 1;
        self.committed(slot);
    }

    /// Applies another node's write set. A transaction that holds a row of it is in its way.
    fn apply(&mut self, placed: &Placed, number: u32, position: u64) {
        self.nodes[number as usize].is_applying = true;
        self.take_by_force(&placed.records, Owner::Applier(position), number);
        let work = self.service_times.apply();
        let done = self.processors.take_at_once(number, self.now(), work);
        let incarnation = self.nodes[number as usize].incarnation;
        let node = number;
        self.schedule(done, ClusterEvent::Applied { node, incarnation });
    }

    /// A node is done with one write set.
    pub(super) fn applied(&mut self, number: u32, incarnation: u32) {
        let node = &mut self.nodes[number as usize];
        if node.incarnation != incarnation {
            return;
        }
        node.is_applying = false;
        let position = node.applied + 1;
        let placed = self.order.get(position).cloned();
        let placed = placed.expect("what is being applied is kept");
        self.advance(number);
        self.kernel.log(|| What::Applied {
            node: number,
            transaction: placed.name,
            position,
        });
        self.give_back(&placed.records, Owner::Applier(position), number);
        self.go_on(number);
        self.resume_writers();
    }

    fn take_by_force(&mut self, records: &[RecordId], owner: Owner, number: u32) {
        for &record in records {
            let victims = self.nodes[number as usize].locks.take(record, owner);
            for victim in victims {
                self.brute_force(victim, owner, record);
            }
            for victim in self.gaps_in_the_way(record, owner, number) {
                self.brute_force(victim, owner, record);
            }
        }
    }

    /// The owners of locks on the gap into which the write set inserts, if it inserts.
    fn gaps_in_the_way(&self, record: RecordId, owner: Owner, number: u32) -> Vec<Owner> {
        let node = &self.nodes[number as usize];
        let (before, after) = (node.applied, node.applied + 1);
        let is_there = |position| self.store.is_there(record, position);
        match self.store.key(record) {
            Some(key) if !is_there(before) && is_there(after) => {
                node.locks.gaps.holders(record.index_id(), key, owner)
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn give_back(&mut self, records: &[RecordId], owner: Owner, number: u32) {
        let mut grants = Vec::new();
        for &record in records {
            let locks = &mut self.nodes[number as usize].locks;
            locks.release(record, owner, &mut grants);
        }
        self.granted(grants);
    }

    fn brute_force(&mut self, victim: Owner, by: Owner, record: RecordId) {
        let (Owner::Transaction { connection, .. }, Owner::Applier(position)) = (victim, by) else {
            return;
        };
        let node = self.connections[connection].node as usize;
        self.nodes[node].counts.brute_force_aborts += 1;
        self.kernel.log(|| What::BruteForceAborted {
            victim: self.name_of(victim),
            by: self.name_of(by),
            position,
            row: self.row_name(record),
        });
        self.kill_transaction(connection);
    }

    /// The transaction has to go for another node's sake, wherever it stands.
    pub(super) fn kill_transaction(&mut self, slot: u32) {
        let connection = &mut self.connections[slot];
        match connection.phase {
            // Its client gets the error at the next statement, whatever that is.
            Phase::Idle | Phase::Sent => self.kill_quietly(slot),
            Phase::Served if connection.in_transaction => self.kill_quietly(slot),
            Phase::Replicating { .. } | Phase::Ordered => {
                self.release_locks(slot);
                self.connections[slot].transaction.is_replayed = true;
            }
            Phase::Served
            | Phase::LockWait { .. }
            | Phase::CausalWait { .. }
            | Phase::Defining
            | Phase::Committing
            | Phase::Paused => self.fail_for_another_node(slot),
        }
    }

    fn kill_quietly(&mut self, slot: u32) {
        self.end_transaction(slot);
        self.connections[slot].transaction.is_killed = true;
    }
}
