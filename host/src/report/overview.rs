//! A batch for a person: a table for each workload, with a line for each of its cells.

use super::table::{number, table};
use super::text::{SIMULATED, rivals_hint};
use super::{CellReport, TrialReport};
use crate::model::end::Ended;
use crate::record::summary::{Percentiles, Statistics};
use std::fmt::Write;
use std::path::Path;

const HEADINGS: [&str; 12] = [
    "strategy",
    "locks",
    "verdict",
    "ok",
    "errors",
    "ok/s",
    "acquire\np50",
    "\np95",
    "\nmax",
    "release\np50",
    "\np95",
    "deadlocks",
];

/// Plain text without colours. `planned` is how many cells the batch has, whether or not their turn
/// came; `folder` is where their runs are.
pub fn write(cells: &[CellReport], planned: usize, folder: &Path) -> String {
    let mut text = String::new();
    let mut workloads: Vec<(&str, Vec<&CellReport>)> = Vec::new();
    for cell in cells {
        let name = &*cell.plan.workload_name;
        match workloads.iter_mut().find(|(known, _)| *known == name) {
            Some((_, of_workload)) => of_workload.push(cell),
            None => workloads.push((name, vec![cell])),
        }
    }
    for (_, of_workload) in &workloads {
        text.push_str(&one_workload(of_workload));
    }
    let is_uncontended = |trial: &TrialReport| trial.judgement.is_only_uncontended();
    let mut uncontended = cells
        .iter()
        .filter(|cell| cell.trial.as_ref().is_some_and(is_uncontended));
    if let Some(cell) = uncontended.next() {
        let _ = writeln!(text, "{}", rivals_hint(&cell.plan).trim_start());
    }
    let finished = cells.iter().filter(|cell| cell.is_finished()).count();
    if finished < planned {
        let _ = writeln!(
            text,
            "not finished: {} of {planned} cells; the same command resumes them\n",
            planned - finished
        );
    }
    let folder = folder.display();
    let _ = writeln!(
        text,
        "times in ms; `runner report {folder}` prints the reasons for each verdict\nresults: {folder}"
    );
    text
}

/// The table of a batch that has been, and the reasons of each cell's verdict.
pub fn write_with_reasons(cells: &[CellReport], folder: &Path) -> String {
    let mut text = write(cells, cells.len(), folder);
    for cell in cells {
        let _ = write!(text, "\n{} × {}", cell.plan.workload_name, cell.name());
        match &cell.trial {
            Some(trial) => {
                let verdict = super::text::verdict(trial);
                let (_, reasons) = verdict.split_once(": ").unwrap_or_default();
                let _ = write!(text, ": {reasons}");
            }
            None => text.push_str(": could not run\n"),
        }
    }
    text
}

fn one_workload(cells: &[&CellReport]) -> String {
    let plan = &cells[0].plan;
    let workload = &plan.workload;
    let mut table = table(&HEADINGS, 3);
    for cell in cells {
        table.add_row(line(cell));
    }
    let bottlenecks = cells.iter().filter_map(|cell| {
        let why = cell.trial.as_ref()?.bottleneck.as_ref()?;
        Some(format!("  {}: not compared: {why}\n", cell.name()))
    });
    let mut text = format!(
        "{}: {}, database {}, seed {}\n\n{}\n",
        plan.workload_name,
        workload.size(),
        plan.database,
        plan.seed,
        table.trim_fmt(),
    );
    text.extend(bottlenecks);
    if plan.simulated.is_some() {
        text.push_str(SIMULATED);
    }
    for cell in cells {
        if let Some(why) = &cell.error {
            let _ = writeln!(text, "  {}: {why}", cell.name());
        }
    }
    text.push('\n');
    text
}

fn line(cell: &CellReport) -> Vec<String> {
    let trial = cell.trial.as_ref();
    let summary = trial.map(|trial| &trial.summary);
    let count = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |n| n.to_string());
    // Times and rates that are the runner's own are not put beside those of others.
    let timed = summary.filter(|_| trial.is_some_and(|trial| trial.bottleneck.is_none()));
    let acquire = timed.and_then(|s| s.acquire_percentiles_ms.as_ref());
    let release = timed.and_then(|s| s.release_percentiles_ms.as_ref());
    let at = |of: Option<&Percentiles>, pick: fn(&Percentiles) -> f64| number(of.map(pick));
    let max = |of: &Statistics| of.max;
    let deadlocks = summary.and_then(|s| s.deadlocks.as_ref());
    vec![
        cell.planned.name.clone(),
        cell.locks.clone().unwrap_or_default(),
        trial
            .map_or("could not run", |t| t.judgement.verdict.as_str())
            .to_owned(),
        count(summary.map(|s| s.ok)),
        count(summary.map(|s| s.errors)),
        number(timed.and_then(|s| s.changes_per_second)),
        at(acquire, |p| p.p50),
        at(acquire, |p| p.p95),
        number(timed.and_then(|s| s.acquire_ms.as_ref()).map(max)),
        at(release, |p| p.p50),
        at(release, |p| p.p95),
        count(deadlocks.map(|of| of.sum as u64)),
    ]
}

impl CellReport {
    /// True if it ended by itself or at its time limit, so that it need not be rerun.
    pub fn is_finished(&self) -> bool {
        let ended = self.trial.as_ref().and_then(|trial| trial.ended);
        matches!(ended, Some(Ended::Completed | Ended::TimeLimit))
    }

    /// `lock-change (redis)`: the cell within its workload.
    fn name(&self) -> String {
        match &self.locks {
            Some(locks) => format!("{} ({locks})", self.planned.name),
            None => self.planned.name.clone(),
        }
    }

    /// One line of progress: `seed-5x100 × cas: valid, 5000 ok, 0 errors, 12.3 s`.
    pub fn brief(&self) -> String {
        let name = format!("{} × {}", self.plan.workload_name, self.name());
        let mut text = match &self.trial {
            None => format!("{name}: could not run"),
            Some(trial) => format!(
                "{name}: {}, {} ok, {} errors, {:.1} s",
                trial.judgement.verdict.as_str(),
                trial.summary.ok,
                trial.summary.errors,
                trial.summary.total_time_ns as f64 / 1e9,
            ),
        };
        if let Some(why) = &self.error {
            let _ = write!(text, ": {why}");
        }
        text
    }
}
