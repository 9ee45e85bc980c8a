//! Which nodes can commit: the primary component, and who leaves it and comes back.
//!
//! Write sets are ordered only while every member can be reached. Who is silent for too long is shut
//! out, if those who are left are more than half of the members before; otherwise nobody can commit
//! until enough of them hear each other again.

use super::ClusterEvent;
use super::connection::{Phase, Ticket};
use super::errors::Error;
use super::state::State;
use crate::model::change::Nanos;
use crate::model::event::What;

/// Some nodes hear only each other.
struct Partition {
    nodes: Vec<u32>,
    since: Nanos,
}

pub(super) struct Membership {
    /// Those of the last primary component.
    members: Vec<u32>,
    is_member: Vec<bool>,
    /// There is a primary component.
    has_primary: bool,
    /// All members hear each other.
    is_intact: bool,
    partitions: Vec<Partition>,
    /// Since when a node is silent because it died. One that was started again is silent until it
    /// has caught up.
    silent: Vec<Option<Nanos>>,
    /// Who waits for all members to be reached.
    waiting: Vec<Ticket>,
}

impl Membership {
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            members: (0..nodes as u32).collect(),
            is_member: vec![true; nodes],
            has_primary: true,
            is_intact: true,
            partitions: Vec::new(),
            silent: vec![None; nodes],
            waiting: Vec::new(),
        }
    }

    pub(super) fn is_intact(&self) -> bool {
        self.is_intact
    }

    pub(super) fn is_alone(&self) -> bool {
        self.is_intact && self.members.len() == 1
    }

    pub(super) fn is_member(&self, node: u32) -> bool {
        self.is_member[node as usize]
    }

    /// How many can commit; nothing if none can.
    pub(super) fn size(&self) -> Option<usize> {
        self.has_primary.then_some(self.members.len())
    }

    pub(super) fn wait(&mut self, ticket: Ticket) {
        self.waiting.push(ticket);
    }

    pub(super) fn partition(&mut self, nodes: Vec<u32>, since: Nanos) {
        self.partitions.push(Partition { nodes, since });
        self.look();
    }

    pub(super) fn heal(&mut self, nodes: &[u32]) {
        let same = |partition: &Partition| partition.nodes == nodes;
        if let Some(place) = self.partitions.iter().position(same) {
            self.partitions.remove(place);
        }
        self.look();
    }

    pub(super) fn died(&mut self, node: u32, now: Nanos) {
        self.silent[node as usize] = Some(now);
        self.look();
    }

    /// Do they hear each other, if only what began by `since` counts?
    fn hear(&self, one: u32, other: u32, since: Nanos) -> bool {
        let begun = |partition: &&Partition| partition.since <= since;
        let mut partitions = self.partitions.iter().filter(begun);
        let is_in = |partition: &Partition, node| partition.nodes.contains(&node);
        partitions.all(|partition| is_in(partition, one) == is_in(partition, other))
    }

    fn look(&mut self) {
        let first = self.members[0];
        let reached = |&node: &u32| {
            self.silent[node as usize].is_none() && self.hear(first, node, Nanos::MAX)
        };
        self.is_intact = self.has_primary && self.members.iter().all(reached);
    }

    /// The largest part of these that hear each other and are not silent.
    fn largest(&self, of: &[u32], since: Nanos) -> Vec<u32> {
        let speaks = |node: &&u32| self.silent[**node as usize].is_none_or(|at| at > since);
        let speaking: Vec<u32> = of.iter().filter(speaks).copied().collect();
        let mut largest = Vec::new();
        let mut left = speaking;
        while let Some(&first) = left.first() {
            let hears = |node: &u32| self.hear(first, *node, since);
            let (part, others): (Vec<u32>, Vec<u32>) = left.into_iter().partition(hears);
            if part.len() > largest.len() {
                largest = part;
            }
            left = others;
        }
        largest
    }

    fn is_majority(&self, part: &[u32]) -> bool {
        let members = part.iter().filter(|node| self.members.contains(node));
        2 * members.count() > self.members.len()
    }

    fn set_members(&mut self, members: Vec<u32>) {
        for node in 0..self.is_member.len() as u32 {
            self.is_member[node as usize] = members.contains(&node);
        }
        self.members = members;
        self.has_primary = true;
        self.look();
    }
}

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
                _ if connection.transaction.locks.is_empty() => {}
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
        if !self.membership.is_intact {
            return;
        }
        let pending: Vec<u32> = self.pending.iter().map(|(place, _)| place as u32).collect();
        for place in pending {
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
