//! The endpoint: a proxy that gives connections to the nodes in turn, or all to the first one, as far as it
//! believes in them.

use crate::model::change::Nanos;
use crate::model::endpoint::Endpoint;
use crate::model::topology::{ClusterKind, Topology};

/// Looks at every node now and then. Nothing happens at those moments: what it believes is worked out
/// when a client comes.
pub struct Proxy {
    nodes: Vec<Believed>,
    endpoint: Endpoint,
    /// The node whose turn it is; with one writer always the first.
    next: usize,
    interval: Nanos,
    fall: u64,
    /// A fault keeps it from looking.
    is_blind: bool,
}

struct Believed {
    is_healthy: bool,
    /// The time at which it notices the true health, if it has not yet.
    change: Option<Nanos>,
    /// The true health.
    truth: bool,
}

impl Proxy {
    pub fn new(topology: &Topology) -> Self {
        let takes_writes = |node| topology.kind == ClusterKind::Galera || node == 0;
        let believed = |node| Believed {
            is_healthy: takes_writes(node),
            change: None,
            truth: takes_writes(node),
        };
        Self {
            nodes: (0..topology.nodes).map(believed).collect(),
            endpoint: topology.endpoint,
            next: 0,
            interval: topology.health_check_ms.max(1) * 1_000_000,
            fall: u64::from(topology.health_check_fall.max(1)),
            is_blind: false,
        }
    }

    /// Sets whether a node answers as a healthy one from now on.
    pub fn found(&mut self, node: usize, is_healthy: bool, now: Nanos) {
        self.settle(now);
        let at = self.seen_at(is_healthy, now);
        let believed = &mut self.nodes[node];
        if believed.truth != is_healthy {
            believed.truth = is_healthy;
            let differs = believed.is_healthy != is_healthy;
            believed.change = differs.then_some(at);
        }
    }

    fn seen_at(&self, is_healthy: bool, now: Nanos) -> Nanos {
        match is_healthy {
            true => (now / self.interval + 1) * self.interval,
            false => now + self.interval * self.fall,
        }
    }

    fn settle(&mut self, now: Nanos) {
        if self.is_blind {
            return;
        }
        for believed in &mut self.nodes {
            if believed.change.is_some_and(|at| at <= now) {
                believed.is_healthy = believed.truth;
                believed.change = None;
            }
        }
    }

    /// It stops looking.
    pub fn blind(&mut self, now: Nanos) {
        self.settle(now);
        self.is_blind = true;
    }

    /// It looks again, and needs as long as ever to believe what it sees.
    pub fn see(&mut self, now: Nanos) {
        self.is_blind = false;
        for number in 0..self.nodes.len() {
            let believed = &self.nodes[number];
            let differs = believed.truth != believed.is_healthy;
            let change = differs.then(|| self.seen_at(believed.truth, now));
            self.nodes[number].change = change;
        }
    }

    /// The next node that it believes in; with one writer the first. A connection stays where it is when
    /// that changes.
    pub fn choose(&mut self, now: Nanos) -> Option<u32> {
        self.settle(now);
        let count = self.nodes.len();
        let turn = (0..count).map(|step| (self.next + step) % count);
        let chosen = turn.into_iter().find(|&node| self.nodes[node].is_healthy)?;
        if self.endpoint == Endpoint::All {
            self.next = (chosen + 1) % count;
        }
        Some(chosen as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy() -> Proxy {
        Proxy::new(&Topology::default())
    }

    const SECOND: Nanos = 1_000_000_000;

    fn four(proxy: &mut Proxy, now: Nanos) -> [Option<u32>; 4] {
        [(); 4].map(|()| proxy.choose(now))
    }

    #[test]
    fn nodes_come_in_turn() {
        let chosen = four(&mut proxy(), 0);
        assert_eq!(chosen, [Some(0), Some(1), Some(2), Some(0)]);
    }

    #[test]
    fn one_writer_has_all_connections_until_it_fails_and_again_when_it_is_back() {
        let mut proxy = Proxy::new(&Topology {
            endpoint: Endpoint::OneWriter,
            ..Topology::default()
        });
        assert_eq!(four(&mut proxy, 0), [Some(0); 4]);
        proxy.found(0, false, SECOND);
        assert_eq!(four(&mut proxy, 2 * SECOND), [Some(0); 4]);
        assert_eq!(four(&mut proxy, 3 * SECOND), [Some(1); 4]);
        proxy.found(1, false, 3 * SECOND);
        assert_eq!(four(&mut proxy, 5 * SECOND), [Some(2); 4]);
        proxy.found(0, true, 6 * SECOND);
        assert_eq!(four(&mut proxy, 7 * SECOND), [Some(0); 4]);
    }

    #[test]
    fn a_dead_node_is_believed_in_until_it_missed_its_checks_and_back_at_the_next_one() {
        let mut proxy = proxy();
        proxy.found(1, false, SECOND / 2);
        assert_eq!(four(&mut proxy, 2 * SECOND)[1], Some(1));
        let chosen = four(&mut proxy, 5 * SECOND / 2);
        assert!(!chosen.contains(&Some(1)), "{chosen:?}");
        proxy.found(1, true, 31 * SECOND / 10);
        assert!(!four(&mut proxy, 39 * SECOND / 10).contains(&Some(1)));
        assert!(four(&mut proxy, 4 * SECOND).contains(&Some(1)));
    }

    #[test]
    fn a_blind_proxy_believes_what_it_did_and_a_short_absence_is_not_noticed() {
        let mut proxy = proxy();
        proxy.blind(0);
        proxy.found(1, false, SECOND);
        assert!(four(&mut proxy, 100 * SECOND).contains(&Some(1)));
        proxy.see(100 * SECOND);
        assert!(four(&mut proxy, 101 * SECOND).contains(&Some(1)));
        assert!(!four(&mut proxy, 102 * SECOND).contains(&Some(1)));
        proxy.found(2, false, 103 * SECOND);
        proxy.found(2, true, 104 * SECOND);
        assert!(four(&mut proxy, 200 * SECOND).contains(&Some(2)));
    }

    #[test]
    fn without_a_believable_node_there_is_no_answer() {
        let mut proxy = proxy();
        (0..3).for_each(|node| proxy.found(node, false, 0));
        assert_eq!(proxy.choose(3 * SECOND), None);
    }
}
