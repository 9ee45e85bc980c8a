//! The cost of allocations, in figures.

use super::statistics::{Percentiles, Statistics};
use crate::model::change::{Allocation, Change};
use crate::model::statements::Executed;
use serde::Serialize;

/// Figures of the allocations of one trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Allocations {
    /// Addresses tried for each ok change, the one that it got included.
    pub attempts: Option<Spread>,
    /// Attempts of ok changes that came to nothing.
    pub wasted_attempts: u64,
    /// Changes that found all addresses taken.
    pub exhausted: u64,
    /// Changes that gave up after their last attempt.
    pub gave_up: u64,
    /// SELECT, INSERT, UPDATE and DELETE.
    pub statements: [Verb; 4],
}

/// Statements of one verb.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verb {
    pub verb: &'static str,
    /// All that were executed, those of changes that were not ok included.
    pub count: u64,
    /// For each ok change: how many, and how long they took together.
    pub per_change: Option<Spread>,
    pub ms: Option<Spread>,
}

/// The distribution of values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub mean: f64,
    pub percentiles: Percentiles,
    pub max: f64,
}

impl Allocations {
    /// `None` if no change is an allocation. Takes n·log n.
    pub fn from_changes(changes: &[Change]) -> Option<Self> {
        let all = || {
            let allocation = |change: &'_ Change| change.allocation.is_some();
            changes.iter().filter(move |change| allocation(change))
        };
        all().next()?;
        let of_ok = |figure: &dyn Fn(&Allocation) -> f64| {
            let ok = all().filter(|change| change.is_ok());
            let values = ok
                .filter_map(|change| change.allocation.as_deref())
                .map(figure);
            Spread::from_values(values.collect())
        };
        let failed_with = |code: &str| {
            let is_it = |change: &&Change| {
                let reason = change.acquire.outcome.reason();
                reason.is_some_and(|reason| reason.code == code)
            };
            all().filter(is_it).count() as u64
        };
        let ok = all().filter(|change| change.is_ok());
        let attempts = ok.filter_map(|change| change.allocation.as_ref()?.attempts);
        let statements = std::array::from_fn(|index| {
            let executed = |of: &Allocation| -> Executed { of.statements.by_verb()[index].1 };
            let every = all().filter_map(|change| change.allocation.as_deref());
            Verb {
                verb: Allocation::default().statements.by_verb()[index].0,
                count: every.map(|of| u64::from(executed(of).count)).sum(),
                per_change: of_ok(&|of| f64::from(executed(of).count)),
                ms: of_ok(&|of| executed(of).ns as f64 / 1e6),
            }
        });
        Some(Self {
            attempts: of_ok(&|of| f64::from(of.attempts.unwrap_or(0))),
            wasted_attempts: attempts
                .map(|attempts| u64::from(attempts.saturating_sub(1)))
                .sum(),
            exhausted: failed_with("exhausted"),
            gave_up: failed_with("attempts-exhausted"),
            statements,
        })
    }
}

impl Spread {
    fn from_values(mut values: Vec<f64>) -> Option<Self> {
        let Statistics { mean, max, .. } = Statistics::new(values.iter().copied())?;
        values.sort_by(f64::total_cmp);
        let percentiles = Percentiles::of_sorted(&values)?;
        Some(Self {
            mean,
            percentiles,
            max,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures::{change, failed};
    use super::*;
    use crate::model::statements::Statements;

    fn allocation(number: u32, attempts: u32, selects: u32) -> Change {
        let mut change = change(1, number, 5, 6);
        let mut statements = Statements::default();
        for _ in 0..selects {
            statements.count("SELECT 1", 2_000_000);
        }
        change.allocation = Some(Box::new(Allocation {
            address: Some(format!("10.0.0.{number}")),
            attempts: Some(attempts),
            statements,
        }));
        change
    }

    #[test]
    fn attempts_and_statements_are_those_of_ok_changes_and_counts_of_all() {
        let mut exhausted = failed(1, 9, 5);
        exhausted.acquire.outcome = crate::model::outcome::Outcome::from(Err(
            crate::model::fault::Fault::rejected("exhausted", ""),
        ));
        exhausted.allocation = allocation(9, 1, 4).allocation;
        let changes = [allocation(0, 1, 1), allocation(1, 3, 3), exhausted];
        let found = Allocations::from_changes(&changes).unwrap();
        assert_eq!(
            (found.wasted_attempts, found.exhausted, found.gave_up),
            (2, 1, 0)
        );
        let attempts = found.attempts.unwrap();
        assert_eq!((attempts.mean, attempts.max), (2.0, 3.0));
        let [select, insert, ..] = &found.statements;
        assert_eq!((select.verb, select.count), ("select", 8));
        assert_eq!(select.per_change.unwrap().mean, 2.0);
        assert_eq!(select.ms.unwrap().percentiles.p99, 6.0);
        assert_eq!((insert.count, insert.ms.unwrap().max), (0, 0.0));
    }

    #[test]
    fn summary_has_no_figures_without_allocations() {
        assert_eq!(Allocations::from_changes(&[change(1, 0, 5, 6)]), None);
        let mut none_ok = allocation(0, 1, 1);
        none_ok.release = failed(1, 0, 5).acquire.into();
        let found = Allocations::from_changes(&[none_ok]).unwrap();
        assert_eq!(found.attempts, None);
        assert_eq!(found.statements[0].count, 1);
    }
}
