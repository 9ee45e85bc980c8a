//! The report for a person: two tables of figures, then each verdict with its reasons.

use super::table::{number, table};
use super::{RunReport, TrialReport, conditions};
use crate::check::Fairness;
use crate::model::contention::Contention;
use crate::model::endpoint::Endpoint;
use crate::model::prose::counted;
use crate::model::verdict::{Answer, Verdict};
use crate::plan::Plan;
use crate::record::summary::Percentiles;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A strategy may make up a code for each of a million errors.
const MAX_MESSAGES: usize = 10;
const MAX_COUNTS: usize = 50;

/// Behind the headline of a run in the simulator.
pub(super) const SIMULATED: &str =
    "All times are simulated: they say what the model does, not what a server did.\n\n";

/// Plain text without colours; the same on a terminal and in a pipe.
pub fn write(report: &RunReport) -> String {
    let mut text = headline(report);
    if report.plan.simulated.is_some() {
        text.push_str(SIMULATED);
    }
    text.push_str(&outcomes(&report.trials));
    text.push('\n');
    text.push_str(&times(&report.trials));
    for trial in &report.trials {
        text.push_str(&verdict(trial));
    }
    let mut trials = report.trials.iter();
    if trials.any(|trial| trial.judgement.is_only_uncontended()) {
        text.push_str(&rivals_hint(&report.plan));
    }
    if !report.not_run.is_empty() {
        let _ = writeln!(text, "\nnot run: {}", report.not_run.join(", "));
    }
    let _ = writeln!(text, "\nresults: {}", report.folder.display());
    text
}

/// Advice for a run that can have a verdict.
pub(super) fn rivals_hint(plan: &Plan) -> String {
    let how = match plan.workload.workers_per_row {
        1 => "`--workers-per-row 2` gives each row competing workers",
        _ => "more --workers-per-row or a shorter --pause-ms makes workers compete",
    };
    format!("\nhint: nothing was contended, so the verdict is unknown; {how}\n")
}

fn headline(report: &RunReport) -> String {
    let plan = &report.plan;
    let workload = &plan.workload;
    format!(
        "{}: {}, pause {} ms, hold {} ms\n\
         database {}{}, locks {}, seed {}\n\n",
        plan.workload_name,
        workload.size(),
        workload.pause_ms,
        workload.hold_ms,
        plan.database,
        session(plan),
        plan.locks,
        plan.seed,
    )
}

/// The endpoint and the settings of the sessions of workers, where they are not the usual ones.
fn session(plan: &Plan) -> String {
    let isolation = plan
        .session
        .isolation
        .map(|it| format!(" ({})", it.as_str()));
    let sync_wait = plan
        .session
        .sync_wait
        .map(|bits| format!(" (wsrep_sync_wait {bits})"));
    let one_writer = plan.endpoint() == Some(Endpoint::OneWriter);
    let endpoint = one_writer.then(|| format!(" ({})", Endpoint::OneWriter.as_str()));
    let all = endpoint.into_iter().chain(isolation);
    all.chain(sync_wait).collect()
}

/// The outcomes of the changes, a line for each trial.
fn outcomes(trials: &[TrialReport]) -> String {
    let mut table = table(
        &[
            "strategy",
            "verdict",
            "ok",
            "errors",
            "failed",
            "indeterm.",
            "ok/s",
        ],
        2,
    );
    for trial in trials {
        let summary = &trial.summary;
        table.add_row([
            trial.strategy.clone(),
            trial.judgement.verdict.as_str().to_owned(),
            summary.ok.to_string(),
            summary.errors.to_string(),
            summary.failed.to_string(),
            summary.indeterminate.to_string(),
            number(summary.changes_per_second),
        ]);
    }
    table.trim_fmt() + "\n"
}

