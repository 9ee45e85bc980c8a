//! The results as CSV: the reference harness's columns in its order and naming, then ours.

use super::{CellReport, RunReport, TrialReport, conditions};
use crate::model::endpoint::Endpoint;
use crate::model::error::ErrorKind;
use crate::plan::{Plan, PlannedTrial};
use crate::record::figures::{cell, decimals, optional};
use crate::record::summary::{Percentiles, Statistics, Summary};
use crate::workload::kinds;
use serde::Serialize;
use std::path::Path;

/// One line for each trial. Times in ms, the total in s, with two decimals; counts are whole numbers;
/// a missing number is an empty cell. `results/README.md` documents each column.
pub fn write(report: &RunReport) -> Vec<u8> {
    lines(report.trials.iter().map(|trial| {
        let planned = report.planned(trial);
        let folder = report.folder.join(&planned.name);
        line(
            &report.plan,
            planned,
            &folder,
            Some(trial),
            trial.always_died(),
        )
    }))
}

/// One line for each cell of a batch, in the same columns. A cell that could not be run has no
/// figures, and says why.
pub fn write_cells(cells: &[CellReport]) -> Vec<u8> {
    lines(cells.iter().map(|cell| {
        let (trial, error) = (cell.trial.as_ref(), cell.error.clone());
        let folder = cell.folder.join(&cell.planned.name);
        line(&cell.plan, &cell.planned, &folder, trial, error)
    }))
}

fn lines(lines: impl Iterator<Item = Vec<Cell>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (number, line) in lines.enumerate() {
        let (headings, cells): (Vec<_>, Vec<_>) = line.into_iter().unzip();
        // The headings come with the first line's cells, so that the two can't drift apart.
        if number == 0 {
            writer.write_record(&headings).expect("writing to memory");
        }
        writer.write_record(&cells).expect("writing to memory");
    }
    writer.into_inner().expect("writing to memory")
}

pub(super) type Cell = (String, String);

fn line(
    plan: &Plan,
    planned: &PlannedTrial,
    folder: &Path,
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
        Some(trial) => trial.ended.map_or("killed", |ended| ended.as_str()),
    };
    let started = trial.and_then(|trial| trial.started.clone());
    let conditions = trial.and_then(|trial| trial.conditions.as_ref());
    cells.extend([
        cell("ended", ended),
        cell("error", optional(error)),
        cell("started", started.unwrap_or_default()),
        cell("folder", folder.display()),
    ]);
    cells.extend(run_is_recorded(plan, planned));
    cells.extend(conditions::cells(conditions));
    // Empty where it was not measured.
    let measured = trial.filter(|_| conditions.is_some_and(|it| it.lateness.is_some()));
    let bottleneck = measured.map(|trial| match trial.bottleneck {
        Some(_) => "yes",
        None => "no",
    });
    cells.push(cell("runner bottleneck", bottleneck.unwrap_or_default()));
    cells.extend(match trial {
        Some(trial) => trial.summary.own.columns.clone(),
        None => kinds::figures(&[]).columns,
    });
    cells
}

/// The measured figures, and the verdict.
fn figures(trial: &TrialReport) -> Vec<Cell> {
    let mut cells = published(trial);
    cells.extend(ours(trial));
    cells
}

fn published(trial: &TrialReport) -> Vec<Cell> {
    let summary = &trial.summary;
    let mut cells = vec![
        cell("total time", real(summary.total_time_ns as f64 / 1e9)),
        cell("ok", summary.ok),
        cell("errors", summary.errors),
    ];
    for (name, statistics, largest) in [
        ("release", &summary.release_ms, real as Format),
        ("acquire", &summary.acquire_ms, real),
        ("deadlocks", &summary.deadlocks, whole),
        ("timeouts", &summary.timeouts, whole),
        ("disconnect", &summary.disconnect, whole),
    ] {
        cells.extend(statistics_cells(name, statistics.as_ref(), largest));
    }
    cells
}

/// The format of a number.
type Format = fn(f64) -> String;

