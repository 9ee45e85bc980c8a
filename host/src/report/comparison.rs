//! Two runs side by side: their verdicts, their figures, what must agree and what differs besides.

mod text;

pub use self::text::write;

use super::{RunReport, TrialReport};
use crate::model::end::Ended;
use crate::plan::Plan;
use crate::plan::differences::{Difference, differences};
use crate::record::summary::{Percentiles, Statistics, Summary};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One of two runs.
pub struct Side {
    /// Its label in the comparison.
    pub label: &'static str,
    pub report: RunReport,
    /// The machine that it ran on, from its folder.
    pub machine: Value,
    /// The digest of each history, by strategy.
    pub histories: BTreeMap<String, String>,
}

/// The comparison of two runs.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    pub labels: [&'static str; 2],
    pub folders: [String; 2],
    pub agreement: Agreement,
    /// Comparisons of the strategies that both plans have.
    pub trials: Vec<TrialComparison>,
    /// Strategies that only the first plan has, and that only the second has.
    pub only_in: [Vec<String>; 2],
    /// Differences of plan, machine and servers, key by key; those of strategies are with their trials.
    pub differences: Vec<Difference>,
    pub simulated: bool,
}

/// The agreement of two runs or trials, as far as they must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    Agree,
    Differ,
    /// Undecided: one of them is missing or was not run to its end.
    CannotTell,
}

/// The trials of one strategy.
#[derive(Debug, Clone, Serialize)]
pub struct TrialComparison {
    pub strategy: String,
    pub agreement: Agreement,
    /// The forbidden differences, or the reasons why the comparison is undecided.
    pub why: Vec<String>,
    pub must_agree: MustAgree,
    /// The verdict's word; `None` without a trial.
    pub verdicts: [Option<&'static str>; 2],
    pub digests: [Option<String>; 2],
    pub figures: Vec<Figure>,
    /// The reason why times and rates are not compared: of which side the runner was the bottleneck.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_compared: Vec<String>,
}

/// The parts in which a second run must equal the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MustAgree {
    /// Only the verdict: on real servers, or if an input of the simulation differs.
    Verdict,
    /// The verdict, every figure, and the history byte for byte: the same plan in the simulator.
    Everything,
}

/// A number of each; absent where there was nothing to count or to measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    pub name: String,
    /// A whole number.
    pub is_count: bool,
    pub values: [Option<f64>; 2],
    /// The second by the first; absent where one is missing, the first is 0, or the two are not
    /// compared.
    pub ratio: Option<f64>,
}

impl Comparison {
    /// Compares the second with the first. Undecided if they have no strategy in common.
    pub fn new(first: &Side, second: &Side) -> Self {
        let sides = [first, second];
        let planned = |side: &Side, name: &str| {
            let mut trials = side.report.plan.trials.iter();
            trials.any(|planned| planned.name == name)
        };
        let alone = |side: &Side, other: &Side| {
            let names = side.report.plan.trials.iter().map(|planned| &planned.name);
            let alone = names.filter(|name| !planned(other, name));
            alone.cloned().collect::<Vec<_>>()
        };
        let common = first.report.plan.trials.iter();
        let trials: Vec<_> = common
            .filter(|one| planned(second, &one.name))
            .map(|one| TrialComparison::new(&one.name, first, second))
            .collect();
        let any = |agreement| trials.iter().any(|trial| trial.agreement == agreement);
        Self {
            labels: [first.label, second.label],
            folders: [&first.report, &second.report]
                .map(|report| report.folder.display().to_string()),
            agreement: if any(Agreement::CannotTell) || trials.is_empty() {
                Agreement::CannotTell
            } else if any(Agreement::Differ) {
                Agreement::Differ
            } else {
                Agreement::Agree
            },
            trials,
            differences: differences(&surroundings(first), &surroundings(second)),
            only_in: [alone(first, second), alone(second, first)],
            simulated: sides
                .iter()
                .all(|side| side.report.plan.simulated.is_some()),
        }
    }
}

