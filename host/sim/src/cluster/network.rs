//! Durations of messages.

use crate::kernel::times;
use crate::model::change::Nanos;
use crate::model::topology::Topology;
use crate::random::Purpose;
use contend_dst::{Random, Times};

/// The largest of more draws than these is hardly larger.
const DRAWS: usize = 8;

pub(super) struct Network {
    random: Random,
    client: Times,
    between: Times,
    topology: Topology,
    members: usize,
    /// For each node, how far the farthest member is from it, and it from the farthest.
    farthest: Vec<(Nanos, Nanos)>,
    /// For each node, when the last write set that it sent comes to all members.
    arrivals: Vec<Nanos>,
}

impl Network {
    pub(super) fn new(topology: &Topology, seed: u64) -> Self {
        Self {
            random: Random::new(seed, Purpose::Network),
            client: times(topology.client_latency),
            between: times(topology.latency),
            topology: topology.clone(),
            members: 0,
            farthest: Vec::new(),
            arrivals: Vec::new(),
        }
    }

    /// These nodes replicate now.
    pub(super) fn set_members(&mut self, is_member: &[bool]) {
        let nodes = is_member.len();
        let members: Vec<_> = (0..nodes).filter(|&node| is_member[node]).collect();
        let farthest = |node| {
            let to = members.iter().map(|&to| self.topology.distance(node, to));
            let from = members.iter().map(|&to| self.topology.distance(to, node));
            (to.max().unwrap_or(0), from.max().unwrap_or(0))
        };
        self.farthest = (0..nodes).map(farthest).collect();
        self.arrivals = vec![0; nodes];
        self.members = members.len();
    }

    /// One way between a client and its server; through a proxy it is two of them.
    pub(super) fn client(&mut self, is_proxied: bool) -> Nanos {
        let one = self.client.draw(&mut self.random);
        match is_proxied {
            true => one + self.client.draw(&mut self.random),
            false => one,
        }
    }

    /// One way between two nodes.
    pub(super) fn between(&mut self, from: u32, to: u32) -> Nanos {
        let distance = self.topology.distance(from as usize, to as usize);
        distance + self.between.draw(&mut self.random)
    }

    fn slowest(&mut self) -> Nanos {
        let others = self.members.saturating_sub(1).min(DRAWS);
        let draws = (0..others).map(|_| self.between.draw(&mut self.random));
        draws.max().unwrap_or(0)
    }

    /// Until what a node sends has come to every member.
    pub(super) fn reach_all(&mut self, from: u32) -> Nanos {
        self.farthest[from as usize].0 + self.slowest()
    }

    /// The time when a write set that a node sends now has come to every member: not before those that it has
    /// sent before. Certification builds on that, since write sets of one node never fail each other.
    pub(super) fn write_set_arrives(&mut self, from: u32, now: Nanos) -> Nanos {
        let at = now + self.reach_all(from);
        let arrival = &mut self.arrivals[from as usize];
        *arrival = at.max(*arrival);
        *arrival
    }

    /// Until a node has heard from every member.
    pub(super) fn hear_all(&mut self, to: u32) -> Nanos {
        self.farthest[to as usize].1 + self.slowest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::Spread;

    #[test]
    fn the_farthest_member_counts_and_who_is_none_does_not() {
        let exactly = |p50_us| Spread {
            p50_us,
            p99_us: p50_us,
        };
        let mut network = Network::new(
            &Topology {
                latency_ms: Some(vec![
                    vec![0.0, 1.0, 2.0],
                    vec![3.0, 0.0, 4.0],
                    vec![5.0, 6.0, 0.0],
                ]),
                latency: exactly(10.0),
                client_latency: exactly(1.0),
                ..Topology::default()
            },
            1,
        );
        network.set_members(&[true; 3]);
        assert_eq!(
            (network.reach_all(0), network.hear_all(0)),
            (2_010_000, 5_010_000)
        );
        network.set_members(&[true, true, false]);
        assert_eq!(
            (network.reach_all(0), network.hear_all(0)),
            (1_010_000, 3_010_000)
        );
        network.set_members(&[true, false, false]);
        assert_eq!((network.reach_all(0), network.hear_all(0)), (0, 0));
        assert_eq!(
            [false, true].map(|proxied| network.client(proxied)),
            [1_000, 2_000]
        );
    }

    #[test]
    fn a_write_set_is_never_overtaken_by_a_later_one_of_its_node() {
        let mut network = Network::new(&Topology::default(), 1);
        network.set_members(&[true; 3]);
        let sent = (0..1000).map(|at| network.write_set_arrives(0, at));
        let arrivals: Vec<Nanos> = sent.collect();
        assert!(arrivals.is_sorted());
        let first = *arrivals.last().unwrap();
        let sent_by_another = (0..100).map(|_| network.write_set_arrives(1, 0)).min();
        assert!(sent_by_another < Some(first), "others are not held up");
    }
}
