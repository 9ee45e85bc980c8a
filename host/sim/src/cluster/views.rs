//! How the cluster goes from one set of members to the next.

use super::connection::Phase;
use super::errors::Error;
use super::event::ClusterEvent;
use super::state::State;
use crate::event::What;
use crate::model::change::Nanos;

impl State {
    /// Some node may have been silent for too long.
    pub(super) fn suspect(&mut self) {
        let timeout = self.topology.suspect_timeout_ms * 1_000_000;
        let Some(since) = self.now().checked_sub(timeout) else {
            return;
        };
        if !self.membership.has_primary {
            return;
        }
        let part = self.membership.largest(&self.membership.members, since);
        if part == self.membership.members {
            return;
        }
        if self.membership.is_majority(&part) {
            self.membership.set_members(part);
        } else {
            self.membership.has_primary = false;
            self.membership.look();
        }
        self.members_changed();
    }

    /// A node is back and has had the time to catch up.
    pub(super) fn rejoin(&mut self, node: u32, incarnation: u32) {
        let number = node as usize;
        if self.nodes[number].incarnation != incarnation || !self.nodes[number].is_up {
            return;
        }
        if self.nodes[number].is_primary && self.membership.silent[number].is_none() {
            return;
        }
        let membership = &self.membership;
        let mut part = match membership.has_primary {
            true => {
                let mut hears = membership
                    .members
                    .iter()
                    .filter(|&&other| other != node && membership.silent[other as usize].is_none())
                    .filter(|&&other| membership.hear(node, other, Nanos::MAX));
                let alone = membership.members == [node];
                if hears.next().is_none() && !alone {
                    return;
                }
                membership.members.clone()
            }
            // Enough of them must be there to go on where they stopped.
            false => {
                let up = (0..self.nodes.len() as u32)
                    .filter(|&other| self.nodes[other as usize].is_up)
                    .filter(|&other| membership.hear(node, other, Nanos::MAX));
                let part: Vec<u32> = up.collect();
                if !membership.is_majority(&part) {
                    return;
                }
                part
            }
        };
        if !part.contains(&node) {
            part.push(node);
            part.sort_unstable();
        }
        for &member in &part {
            let is_back = !self.nodes[member as usize].is_primary
                || (member == node && self.membership.silent[number].is_some());
            if is_back && self.nodes[member as usize].is_up {
                self.membership.silent[member as usize] = None;
                self.take_in(member);
            }
        }
        self.membership.set_members(part);
        self.members_changed();
    }

    /// The node has got what it lacks. Nothing that it had under way lived through that.
    fn take_in(&mut self, node: u32) {
        let slots = self.connections.iter().map(|(slot, _)| slot as u32);
        let here: Vec<u32> = slots
            .filter(|&slot| self.connections[slot as usize].node == node)
            .collect();
        self.nodes[node as usize].applied = self.order.last();
        for &slot in &here {
            let connection = self.at(slot);
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
        let has_primary = self.membership.has_primary;
        for node in 0..self.nodes.len() as u32 {
            let was = self.nodes[node as usize].is_primary;
            let is = has_primary && self.membership.is_member(node);
            if was && !is {
                self.nodes[node as usize].is_primary = false;
                self.lose_primary(node);
            }
        }
        let is_member = match has_primary {
            true => self.membership.is_member.clone(),
            false => vec![false; self.nodes.len()],
        };
        self.network.set_members(&is_member);
        let nodes = if has_primary {
            self.membership.members.clone()
        } else {
            Vec::new()
        };
        self.kernel.log(|| What::Members { nodes });
        self.tell_proxy();
        self.resume_writers();
        self.reached_again();
    }

    /// What waited for all members goes on, if they are all there.
    pub(super) fn reached_again(&mut self) {
        if !self.membership.is_intact() {
            return;
        }
        // Marks rise, so this is the order in which they were sent.
        let marked = self
            .pending
            .iter()
            .map(|(place, it)| (it.mark, place as u32));
        let mut pending: Vec<(u64, u32)> = marked.collect();
        pending.sort_unstable();
        for (_, place) in pending {
            let mark = self.next_mark();
            self.pending[place as usize].mark = mark;
            self.travel(place);
        }
        for ticket in std::mem::take(&mut self.membership.waiting) {
            self.schedule(self.now(), ClusterEvent::GroupHeard(ticket));
        }
    }

    /// The node knows now that it can't commit. What it did for its clients had no effect, unless it
    /// has a place in the order.
    fn lose_primary(&mut self, node: u32) {
        let slots = self.connections.iter().map(|(slot, _)| slot as u32);
        let here: Vec<u32> = slots
            .filter(|&slot| self.connections[slot as usize].node == node)
            .collect();
        for slot in here {
            match self.at(slot).phase {
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
        let pending = self.pending.remove(pending as usize);
        pending
            .made
            .iter()
            .for_each(|&made| self.store.forget(made));
    }
}
