//! The cost of allocations, in columns and in prose.

use super::csv::{Cell, cell, optional};
use crate::model::statements::Statements;
use crate::record::summary::{Allocations, Spread, Verb};
use std::fmt::Write;

/// Empty where nothing is allocated.
pub fn cells(found: Option<&Allocations>) -> Vec<Cell> {
    let attempts = found.and_then(|found| found.attempts.as_ref());
    let mut cells = spread("attempts", attempts);
    cells.extend([
        cell(
            "wasted attempts",
            count(found.map(|found| found.wasted_attempts)),
        ),
        cell("exhausted", count(found.map(|found| found.exhausted))),
        cell("gave up", count(found.map(|found| found.gave_up))),
    ]);
    for (index, (verb, _)) in Statements::default().by_verb().into_iter().enumerate() {
        let figures = found.map(|found| &found.statements[index]);
        let per_change = figures.and_then(|figures| figures.per_change);
        let mean = optional(per_change.map(|spread| spread.mean));
        cells.push(cell(
            &format!("{verb} count"),
            count(figures.map(|it| it.count)),
        ));
        cells.push(cell(&format!("{verb} per change mean"), mean));
        let ms = figures.and_then(|figures| figures.ms.as_ref());
        cells.extend(spread(&format!("{verb} ms"), ms));
    }
    cells
}

fn spread(name: &str, spread: Option<&Spread>) -> Vec<Cell> {
    let at = |pick: fn(&Spread) -> f64| optional(spread.map(pick));
    vec![
        cell(&format!("{name} mean"), at(|spread| spread.mean)),
        cell(&format!("{name} p50"), at(|spread| spread.percentiles.p50)),
        cell(&format!("{name} p95"), at(|spread| spread.percentiles.p95)),
        cell(&format!("{name} p99"), at(|spread| spread.percentiles.p99)),
        cell(&format!("{name} max"), at(|spread| spread.max)),
    ]
}

fn count(count: Option<u64>) -> String {
    count.map(|count| count.to_string()).unwrap_or_default()
}

/// A line or two for people.
pub fn prose(found: &Allocations) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(attempts) = &found.attempts {
        lines.push(format!(
            "attempts: mean {:.2}, p99 {:.0}, at most {:.0}; {} failed",
            attempts.mean, attempts.percentiles.p99, attempts.max, found.wasted_attempts
        ));
    }
    let executed = found.statements.iter().filter(|verb| verb.count > 0);
    let counts: Vec<_> = executed.map(statements).collect();
    if !counts.is_empty() {
        lines.push(format!("statements: {}", counts.join(", ")));
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
