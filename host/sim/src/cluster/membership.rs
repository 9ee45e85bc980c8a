//! Which nodes can commit: the primary component, and who leaves it and comes back.
//!
//! Write sets are ordered only while every member can be reached. Who is silent for too long is shut
//! out, if those who are left are more than half of the members before; otherwise nobody can commit
//! until enough of them hear each other again.

use super::event::Ticket;
use crate::model::change::Nanos;

/// Some nodes hear only each other.
struct Partition {
    nodes: Vec<u32>,
    since: Nanos,
}

pub(super) struct Membership {
    /// Those of the last primary component.
    pub(super) members: Vec<u32>,
    pub(super) is_member: Vec<bool>,
    /// There is a primary component.
    pub(super) has_primary: bool,
    /// All members hear each other.
    is_intact: bool,
    partitions: Vec<Partition>,
    /// Since when a node is silent because it died. One that was started again is silent until it
    /// has caught up.
    pub(super) silent: Vec<Option<Nanos>>,
    /// Who waits for all members to be reached.
    pub(super) waiting: Vec<Ticket>,
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
    pub(super) fn hear(&self, one: u32, other: u32, since: Nanos) -> bool {
        let begun = |partition: &&Partition| partition.since <= since;
        let mut partitions = self.partitions.iter().filter(begun);
        let is_in = |partition: &Partition, node| partition.nodes.contains(&node);
        partitions.all(|partition| is_in(partition, one) == is_in(partition, other))
    }

    pub(super) fn look(&mut self) {
        let first = self.members[0];
        let reached = |&node: &u32| {
            self.silent[node as usize].is_none() && self.hear(first, node, Nanos::MAX)
        };
        self.is_intact = self.has_primary && self.members.iter().all(reached);
    }

    /// The largest part of these that hear each other and are not silent.
    pub(super) fn largest(&self, of: &[u32], since: Nanos) -> Vec<u32> {
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

    pub(super) fn is_majority(&self, part: &[u32]) -> bool {
        let members = part.iter().filter(|node| self.members.contains(node));
        2 * members.count() > self.members.len()
    }

    pub(super) fn set_members(&mut self, members: Vec<u32>) {
        for node in 0..self.is_member.len() as u32 {
            self.is_member[node as usize] = members.contains(&node);
        }
        self.members = members;
        self.has_primary = true;
        self.look();
    }
}
