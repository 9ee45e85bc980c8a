//! Durations of the work on the servers, drawn at random.

use crate::kernel::times;
use crate::model::change::Nanos;
use crate::model::topology::Topology;
use crate::random::Purpose;
use contend_dst::{Random, Times};

/// Chance that a transaction which holds row locks gets a processor at once for its next statement or
/// its commit, although others wait: an operating system that shares processors out fairly often lets a
/// thread go on that has just worked and slept for a moment. Fitted to the conflicts of a lab
/// (`results/simulator`): with 0 compare-and-swap and FOR UPDATE meet three times as many as there, with
/// 0.9 a sixth and a half.
const GOES_ON: f64 = 0.65;

pub(super) struct ServiceTimes {
    random: Random,
    statement: Times,
    commit: Times,
    apply: Times,
}

impl ServiceTimes {
    pub(super) fn new(topology: &Topology, seed: u64) -> Self {
        Self {
            random: Random::new(seed, Purpose::Servers),
            statement: times(topology.statement),
            commit: times(topology.commit),
            apply: times(topology.apply),
        }
    }

    pub(super) fn statement(&mut self) -> Nanos {
        self.statement.draw(&mut self.random)
    }

    pub(super) fn commit(&mut self) -> Nanos {
        self.commit.draw(&mut self.random)
    }

    pub(super) fn apply(&mut self) -> Nanos {
        self.apply.draw(&mut self.random)
    }

    /// Draws whether a transaction that holds locks gets a processor at once.
    pub(super) fn goes_on(&mut self) -> bool {
        self.random.unit() < GOES_ON
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_with_locks_go_on_in_65_of_100_cases() {
        let mut times = ServiceTimes::new(&Topology::default(), 1);
        let went_on = (0..10_000).filter(|_| times.goes_on()).count();
        assert!((6_300..6_700).contains(&went_on), "{went_on}");
    }

    #[test]
    fn half_of_the_draws_are_below_the_median() {
        let topology = Topology::default();
        let median = topology.statement.p50_us * 1e3;
        let mut times = ServiceTimes::new(&topology, 1);
        let draws = (0..10_000).map(|_| times.statement() as f64);
        let below = draws.filter(|drawn| *drawn < median).count();
        assert!((4_700..5_300).contains(&below), "{below}");
    }
}
