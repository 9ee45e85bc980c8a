//! Fairness: the differences between workers, and the longest waits. Figures, not a verdict.

use crate::model::change::{Change, Nanos};
use serde::Serialize;
use std::collections::BTreeMap;

/// The spread between the workers of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fairness {
    /// The fewest and the most ok changes of one worker.
    pub fewest_ok: OfWorker<u64>,
    pub most_ok: OfWorker<u64>,
    /// The smallest and the largest of the workers' mean times of acquires that ended ok, in ns;
    /// workers without one are left out, and without any there is none.
    pub quickest_mean_acquire_ns: Option<OfWorker<f64>>,
    pub slowest_mean_acquire_ns: Option<OfWorker<f64>>,
    /// The longest single acquire, however it ended: starvation often ends in an error.
    pub longest_wait: Wait,
}

/// A figure and whose it is; of equal ones the lowest worker's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OfWorker<T> {
    pub worker: u32,
    pub value: T,
}

/// One acquire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Wait {
    pub worker: u32,
    pub row: u32,
    pub wait_ns: Nanos,
}

#[derive(Default)]
struct Tally {
    ok: u64,
    acquires: u64,
    acquire_ns: u64,
}

/// Linear in the changes (times the logarithm of the workers). `None` for no changes. A worker that
/// finished no change at all is in no history, and so not here either.
pub fn fairness(changes: &[Change]) -> Option<Fairness> {
    let mut tallies = BTreeMap::<u32, Tally>::new();
    for change in changes {
        let tally = tallies.entry(change.worker).or_default();
        tally.ok += u64::from(change.is_ok());
        if change.acquire.outcome.is_ok() {
            tally.acquires += 1;
            tally.acquire_ns += change.acquire.duration();
        }
    }
    let ok = || of_worker(&tallies, |tally| Some(tally.ok));
    let mean = |tally: &Tally| {
        (tally.acquires > 0).then(|| tally.acquire_ns as f64 / tally.acquires as f64)
    };
    let means = || of_worker(&tallies, mean);
    let smaller = |a: OfWorker<f64>, b: OfWorker<f64>| if b.value < a.value { b } else { a };
    let larger = |a: OfWorker<f64>, b: OfWorker<f64>| if b.value > a.value { b } else { a };
    let waits = changes.iter().map(|change| Wait {
        worker: change.worker,
        row: change.row,
        wait_ns: change.acquire.duration(),
    });
    Some(Fairness {
        fewest_ok: ok().reduce(|a, b| if b.value < a.value { b } else { a })?,
        most_ok: ok().reduce(|a, b| if b.value > a.value { b } else { a })?,
        quickest_mean_acquire_ns: means().reduce(smaller),
        slowest_mean_acquire_ns: means().reduce(larger),
        longest_wait: waits.reduce(|a, b| if b.wait_ns > a.wait_ns { b } else { a })?,
    })
}

fn of_worker<T>(
    tallies: &BTreeMap<u32, Tally>,
    figure: impl Fn(&Tally) -> Option<T>,
) -> impl Iterator<Item = OfWorker<T>> {
    tallies.iter().filter_map(move |(&worker, tally)| {
        let value = figure(tally)?;
        Some(OfWorker { worker, value })
    })
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::change;
    use super::*;
    use crate::model::outcome::Outcome;

    #[test]
    fn workers_are_compared_and_the_longest_wait_is_named() {
        let mut refused = change(2, 7, 1, [100, 900, 0, 0]);
        refused.acquire.outcome = Outcome::indeterminate("change-timeout", "");
        refused.release = None;
        let changes = [
            change(1, 5, 0, [0, 10, 20, 30]),
            change(1, 5, 1, [0, 40, 50, 60]),
            change(2, 7, 0, [0, 50, 60, 70]),
            refused,
            change(3, 5, 0, [0, 5, 60, 70]),
            change(3, 5, 1, [100, 107, 160, 170]),
            change(3, 5, 2, [200, 209, 260, 270]),
        ];
        let of = |worker, value| OfWorker { worker, value };
        let found = fairness(&changes).unwrap();
        assert_eq!(
            found.fewest_ok,
            OfWorker {
                worker: 2,
                value: 1
            }
        );
        assert_eq!(
            found.most_ok,
            OfWorker {
                worker: 3,
                value: 3
            }
        );
        assert_eq!(found.quickest_mean_acquire_ns, Some(of(3, 7.0)));
        assert_eq!(found.slowest_mean_acquire_ns, Some(of(2, 50.0)));
        let longest = Wait {
            worker: 2,
            row: 7,
            wait_ns: 800,
        };
        assert_eq!(found.longest_wait, longest);
    }

    #[test]
    fn a_missing_figure_is_none() {
        assert_eq!(fairness(&[]), None);
        let mut refused = change(2, 7, 1, [100, 900, 0, 0]);
        refused.acquire.outcome = Outcome::indeterminate("change-timeout", "");
        let found = fairness(&[refused]).unwrap();
        assert_eq!(found.fewest_ok.value, 0);
        assert_eq!(found.slowest_mean_acquire_ns, None);
    }
}
