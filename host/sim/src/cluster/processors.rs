//! The servers' processors: work of clients waits until one is free, in the order in which it came. An
//! applier waits for nobody: a thread that sleeps most of its time is let in at once by the operating
//! system, and whoever worked goes on afterwards.

use crate::model::change::Nanos;
use crate::model::topology::Topology;

/// Chance that a transaction which holds row locks gets a processor at once for its next statement or
/// its commit, although others wait: an operating system that shares processors out fairly often lets a
/// thread that has just worked and slept for a moment go on. Fitted to the conflicts of a lab
/// (`results/simulator`): with 0 compare-and-swap and FOR UPDATE meet three times as many as there, with
/// 0.9 a sixth and a half.
pub(super) const GOES_ON: f64 = 0.65;

pub(super) struct Processors {
    /// When each of a pool is free again.
    pools: Vec<Vec<Nanos>>,
}

impl Processors {
    pub(super) fn new(topology: &Topology) -> Self {
        let pools = match topology.processors_shared {
            true => 1,
            false => topology.nodes as usize,
        };
        Self {
            pools: vec![vec![0; topology.processors as usize]; pools],
        }
    }

    /// Work for a node that comes now. Gives when it will be done.
    pub(super) fn take(&mut self, node: u32, now: Nanos, work: Nanos) -> Nanos {
        let pools = self.pools.len();
        let pool = &mut self.pools[node as usize % pools];
        match pool.iter_mut().min() {
            Some(free) => {
                *free = now.max(*free) + work;
                *free
            }
            None => now + work,
        }
    }
}

impl Processors {
    /// The same for work that goes first.
    pub(super) fn take_at_once(&mut self, node: u32, now: Nanos, work: Nanos) -> Nanos {
        self.take(node, now, work);
        now + work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn processors(processors: u32, processors_shared: bool) -> Processors {
        Processors::new(&Topology {
            processors,
            processors_shared,
            ..Topology::default()
        })
    }

    #[test]
    fn what_finds_none_free_waits_for_the_first() {
        let mut two = processors(2, true);
        let done = [(0, 100), (0, 30), (10, 30), (10, 30), (200, 5)];
        let done = done.map(|(now, work)| two.take(0, now, work));
        assert_eq!(done, [100, 30, 60, 90, 205]);
    }

    #[test]
    fn what_goes_first_keeps_the_others_waiting() {
        let mut one = processors(1, true);
        assert_eq!(one.take(0, 0, 100), 100);
        assert_eq!(one.take_at_once(0, 10, 20), 30);
        assert_eq!(one.take(0, 10, 5), 125);
    }

    #[test]
    fn nodes_share_them_or_have_their_own_or_no_bound() {
        let both = |mut processors: Processors| [0, 1].map(|node| processors.take(node, 0, 10));
        assert_eq!(both(processors(1, true)), [10, 20]);
        assert_eq!(both(processors(1, false)), [10, 10]);
        assert_eq!(both(processors(0, true)), [10, 10]);
    }
}
