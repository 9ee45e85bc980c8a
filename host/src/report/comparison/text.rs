//! The comparison for a person: the figures side by side, then what must agree and what differs.

use super::super::table::{number, table};
use super::{Agreement, Comparison, MustAgree, TrialComparison};
use std::fmt::Write;

/// More keys than this differ only between runs that have little to do with each other.
const MAX_DIFFERENCES: usize = 40;

/// Longer values, such as whole lists, are cut.
const MAX_VALUE_CHARS: usize = 60;

/// Plain text without colours; times are in ms.
pub fn write(comparison: &Comparison) -> String {
    let mut text = String::new();
    let [first, second] = comparison.labels;
    let width = first.len().max(second.len());
    for (label, folder) in comparison.labels.iter().zip(&comparison.folders) {
        let _ = writeln!(text, "{label:width$}  {}", folder);
    }
    text.push('\n');
    let mut table = table(&["strategy", "figure", first, second, "ratio"], 2);
    for trial in &comparison.trials {
        let verdicts = trial.verdicts.map(|word| word.unwrap_or("-").to_owned());
        let [one, other] = verdicts;
        let (name, none) = (trial.strategy.clone(), String::new());
        table.add_row([name, "verdict".to_owned(), one, other, none]);
        for figure in &trial.figures {
            let shown = figure.values.map(|value| match value {
                Some(value) if figure.is_count => format!("{value:.0}"),
                value => number(value),
            });
            let ([one, other], name) = (shown, figure.name.clone());
            table.add_row([String::new(), name, one, other, number(figure.ratio)]);
        }
    }
    text.push_str(&table.trim_fmt());
    text.push_str("\n\n");
    for trial in &comparison.trials {
        text.push_str(&agreement(trial));
    }
    for (label, names) in comparison.labels.iter().zip(&comparison.only_in) {
        if !names.is_empty() {
            let _ = writeln!(text, "only in {label}: {}", names.join(", "));
        }
    }
    text.push_str(plans_may_differ(comparison));
    text.push_str(&differences(comparison));
    text
}

fn agreement(trial: &TrialComparison) -> String {
    let what = match trial.must_agree {
        MustAgree::Verdict => "the verdict",
        MustAgree::Everything => "the verdict, every figure and each byte of the history",
    };
    let (name, why) = (&trial.strategy, trial.why.join(", "));
    let mut text = match trial.agreement {
        Agreement::Agree => format!("{name}: agrees where it must: {what}\n"),
        Agreement::Differ => format!("{name}: differs where it must agree ({what}): {why}\n"),
        Agreement::CannotTell => format!("{name}: can't be compared: {why}\n"),
    };
    for why in &trial.not_compared {
        let _ = writeln!(text, "  times and rates are not compared: {why}");
    }
    if let [Some(one), Some(other)] = &trial.digests
        && one != other
    {
        let _ = writeln!(text, "  its component was {one}, and is {other}");
    }
    text
}

fn plans_may_differ(comparison: &Comparison) -> &'static str {
    let is_everything = |trial: &TrialComparison| trial.must_agree == MustAgree::Everything;
    if comparison.trials.iter().all(is_everything) {
        ""
    } else if comparison.simulated {
        "Counts and figures may differ: another plan, component, runner or model of the\nsimulator takes \
         another course.\n"
    } else {
        "Counts and times may differ: the seed fixes what strategies draw, not how workers\ninterleave, nor \
         how quick a machine is.\n"
    }
}

fn differences(comparison: &Comparison) -> String {
    let all = &comparison.differences;
    if all.is_empty() {
        return "Plan, machine and servers are the same.\n".to_owned();
    }
    let mut text = "Different besides:\n".to_owned();
    for difference in all.iter().take(MAX_DIFFERENCES) {
        let [there, here] = [&difference.there, &difference.here].map(shown);
        let _ = writeln!(text, "  {} was {there}, and is {here}", difference.key);
    }
    if let Some(more @ 1..) = all.len().checked_sub(MAX_DIFFERENCES) {
        let _ = writeln!(text, "  and {more} more");
    }
    text
}

/// A value without the quotes of a text; what is not there is a dash.
fn shown(value: &serde_json::Value) -> String {
    let text = match value {
        serde_json::Value::Null => "-".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(MAX_VALUE_CHARS) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
