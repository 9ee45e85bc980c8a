//! The results as CSV: the reference harness's columns in its order and naming, then ours.

use super::text::counts_prose;
use super::{CellReport, RunReport, TrialReport, allocations, conditions};
use crate::plan::{Plan, PlannedTrial};
use crate::record::summary::{Percentiles, Statistics, Summary};

const STATISTICS: [&str; 5] = ["max", "sum", "mean", "stddev", "min"];

/// One line for each trial. Times in ms, the total in s, two decimals; a missing number is an empty
/// cell.
pub fn write(report: &RunReport) -> Vec<u8> {
    lines(report.trials.iter().map(|trial| {
        let planned = report.planned(trial);
        line(&report.plan, planned, Some(trial), trial.always_died())
    }))
}

/// One line for each cell of a batch, in the same columns. A cell that could not be run has no
/// figures, and says why.
pub fn write_cells(cells: &[CellReport]) -> Vec<u8> {
    lines(cells.iter().map(|cell| {
        let (trial, error) = (cell.trial.as_ref(), cell.error.clone());
        line(&cell.plan, &cell.planned, trial, error)
    }))
}

fn lines(mut lines: impl Iterator<Item = Vec<Cell>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // The headings come with the first line's cells, so that the two can't drift apart.
    let written = match lines.next() {
        None => Ok(()),
        Some(first) => {
            let (headings, cells): (Vec<_>, Vec<_>) = first.into_iter().unzip();
            writer
                .write_record(&headings)
                .and_then(|()| writer.write_record(&cells))
        }
    };
    let rest = written.and_then(|()| {
        lines.try_for_each(|line| writer.write_record(line.iter().map(|(_, cell)| cell)))
    });
    rest.expect("writing to memory");
    writer.into_inner().expect("writing to memory")
}

pub(super) type Cell = (String, String);

fn line(
    plan: &Plan,
    planned: &PlannedTrial,
    trial: Option<&TrialReport>,
    error: Option<String>,
) -> Vec<Cell> {
    let mut cells = vec![cell("solution", &planned.name)];
    match trial {
        Some(trial) => cells.extend(figures(trial)),
        None => {
            let nothing = TrialReport::of_nothing(planned);
            let headings = figures(&nothing).into_iter().map(|(heading, _)| heading);
            cells.extend(headings.map(|heading| (heading, String::new())));
        }
    }
    let ended = match trial {
        None => "could-not-run",
        Some(trial) => trial.ended.map_or("killed", |ended| ended.word()),
    };
    cells.push(cell("ended", ended));
    cells.push(cell("error", error.unwrap_or_default()));
    cells.extend(what_was_run(plan, planned));
    cells.extend(conditions::cells(
        trial.and_then(|trial| trial.conditions.as_ref()),
    ));
    cells.extend(allocations::cells(
        trial.and_then(|trial| trial.summary.allocations.as_ref()),
    ));
    cells
}

/// What was measured, and the verdict on it.
fn figures(trial: &TrialReport) -> Vec<Cell> {
    let mut cells = published(trial);
    cells.extend(ours(trial));
    cells
}

fn published(trial: &TrialReport) -> Vec<Cell> {
    let summary = &trial.summary;
    let mut cells = vec![
        cell("total time", decimals(summary.total_time_ns as f64 / 1e9)),
        cell("ok", summary.ok),
        cell("errors", summary.errors),
    ];
    for (name, statistics) in [
        ("release", &summary.release_ms),
        ("acquire", &summary.acquire_ms),
        ("deadlocks", &summary.deadlocks),
        ("timeouts", &summary.timeouts),
        ("disconnect", &summary.disconnect),
    ] {
        cells.extend(statistics_cells(name, statistics.as_ref()));
    }
    cells
}

fn statistics_cells(name: &str, statistics: Option<&Statistics>) -> Vec<Cell> {
    let values = statistics.map(|s| [s.max, s.sum, s.mean, s.stddev, s.min]);
    STATISTICS
        .iter()
        .enumerate()
        .map(|(index, which)| {
            let value = values.map(|values| decimals(values[index]));
            cell(&format!("{name} {which}"), value.unwrap_or_default())
        })
        .collect()
}

fn ours(trial: &TrialReport) -> Vec<Cell> {
    let summary = &trial.summary;
    let mut cells = vec![
        cell("verdict", trial.judgement.verdict.word()),
        cell("failed", summary.failed),
        cell("indeterminate", summary.indeterminate),
        cell("restored", summary.restored),
        cell("changes per second", optional(summary.changes_per_second)),
    ];
    cells.extend(percentile_cells(
        "acquire",
        summary.acquire_percentiles_ms.as_ref(),
    ));
    cells.extend(percentile_cells(
        "release",
        summary.release_percentiles_ms.as_ref(),
    ));
    cells.extend(agreement_cells(summary));
    cells.extend([
        cell("faults by code", counts_prose(&summary.faults)),
        cell("lost locks", counts_prose(&summary.lost_locks)),
        cell("steps not ok by reason", counts_prose(&trial.reasons)),
    ]);
    cells
}

/// The plan in short.
fn what_was_run(plan: &Plan, planned: &PlannedTrial) -> Vec<Cell> {
    let workload = &plan.workload;
    let locks = planned.takes_locks().then(|| plan.locks.to_string());
    vec![
        cell("workload", &plan.workload_name),
        cell("rows", workload.rows),
        cell("workers per row", workload.workers_per_row),
        cell("changes per worker", workload.changes_per_worker),
        cell("pause ms", workload.pause_ms),
        cell("hold ms", workload.hold_ms),
        cell("audit", workload.audit),
        cell("background generators", workload.background_generators),
        cell("database", &plan.database),
        cell("autocommit writes", plan.autocommit_writes.word()),
        cell("locks", locks.unwrap_or_default()),
        cell("seed", plan.seed),
        cell("component", &planned.digest),
        cell("runner", &plan.runner_version),
        cell("contract", &plan.contract),
    ]
}

fn agreement_cells(summary: &Summary) -> Vec<Cell> {
    let agreement = summary.agreement_ms.as_ref();
    vec![
        cell("agreement p50", optional(agreement.map(|p| p.p50))),
        cell("agreement p99", optional(agreement.map(|p| p.p99))),
        cell("agreement max", optional(summary.agreement_max_ms)),
        cell("stale checks", summary.checks_stale),
    ]
}

fn percentile_cells(name: &str, percentiles: Option<&Percentiles>) -> Vec<Cell> {
    let at = |pick: fn(&Percentiles) -> f64| optional(percentiles.map(pick));
    vec![
        cell(&format!("{name} p50"), at(|p| p.p50)),
        cell(&format!("{name} p95"), at(|p| p.p95)),
        cell(&format!("{name} p99"), at(|p| p.p99)),
        cell(&format!("{name} p99.9"), at(|p| p.p999)),
    ]
}

pub(super) fn cell(heading: &str, value: impl ToString) -> Cell {
    (heading.to_owned(), value.to_string())
}

fn decimals(value: f64) -> String {
    format!("{value:.2}")
}

pub(super) fn optional(value: Option<f64>) -> String {
    value.map(decimals).unwrap_or_default()
}
