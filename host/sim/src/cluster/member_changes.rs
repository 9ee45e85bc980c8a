//! Changes of the members, and what they mean for connections and write sets.

use super::connection::Phase;
use super::errors::Error;
use super::event::ClusterEvent;
use super::state::State;
use crate::event::What;

impl State {
    /// Some node may have been silent for too long.
    pub(super) fn suspect(&mut self) {
        let timeout = self.topology.suspect_timeout_ms * 1_000_000;
        let since = self.now().checked_sub(timeout);
        if since.is_some_and(|since| self.membership.evict_silent(since)) {
            self.members_changed();
        }
    }

    /// A node is back and has had the time to catch up.
    pub(super) fn rejoin(&mut self, node: u32, incarnation: u32) {
        if self.postgres.is_some() {
            return self.server_is_back(node, incarnation);
        }
        let number = node as usize;
        if self.nodes[number].incarnation != incarnation || !self.nodes[number].is_up {
            return;
        }
        if self.nodes[number].is_primary && !self.membership.is_silent(node) {
            return;
        }
        let is_up = |other: u32| self.nodes[other as usize].is_up;
        let Some(part) = self.membership.with(node, is_up) else {
            return;
        };
        for &member in &part {
            let is_back = !self.nodes[member as usize].is_primary
                || (member == node && self.membership.is_silent(node));
            if is_back && self.nodes[member as usize].is_up {
                self.membership.speaks(member);
                self.take_in(member);
            }
        }
        self.membership.set_members(part);
        self.members_changed();
    }

    /// The node has received the data that it lacked. Its transactions in flight are lost.
    fn take_in(&mut self, node: u32) {
        let here = self.connections.slots(|it| it.node == node);
        self.nodes[node as usize].applied = self.order.last();
        for &slot in &here {
            let connection = &mut self.connections[slot];
            match connection.phase {
                // It was in the order, so it is committed.
                Phase::Ordered => self.committed(slot),
                _ if !connection.transaction.has_locks() => {}
                _ => self.kill_transaction(slot),
            }
        }
        let node = &mut self.nodes[node as usize];
        node.start_over();
        node.is_primary = true;
    }

    /// There are other members than before.
    fn members_changed(&mut self) {
        let is_primary = self.membership.is_primary();
        for (node, is) in (0..).zip(&is_primary) {
            if self.nodes[node as usize].is_primary && !is {
                self.nodes[node as usize].is_primary = false;
                self.lose_primary(node);
            }
        }
        self.network.set_members(&is_primary);
        let nodes = self.membership.primary();
        self.kernel.log(|| What::Members { nodes });
        self.tell_proxy();
        self.resume_writers();
        self.reached_again();
    }

    /// Lets go on what waited for all members, if they are all there.
    pub(super) fn reached_again(&mut self) {
        if !self.membership.is_intact() {
            return;
        }
        for pending in self.order.sent() {
            let mark = self.connections.next_mark();
            self.order.send_again(pending, mark);
            self.travel(pending);
        }
        for ticket in self.membership.take_waiting() {
            self.schedule(self.now(), ClusterEvent::GroupHeard(ticket));
        }
    }

    /// The node knows now that it can't commit. What it did for its clients had no effect, unless it
    /// has a place in the order.
    fn lose_primary(&mut self, node: u32) {
        let here = self.connections.slots(|it| it.node == node);
        for slot in here {
            match self.connections[slot].phase {
                Phase::Replicating { pending } => {
                    self.give_up(pending);
                    self.fail(slot, Error::LostPrimaryInCommit);
                }
                Phase::Committing | Phase::Paused => self.fail(slot, Error::LostPrimaryInCommit),
                Phase::LockWait { .. } | Phase::CausalWait { .. } | Phase::Defining => {
                    self.fail(slot, Error::NotPrimary);
                }
                Phase::Idle | Phase::Sent | Phase::Served | Phase::Ordered => {}
            }
        }
    }

    /// The write set will never have a place.
    pub(super) fn give_up(&mut self, pending: u32) {
        let pending = self.order.take(pending);
        pending
            .made
            .iter()
            .for_each(|&made| self.store.forget(made));
    }
}