/// The durations of the two steps, a line for each. A separate table: beside the other one, it would be
/// too wide for a terminal of 80 columns.
fn times(trials: &[TrialReport]) -> String {
    let mut table = table(&["strategy", "ms", "p50", "p95", "p99", "max"], 2);
    for trial in trials {
        let names = [&*trial.strategy, ""];
        for (name, (step, percentiles, statistics)) in names.iter().zip(trial.summary.steps()) {
            let at = |pick: fn(&Percentiles) -> f64| number(percentiles.map(pick));
            let max = number(statistics.map(|s| s.max));
            let [name, step] = [name, step].map(str::to_owned);
            table.add_row([name, step, at(|p| p.p50), at(|p| p.p95), at(|p| p.p99), max]);
        }
    }
    let mut text = table.trim_fmt() + "\n";
    for trial in trials {
        if let Some(why) = &trial.bottleneck {
            let _ = writeln!(text, "\n{}: {why}", trial.strategy);
        }
    }
    text
}

pub(super) fn verdict(trial: &TrialReport) -> String {
    let mut text = format!(
        "\n{}: {}\n",
        trial.strategy,
        trial.judgement.verdict.as_str()
    );
    for answer in &trial.judgement.answers {
        text.push_str(&one_answer(answer));
    }
    if let Some(fairness) = &trial.fairness {
        let _ = writeln!(text, "  fairness: {}", fairness_prose(fairness));
    }
    if let Some(contention) = &trial.judgement.contention {
        let _ = writeln!(text, "  contention: {}", contention_prose(contention));
    }
    let mut line = |what: &str, counts: &BTreeMap<String, u64>| {
        if !counts.is_empty() {
            let _ = writeln!(text, "  {what}: {}", counts_prose(counts));
        }
    };
    line("errors returned", &trial.summary.errors_by_code);
    line("locks lost before their release", &trial.summary.lost_locks);
    line("steps not ok", &trial.reasons);
    for (code, message) in trial.messages.iter().take(MAX_MESSAGES) {
        let _ = writeln!(text, "    {code}: {message}");
    }
    for line in &trial.summary.own.lines {
        let _ = writeln!(text, "  {line}");
    }
    if let (Some(p), Some(max)) = (&trial.summary.agreement_ms, trial.summary.agreement_max_ms) {
        let _ = writeln!(
            text,
            "  until all nodes agreed: p50 {:.2} ms, p99 {:.2} ms, max {max:.2} ms; stale at first: {}",
            p.p50, p.p99, trial.summary.checks_stale
        );
    }
    for line in trial.conditions.iter().flat_map(conditions::prose) {
        let _ = writeln!(text, "  {line}");
    }
    let summary = &trial.summary;
    for (what, count) in [
        (
            "checks after acquire that did not find the marker",
            summary.checks_disagreed,
        ),
        (
            "checks after acquire that could not read all nodes",
            summary.checks_unread,
        ),
        ("rows released by the host", summary.restored),
    ] {
        if count > 0 {
            let _ = writeln!(text, "  {what}: {count}");
        }
    }
    for remark in &trial.remarks {
        let _ = writeln!(text, "  note: {remark}");
    }
    text
}

fn one_answer(answer: &Answer) -> String {
    let mut text = format!("  {}: {}", answer.checker, answer.verdict.as_str());
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

/// `rivals met on 3 rows, on 2 of them from different nodes`.
fn contention_prose(contention: &Contention) -> String {
    let met = format!("rivals met on {}", counted(contention.rows, "row"));
    match contention.nodes.count() {
        0 | 1 if contention.cluster <= 1 || contention.has_primary => met,
        0 => format!("{met}; their nodes were not recorded"),
        1 => format!("{met}, all on one of {} nodes", contention.cluster),
        _ => format!(
            "{met}, on {} of them from different nodes",
            contention.rows_from_two_nodes
        ),
    }
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
    let mut parts: Vec<_> = counts.iter().take(MAX_COUNTS).map(each).collect();
    if let Some(more @ 1..) = counts.len().checked_sub(MAX_COUNTS) {
        parts.push(format!("and {more} more"));
    }
    parts.join(", ")
}
