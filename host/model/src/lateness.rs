//! Lateness of the runner itself.

use super::change::Nanos;
use serde::{Deserialize, Serialize};

/// Measured beside the workers, on the threads that run them, while they ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lateness {
    /// From the moment for which a timer was set until its task ran.
    pub timers: Late,
    /// From the moment when a task was woken until it ran.
    pub tasks: Late,
    /// The run in intervals of so many seconds.
    pub interval_s: u64,
    /// The longest lateness of both in each interval.
    pub worst_ns: Vec<Nanos>,
}

/// One kind of lateness; absent figures where nothing was measured.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Late {
    pub p50_ns: Option<Nanos>,
    pub p99_ns: Option<Nanos>,
    pub max_ns: Option<Nanos>,
}

/// Lateness that bears on nothing.
const SMALL_NS: Nanos = 5_000_000;

/// The share of a latency that its measuring may be late by.
const ONE_IN: Nanos = 10;

impl Lateness {
    /// The 99th percentile of the worse of the two.
    pub fn p99_ns(&self) -> Option<Nanos> {
        self.timers.p99_ns.max(self.tasks.p99_ns)
    }

    /// Returns true if figures of such a latency are the runner's as much as the database's: one in a
    /// hundred wake-ups came later than 5 ms, and than a tenth of the latency.
    pub fn bears_on(&self, latency_ns: Nanos) -> bool {
        let limit = SMALL_NS.max(latency_ns / ONE_IN);
        self.p99_ns().is_some_and(|late| late > limit)
    }

    /// The interval in which it was worst: when it begins, in seconds of the run, and how late it was.
    pub fn worst(&self) -> Option<(u64, Nanos)> {
        let &worst = self.worst_ns.iter().max()?;
        let number = self.worst_ns.iter().position(|&late| late == worst)?;
        Some((number as u64 * self.interval_s, worst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lateness(timers_ms: u64, tasks_ms: u64) -> Lateness {
        let late = |ms: u64| Late {
            p50_ns: Some(0),
            p99_ns: Some(ms * 1_000_000),
            max_ns: Some(ms * 1_000_000),
        };
        Lateness {
            timers: late(timers_ms),
            tasks: late(tasks_ms),
            interval_s: 2,
            worst_ns: vec![3, 9, 1, 9],
        }
    }

    #[test]
    fn lateness_is_held_against_the_latencies_that_are_shown() {
        let ms = |ms: u64| ms * 1_000_000;
        assert!(
            !lateness(5, 1).bears_on(ms(1)),
            "small whatever it is held against"
        );
        assert!(lateness(6, 1).bears_on(ms(1)));
        assert!(lateness(1, 6).bears_on(ms(59)));
        assert!(
            !lateness(1, 6).bears_on(ms(60)),
            "a tenth is no more than noise"
        );
        let none = Lateness {
            timers: Late::default(),
            tasks: Late::default(),
            interval_s: 1,
            worst_ns: Vec::new(),
        };
        assert!(!none.bears_on(0));
        assert_eq!(none.worst(), None);
    }

    #[test]
    fn the_worst_interval_is_the_first_of_its_kind() {
        assert_eq!(lateness(1, 1).worst(), Some((2, 9)));
    }
}
