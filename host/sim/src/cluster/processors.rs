//! The servers' processors: work of clients waits until one is free, in the order in which it came. An
//! applier never waits: the operating system lets a thread in at once that sleeps most of its time, and
//! the thread that worked goes on afterwards.

use crate::model::change::Nanos;
use crate::model::topology::Topology;

pub(super) struct Processors {
    /// The times at which each of a pool is free again.
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

    /// Takes work for a node that comes now. Returns the time at which it will be done.
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
    fn request_without_a_free_slot_waits_for_the_first() {
        let mut two = processors(2, true);
        let done = [(0, 100), (0, 30), (10, 30), (10, 30), (200, 5)];
        let done = done.map(|(now, work)| two.take(0, now, work));
        assert_eq!(done, [100, 30, 60, 90, 205]);
    }

    #[test]
    fn first_request_keeps_the_others_waiting() {
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