impl TrialComparison {
    fn new(name: &str, first: &Side, second: &Side) -> Self {
        let sides = [first, second];
        let trials = sides.map(|side| {
            let mut trials = side.report.trials.iter();
            trials.find(|trial| trial.strategy == name)
        });
        let must_agree = match sides.map(|side| course(&side.report.plan, name)) {
            [Some(one), Some(other)] if one == other => MustAgree::Everything,
            _ => MustAgree::Verdict,
        };
        let cut = sides.iter().zip(trials).filter_map(|(side, trial)| {
            let why = unfinished(trial)?;
            Some(format!("{}: {why}", side.label))
        });
        let cut: Vec<_> = cut.collect();
        let histories = sides.map(|side| side.histories.get(name));
        let broken = match trials {
            [Some(one), Some(other)] => broken(one, other, must_agree, histories),
            _ => Vec::new(),
        };
        let summaries = trials.map(|trial| trial.map(|trial| &trial.summary));
        let not_compared = sides.iter().zip(trials).filter_map(|(side, trial)| {
            let why = trial?.bottleneck.as_ref()?;
            Some(format!("{}: {why}", side.label))
        });
        let not_compared: Vec<_> = not_compared.collect();
        let mut figures = figures(summaries);
        if !not_compared.is_empty() {
            let times = figures.iter_mut().filter(|figure| !figure.is_count);
            times.for_each(|figure| figure.ratio = None);
        }
        Self {
            strategy: name.to_owned(),
            agreement: match (cut.is_empty(), broken.is_empty()) {
                (false, _) => Agreement::CannotTell,
                (true, false) => Agreement::Differ,
                (true, true) => Agreement::Agree,
            },
            why: if cut.is_empty() { broken } else { cut },
            must_agree,
            verdicts: trials.map(|trial| Some(trial?.judgement.verdict.as_str())),
            digests: trials.map(|trial| Some(trial?.digest.clone())),
            figures,
            not_compared,
        }
    }
}

/// Everything that steers the trial of a strategy in the simulator; none in another world.
fn course(plan: &Plan, name: &str) -> Option<Plan> {
    plan.simulated.as_ref()?;
    let mut course = plan.clone();
    course.workload_name.clear();
    course.trials.retain(|trial| trial.name == name);
    for trial in &mut course.trials {
        trial.component.clear();
        trial.reference = None;
    }
    Some(course)
}

/// The reason why a trial says nothing; nothing if it does.
fn unfinished(trial: Option<&TrialReport>) -> Option<String> {
    let Some(trial) = trial else {
        return Some("it was not run".to_owned());
    };
    match trial.ended {
        Some(Ended::Completed | Ended::TimeLimit) => None,
        Some(how) => Some(format!("it ended early: {}", how.as_str())),
        None => Some("the runner was killed".to_owned()),
    }
}

/// The forbidden differences of two whole trials.
fn broken(
    one: &TrialReport,
    other: &TrialReport,
    must_agree: MustAgree,
    histories: [Option<&String>; 2],
) -> Vec<String> {
    let verdicts = [one, other].map(|trial| trial.judgement.verdict.as_str());
    let is_everything = must_agree == MustAgree::Everything;
    let checks = [
        (
            verdicts[0] != verdicts[1],
            format!("the verdict was {} and is now {}", verdicts[0], verdicts[1]),
        ),
        (
            is_everything && histories[0] != histories[1],
            "the history differs".to_owned(),
        ),
        (
            is_everything && one.summary != other.summary,
            "the figures differ".to_owned(),
        ),
    ];
    let differ = checks.into_iter().filter(|(differs, _)| *differs);
    differ.map(|(_, why)| why).collect()
}

/// The plan without its strategies, the machine, and the servers as the first trial found them.
fn surroundings(side: &Side) -> Value {
    let mut plan = side.report.plan.clone();
    plan.trials.clear();
    let mut all = serde_json::to_value(&plan).expect("plain data");
    let first = side.report.trials.first();
    let server = first.and_then(|trial| Some(&trial.conditions.as_ref()?.server));
    all["machine"] = side.machine.clone();
    all["server"] = json!(server.cloned().unwrap_or_default());
    all
}

fn figures(summaries: [Option<&Summary>; 2]) -> Vec<Figure> {
    let count = |name, pick: fn(&Summary) -> u64| {
        figure(name, true, summaries.map(|s| s.map(|s| pick(s) as f64)))
    };
    let rates = summaries.map(|s| s?.changes_per_second);
    let mut figures = vec![
        count("ok", |s| s.ok),
        count("failed", |s| s.failed),
        count("indeterminate", |s| s.indeterminate),
        figure("ok/s", false, rates),
    ];
    for (number, step) in ["acquire", "release"].into_iter().enumerate() {
        let of_step = summaries.map(|s| s.map(|s| s.steps()[number]));
        for (which, pick) in TIMES {
            let values = of_step.map(|of| of.and_then(|(_, at, all)| pick(at, all)));
            figures.push(figure(&format!("{step} {which} ms"), false, values));
        }
    }
    figures
}

/// Name and value of each figure of a step's durations.
type Time = (
    &'static str,
    fn(Option<&Percentiles>, Option<&Statistics>) -> Option<f64>,
);

const TIMES: [Time; 4] = [
    ("p50", |at, _| Some(at?.p50)),
    ("p95", |at, _| Some(at?.p95)),
    ("p99", |at, _| Some(at?.p99)),
    ("max", |_, all| Some(all?.max)),
];

fn figure(name: &str, is_count: bool, values: [Option<f64>; 2]) -> Figure {
    let ratio = match values {
        [Some(first), Some(second)] if first > 0.0 => Some(second / first),
        _ => None,
    };
    Figure {
        name: name.to_owned(),
        is_count,
        values,
        ratio,
    }
}

#[cfg(test)]
mod tests;
