//! The report for a person: a table of figures, then each verdict with its reasons.

use super::{RunReport, TrialReport};
use crate::check::Fairness;
use crate::model::verdict::{Answer, Verdict};
use crate::record::summary::{Percentiles, Summary};
use comfy_table::{Attribute, Cell, CellAlignment, Table, presets};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Plain text without colours; the same on a terminal and in a pipe.
pub fn write(report: &RunReport) -> String {
    let mut text = headline(report);
    text.push_str(&table(&report.trials));
    text.push('\n');
    for trial in &report.trials {
        text.push_str(&verdict(trial));
    }
    let _ = writeln!(text, "\nresults: {}", report.folder.display());
    text
}

fn headline(report: &RunReport) -> String {
    let plan = &report.plan;
    let workload = &plan.workload;
    format!(
        "{}: {} rows × {} workers × {} changes, pause {} ms, hold {} ms; database {}, locks {}, \
         seed {}\n\n",
        plan.workload_name,
        workload.rows,
        workload.workers_per_row,
        workload.changes_per_worker,
        workload.pause_ms,
        workload.hold_ms,
        plan.database,
        plan.locks,
        plan.seed,
    )
}

const HEADINGS: &[&str] = &[
    "strategy",
    "verdict",
    "ok",
    "errors",
    "failed",
    "indeterm.",
    "acquire ms p50",
    "p95",
    "p99",
    "max",
    "release ms p50",
    "p95",
    "p99",
    "max",
    "changes/s",
];

fn table(trials: &[TrialReport]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let heading = |text: &&str| Cell::new(text).add_attribute(Attribute::Reset);
    table.set_header(HEADINGS.iter().map(heading));
    for trial in trials {
        table.add_row(row(trial));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        if index >= 2 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt() + "\n"
}

fn row(trial: &TrialReport) -> Vec<String> {
    let Summary {
        ok,
        errors,
        failed,
        indeterminate,
        acquire_percentiles_ms: acquire,
        release_percentiles_ms: release,
        acquire_ms,
        release_ms,
        changes_per_second,
        ..
    } = &trial.summary;
    let mut cells = vec![
        trial.strategy.clone(),
        trial.judgement.verdict.word().to_owned(),
        ok.to_string(),
        errors.to_string(),
        failed.to_string(),
        indeterminate.to_string(),
    ];
    for (percentiles, statistics) in [(acquire, acquire_ms), (release, release_ms)] {
        let at = |pick: fn(&Percentiles) -> f64| number(percentiles.as_ref().map(pick));
        cells.extend([at(|p| p.p50), at(|p| p.p95), at(|p| p.p99)]);
        cells.push(number(statistics.as_ref().map(|s| s.max)));
    }
    cells.push(number(*changes_per_second));
    cells
}

/// Two decimals; a missing number is a dash, never 0.
fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}

fn verdict(trial: &TrialReport) -> String {
    let mut text = format!("\n{}: {}\n", trial.strategy, trial.judgement.verdict.word());
    for answer in &trial.judgement.answers {
        text.push_str(&one_answer(answer));
    }
    if let Some(fairness) = &trial.fairness {
        let _ = writeln!(text, "  fairness: {}", fairness_prose(fairness));
    }
    let mut counted = |what: &str, counts: &BTreeMap<String, u64>| {
        if !counts.is_empty() {
            let _ = writeln!(text, "  {what}: {}", counts_prose(counts));
        }
    };
    counted("faults met", &trial.summary.faults);
    counted("steps not ok", &trial.reasons);
    if trial.summary.restored > 0 {
        let _ = writeln!(
            text,
            "  rows given back by the host: {}",
            trial.summary.restored
        );
    }
    for remark in &trial.remarks {
        let _ = writeln!(text, "  note: {remark}");
    }
    text
}

fn one_answer(answer: &Answer) -> String {
    let mut text = format!("  {}: {}", answer.checker, answer.verdict.word());
    match &answer.verdict {
        Verdict::Valid => {}
        Verdict::Violated(why) | Verdict::Unknown(why) => {
            let _ = write!(text, ": {why}");
        }
    }
    if answer.further > 0 {
        let _ = write!(text, " (and {} more)", answer.further);
    }
    if let Some(remark) = &answer.remark {
        let _ = write!(text, " ({remark})");
    }
    text.push('\n');
    text
}

/// `workers made 9 (worker 3) to 10 (worker 0) ok changes, …`
fn fairness_prose(fairness: &Fairness) -> String {
    let mut text = format!(
        "ok changes from {} (worker {}) to {} (worker {})",
        fairness.fewest_ok.value,
        fairness.fewest_ok.worker,
        fairness.most_ok.value,
        fairness.most_ok.worker,
    );
    let means = (
        &fairness.quickest_mean_acquire_ns,
        &fairness.slowest_mean_acquire_ns,
    );
    if let (Some(quickest), Some(slowest)) = means {
        let _ = write!(
            text,
            "; mean acquire from {:.2} ms (worker {}) to {:.2} ms (worker {})",
            quickest.value / 1e6,
            quickest.worker,
            slowest.value / 1e6,
            slowest.worker,
        );
    }
    let wait = fairness.longest_wait;
    let ms = wait.wait_ns as f64 / 1e6;
    let _ = write!(
        text,
        "; longest wait {ms:.2} ms (worker {}, row {})",
        wait.worker, wait.row
    );
    text
}

/// `conflict 517 × 3, conflict 5 × 1`.
pub fn counts_prose(counts: &BTreeMap<String, u64>) -> String {
    let each = |(what, count): (&String, &u64)| format!("{what} × {count}");
    counts.iter().map(each).collect::<Vec<_>>().join(", ")
}