/// Name, value and form of a statistic.
type Pick = (&'static str, fn(&Statistics) -> f64, Format);

/// `value` formats what has the unit of the values: their mean and deviation may be no whole numbers
/// where they are.
fn statistics_cells(name: &str, statistics: Option<&Statistics>, value: Format) -> Vec<Cell> {
    let pick: [Pick; 5] = [
        ("max", |s| s.max, value),
        ("sum", |s| s.sum, value),
        ("mean", |s| s.mean, real),
        ("stddev", |s| s.stddev, real),
        ("min", |s| s.min, value),
    ];
    pick.map(|(which, of, format)| {
        let value = statistics.map(|statistics| format(of(statistics)));
        cell(&format!("{name} {which}"), value.unwrap_or_default())
    })
    .into()
}

fn ours(trial: &TrialReport) -> Vec<Cell> {
    let summary = &trial.summary;
    let mut cells = vec![
        cell("verdict", trial.judgement.verdict.as_str()),
        cell("failed", summary.failed),
        cell("indeterminate", summary.indeterminate),
        cell("restored", summary.restored),
        cell("changes per second", decimals(summary.changes_per_second)),
    ];
    for (step, percentiles, _) in summary.steps() {
        cells.extend(percentile_cells(step, percentiles));
    }
    cells.extend(agreement_cells(summary));
    cells.extend(contention_cells(trial));
    cells.extend(error_cells(summary));
    cells.extend([
        cell("steps not ok", trial.reasons.values().sum::<u64>()),
        cell("steps not ok json", json(&trial.reasons)),
    ]);
    cells
}

/// A column for each kind of error, and all codes beside.
fn error_cells(summary: &Summary) -> Vec<Cell> {
    let of_kind = |kind: ErrorKind| {
        let start = format!("{} ", kind.as_str());
        let all = summary.errors_by_code.iter();
        let of_it = all.filter(|(name, _)| name.starts_with(&start));
        of_it.map(|(_, count)| count).sum::<u64>()
    };
    let mut cells: Vec<Cell> = ErrorKind::ALL
        .map(|kind| cell(&format!("{} errors", kind.as_str()), of_kind(kind)))
        .into();
    cells.push(cell("errors json", json(&summary.errors_by_code)));
    for (heading, how) in [
        ("locks lost expired", "expired"),
        ("locks lost not owner", "not-owner"),
    ] {
        let count = summary.lost_locks.get(how);
        cells.push(cell(heading, count.copied().unwrap_or(0)));
    }
    cells
}

/// The plan in short.
fn run_is_recorded(plan: &Plan, planned: &PlannedTrial) -> Vec<Cell> {
    let workload = &plan.workload;
    let locks = planned.takes_locks().then(|| plan.locks.to_string());
    let of_server = || "server".to_owned();
    let isolation = plan.session.isolation.map(|it| it.as_str().to_owned());
    let isolation = isolation.unwrap_or_else(of_server);
    let sync_wait = plan.session.sync_wait.map(|bits| bits.to_string());
    let sync_wait = sync_wait.unwrap_or_else(of_server);
    let endpoint = plan.endpoint().map_or("url", Endpoint::as_str);
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
        cell("autocommit writes", plan.autocommit_writes.as_str()),
        cell("affected rows", plan.affected_rows.as_str()),
        cell("endpoint", endpoint),
        cell("isolation", isolation),
        cell("sync wait", sync_wait),
        // Not empty: other programs take an empty cell for a missing one, and leave such lines out.
        cell("locks", locks.unwrap_or_else(|| "none".to_owned())),
        cell("settings json", json(&plan.settings_of(planned))),
        cell("seed", plan.seed),
        cell("repetition", plan.repetition),
        cell("component", &planned.digest),
        cell("runner", &plan.runner_version),
        cell("contract", &plan.contract),
    ]
}

fn agreement_cells(summary: &Summary) -> Vec<Cell> {
    let agreement = summary.agreement_ms.as_ref();
    vec![
        cell("agreement p50 ms", decimals(agreement.map(|p| p.p50))),
        cell("agreement p99 ms", decimals(agreement.map(|p| p.p99))),
        cell("agreement max ms", decimals(summary.agreement_max_ms)),
        cell("stale checks", summary.checks_stale),
    ]
}

fn contention_cells(trial: &TrialReport) -> Vec<Cell> {
    let contention = trial.judgement.contention.as_ref();
    vec![
        cell("rows contended", optional(contention.map(|c| c.rows))),
        cell(
            "rows contended from two nodes",
            optional(contention.map(|c| c.rows_from_two_nodes)),
        ),
        cell(
            "nodes worked on",
            optional(contention.map(|c| c.nodes.count())),
        ),
    ]
}

fn percentile_cells(name: &str, percentiles: Option<&Percentiles>) -> Vec<Cell> {
    let at = |pick: fn(&Percentiles) -> f64| decimals(percentiles.map(pick));
    vec![
        cell(&format!("{name} p50 ms"), at(|p| p.p50)),
        cell(&format!("{name} p95 ms"), at(|p| p.p95)),
        cell(&format!("{name} p99 ms"), at(|p| p.p99)),
        cell(&format!("{name} p99.9 ms"), at(|p| p.p999)),
    ]
}

fn real(value: f64) -> String {
    decimals(Some(value))
}

/// A count.
fn whole(value: f64) -> String {
    format!("{value:.0}")
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data")
}
