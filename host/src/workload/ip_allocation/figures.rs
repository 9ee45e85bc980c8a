//! The cost of allocations: figures, their columns and their lines.

use crate::model::change::{Allocation, Change};
use crate::model::statements::{Executed, Statements};
use crate::record::figures::{Figures, cell, decimals, optional};
use crate::record::summary::{Percentiles, Statistics};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Figures of the allocations of one trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Allocations {
    /// Addresses tried for each ok change, the one that it got included.
    attempts: Option<Spread>,
    /// Attempts of ok changes that came to nothing.
    wasted_attempts: u64,
    /// Changes that found all addresses taken.
    exhausted: u64,
    /// Changes that gave up after as many attempts as they had.
    gave_up: u64,
    /// SELECT, INSERT, UPDATE and DELETE.
    statements: [Verb; 4],
}

/// Statements of one verb.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Verb {
    verb: &'static str,
    /// All that were executed, those of changes that were not ok included.
    count: u64,
    /// For each ok change: how many, and how long they took together.
    per_change: Option<Spread>,
    ms: Option<Spread>,
}

/// The distribution of values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Spread {
    mean: f64,
    percentiles: Percentiles,
    max: f64,
}

impl Allocations {
    /// Nothing where no change is an allocation. n·log n.
    fn from_changes(changes: &[Change]) -> Option<Self> {
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

/// All of them, in every form.
pub(super) fn figures(changes: &[Change]) -> Figures {
    let found = Allocations::from_changes(changes);
    let json = found
        .as_ref()
        .map(|it| serde_json::to_value(it).expect("plain numbers and texts"));
    Figures {
        json: BTreeMap::from_iter(json.map(|json| ("allocations", json))),
        columns: columns(found.as_ref()),
        lines: found.as_ref().map(lines).unwrap_or_default(),
    }
}

/// The values are empty where nothing is allocated.
fn columns(found: Option<&Allocations>) -> Vec<(String, String)> {
    let attempts = found.and_then(|found| found.attempts.as_ref());
    let mut cells = spread("attempts", attempts);
    cells.extend([
        cell(
            "wasted attempts",
            optional(found.map(|found| found.wasted_attempts)),
        ),
        cell("exhausted", optional(found.map(|found| found.exhausted))),
        cell("gave up", optional(found.map(|found| found.gave_up))),
    ]);
    for (index, (verb, _)) in Statements::default().by_verb().into_iter().enumerate() {
        let figures = found.map(|found| &found.statements[index]);
        let per_change = figures.and_then(|figures| figures.per_change);
        let mean = decimals(per_change.map(|spread| spread.mean));
        cells.push(cell(
            &format!("{verb} count"),
            optional(figures.map(|it| it.count)),
        ));
        cells.push(cell(&format!("{verb} per change mean"), mean));
        let ms = figures.and_then(|figures| figures.ms.as_ref());
        cells.extend(spread(&format!("{verb} ms"), ms));
    }
    cells
}

fn spread(name: &str, spread: Option<&Spread>) -> Vec<(String, String)> {
    let at = |pick: fn(&Spread) -> f64| decimals(spread.map(pick));
    vec![
        cell(&format!("{name} mean"), at(|spread| spread.mean)),
        cell(&format!("{name} p50"), at(|spread| spread.percentiles.p50)),
        cell(&format!("{name} p95"), at(|spread| spread.percentiles.p95)),
        cell(&format!("{name} p99"), at(|spread| spread.percentiles.p99)),
        cell(&format!("{name} max"), at(|spread| spread.max)),
    ]
}

/// A line or two for people.
fn lines(found: &Allocations) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(attempts) = &found.attempts {
        lines.push(format!(
            "attempts: mean {:.2}, p99 {:.0}, at most {:.0}; {} failed",
            attempts.mean, attempts.percentiles.p99, attempts.max, found.wasted_attempts
        ));
    }
    let executed = found.statements.iter().filter(|verb| verb.count > 0);
    let shown: Vec<_> = executed.map(statements).collect();
    if !shown.is_empty() {
        lines.push(format!("statements: {}", shown.join(", ")));
    }
    for (count, what) in [
        (found.exhausted, "changes found the pool exhausted"),
        (found.gave_up, "changes gave up after their last attempt"),
    ] {
        if count > 0 {
            lines.push(format!("{count} {what}"));
        }
    }
    lines
}

/// `SELECT × 31 (1.55 and 3.20 ms a change)`.
fn statements(verb: &Verb) -> String {
    let mut text = format!("{} × {}", verb.verb.to_uppercase(), verb.count);
    if let (Some(count), Some(ms)) = (&verb.per_change, &verb.ms) {
        let _ = write!(text, " ({:.2} and {:.2} ms a change)", count.mean, ms.mean);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixtures::{change, failed};

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
            crate::model::error::CallError::rejected("exhausted", ""),
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
