//! A table for each workload, as Markdown.

use super::spread::{Mean, Run, Runs, mean};
use std::fmt::Write;

pub fn write(runs: &Runs) -> String {
    let mut text = String::new();
    for workload in runs.workloads() {
        let _ = writeln!(text, "\n### {workload}\n");
        text.push_str(
            "| strategy | verdicts | ok of | allocations/s | ms of an allocation | attempts | \
             deadlocks | statements |\n|---|---|---|---|---|---|---|---|\n",
        );
        for strategy in runs.strategies() {
            let of = runs.of(workload, strategy);
            if !of.is_empty() {
                text.push_str(&line(strategy, &of));
            }
        }
    }
    text
}

fn line(strategy: &str, runs: &[&Run]) -> String {
    let asked: f64 = runs.iter().map(|run| run.workers).sum();
    let ok: f64 = runs.iter().map(|run| run.ok).sum();
    let [per_second, acquire, attempts, deadlocks, statements] = [
        mean(runs, |run| run.per_second),
        mean(runs, |run| run.acquire_ms),
        mean(runs, |run| run.attempts),
        mean(runs, |run| run.deadlocks),
        mean(runs, |run| Some(run.statements)),
    ];
    format!(
        "| {strategy} | {} | {ok:.0} of {asked:.0} | {} | {} | {} | {} | {} |\n",
        verdicts(runs),
        cell(per_second, 0),
        cell(acquire, 1),
        cell(attempts, 2),
        cell(deadlocks, 1),
        cell(statements, 0),
    )
}

/// `valid × 10`.
fn verdicts(runs: &[&Run]) -> String {
    let words = ["valid", "violated", "unknown", ""];
    let told = words.iter().filter_map(|word| {
        let count = runs.iter().filter(|run| run.verdict == *word).count();
        let word = if word.is_empty() { "not run" } else { word };
        (count > 0).then(|| format!("{word} × {count}"))
    });
    told.collect::<Vec<_>>().join(", ")
}

/// `12.3 ± 0.4`.
fn cell(mean: Option<Mean>, decimals: usize) -> String {
    match mean {
        None => String::new(),
        Some(Mean { mean, within: None }) => format!("{mean:.decimals$}"),
        Some(Mean {
            mean,
            within: Some(within),
        }) => format!("{mean:.decimals$} ± {within:.decimals$}"),
    }
}
