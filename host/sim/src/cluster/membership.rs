//! The nodes that can commit: the primary component, how it evicts nodes and takes them back.
//!
//! Write sets are ordered only while every member can be reached. Silent nodes are evicted if those that
//! are left are more than half of the members before; otherwise no node can commit until enough of them
//! hear each other again.

use super::event::Ticket;
use crate::model::change::Nanos;

/// Some nodes hear only each other.
struct Partition {
    nodes: Vec<u32>,
    since: Nanos,
}

pub(super) struct Membership {
    /// The nodes of the last primary component.
    members: Vec<u32>,
    is_member: Vec<bool>,
    /// There is a primary component.
    has_primary: bool,
    /// All members hear each other.
    is_intact: bool,
    partitions: Vec<Partition>,
    /// The time since which a node is silent because it died. One that was started again is silent until
    /// it has caught up.
    silent: Vec<Option<Nanos>>,
    /// Steps that wait until all members can be reached.
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

    /// The number of nodes that can commit; `None` if none can.
    pub(super) fn size(&self) -> Option<usize> {
        self.has_primary.then_some(self.members.len())
    }

    /// The nodes that can commit.
    pub(super) fn primary(&self) -> Vec<u32> {
        match self.has_primary {
            true => self.members.clone(),
            false => Vec::new(),
        }
    }

    /// Says of each node whether it can commit.
    pub(super) fn is_primary(&self) -> Vec<bool> {
        let is_member = self.is_member.iter();
        is_member.map(|is| self.has_primary && *is).collect()
    }

    pub(super) fn is_silent(&self, node: u32) -> bool {
        self.silent[node as usize].is_some()
    }

    /// Ends the silence of a node that has caught up.
    pub(super) fn speaks(&mut self, node: u32) {
        self.silent[node as usize] = None;
    }

    pub(super) fn wait(&mut self, ticket: Ticket) {
        self.waiting.push(ticket);
    }

    pub(super) fn take_waiting(&mut self) -> Vec<Ticket> {
        std::mem::take(&mut self.waiting)
    }

    /// Evicts the members that have been silent since then or longer: the largest part of those that
    /// hear each other goes on if it is a majority, else there is no primary component. Returns whether
    /// anything changed.
    pub(super) fn evict_silent(&mut self, since: Nanos) -> bool {
        if !self.has_primary {
            return false;
        }
        let part = self.largest(&self.members, since);
        if part == self.members {
            return false;
        }
        if self.is_majority(&part) {
            self.set_members(part);
        } else {
            self.has_primary = false;
            self.look();
        }
        true
    }

    /// The members once a node that has caught up is one of them; `None` if it hears too few others.
    pub(super) fn with(&self, node: u32, is_up: impl Fn(u32) -> bool) -> Option<Vec<u32>> {
        let hears = |other: &u32| self.hear(node, *other, Nanos::MAX);
        let mut part = if self.has_primary {
            let others = self.members.iter();
            let mut others = others.filter(|other| **other != node && !self.is_silent(**other));
            if !others.any(hears) && self.members != [node] {
                return None;
            }
            self.members.clone()
        } else {
            // Enough of them must be there to go on where they stopped.
            let nodes = 0..self.is_member.len() as u32;
            let part: Vec<u32> = nodes.filter(|other| is_up(*other)).filter(hears).collect();
            if !self.is_majority(&part) {
                return None;
            }
            part
        };
        if !part.contains(&node) {
            part.push(node);
            part.sort_unstable();
        }
        Some(part)
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

    /// Says whether they hear each other, if only partitions that began by `since` count.
    fn hear(&self, one: u32, other: u32, since: Nanos) -> bool {
        let begun = |partition: &&Partition| partition.since <= since;
        let mut partitions = self.partitions.iter().filter(begun);
        let is_in = |partition: &Partition, node| partition.nodes.contains(&node);
        partitions.all(|partition| is_in(partition, one) == is_in(partition, other))
    }

    /// Says whether two nodes hear each other.
    pub(super) fn are_connected(&self, one: u32, other: u32) -> bool {
        self.hear(one, other, Nanos::MAX)
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

    pub(super) fn set_members(&mut self, members: Vec<u32>) {
        for node in 0..self.is_member.len() as u32 {
            self.is_member[node as usize] = members.contains(&node);
        }
        self.members = members;
        self.has_primary = true;
        self.look();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL_UP: fn(u32) -> bool = |_| true;

    #[test]
    fn majority_evicts_the_silent_and_takes_them_back() {
        let mut group = Membership::new(3);
        group.partition(vec![2], 10);
        assert!(!group.is_intact());
        assert!(!group.evict_silent(9), "the partition is younger");
        assert!(group.evict_silent(10));
        assert_eq!((group.primary(), group.is_intact()), (vec![0, 1], true));
        assert_eq!(group.with(2, ALL_UP), None, "it hears no member");
        group.heal(&[2]);
        assert_eq!(group.with(2, ALL_UP), Some(vec![0, 1, 2]));
    }

    #[test]
    fn half_of_the_members_is_no_majority() {
        let mut group = Membership::new(4);
        group.partition(vec![0, 1], 10);
        assert!(group.evict_silent(10));
        assert_eq!((group.size(), group.primary()), (None, vec![]));
        assert_eq!(group.is_primary(), [false; 4]);
        assert!(!group.evict_silent(20), "there is nothing left to evict");
        assert_eq!(group.with(0, ALL_UP), None);
        group.heal(&[0, 1]);
        let without_3 = |node| node != 3;
        assert_eq!(group.with(0, without_3), Some(vec![0, 1, 2]));
    }

    #[test]
    fn dead_member_holds_all_up_until_it_speaks_or_is_evicted() {
        let mut group = Membership::new(2);
        group.died(1, 10);
        assert!(group.is_silent(1) && !group.is_intact() && !group.is_alone());
        group.speaks(1);
        group.set_members(vec![0, 1]);
        assert!(group.is_intact());
    }
}
