//! Reports of a run, made from saved data alone: data in, bytes out.

mod bottleneck;
pub mod check;
pub mod comparison;
mod conditions;
pub mod conformance;
pub mod csv;
pub mod html;
pub mod inspection;
pub mod json;
pub mod listing;
pub mod locks;
pub mod overview;
pub mod table;
pub mod text;
pub mod timeline;

use crate::check::{Fairness, fairness};
use crate::model::change::Change;
use crate::model::conditions::Conditions;
use crate::model::end::{End, Ended};
use crate::model::outcome::Outcome;
use crate::model::stuck::Stuck;
use crate::model::verdict::{Judgement, Verdict};
use crate::plan::{Plan, PlannedTrial};
use crate::record::journal::History;
use crate::record::summary::Summary;
use crate::workload::kinds;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// A whole run. One run of one strategy is a comparison with nothing beside it.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    #[serde(serialize_with = "as_text")]
    pub folder: PathBuf,
    pub plan: Plan,
    pub trials: Vec<TrialReport>,
    /// Strategies of the plan whose turn never came.
    pub not_run: Vec<String>,
}

/// Writes a path as it is shown: one that is no UTF-8 is no JSON.
fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// A cell of a batch: one strategy on one workload, with one lock service if it takes locks.
#[derive(Debug, Clone)]
pub struct CellReport {
    /// Of the cell's own run; it has this one trial.
    pub plan: Plan,
    pub planned: PlannedTrial,
    /// Of the cell's run.
    pub folder: PathBuf,
    /// The lock service in a word; none if the strategy takes no locks.
    pub locks: Option<String>,
    /// Absent if nothing was recorded.
    pub trial: Option<TrialReport>,
    /// The reason why the cell could not be run, or not to its end.
    pub error: Option<String>,
}

/// One strategy's figures and verdict.
#[derive(Debug, Clone, Serialize)]
pub struct TrialReport {
    pub strategy: String,
    pub digest: String,
    /// The time when it began, in UTC as RFC 3339 writes it; absent in runs of earlier versions.
    pub started: Option<String>,
    /// Absent when the runner was killed.
    pub ended: Option<Ended>,
    /// The workers that were stuck, if that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stuck: Option<Stuck>,
    /// Things to know of the record itself: torn, cut, unread.
    pub remarks: Vec<String>,
    pub summary: Summary,
    pub fairness: Option<Fairness>,
    /// The reason why steps did not end ok, and how many of them: `trap`, `computing-limit`, a fault's code.
    pub reasons: BTreeMap<String, u64>,
    /// The message of the first step with each of these codes.
    pub messages: BTreeMap<String, String>,
    #[serde(flatten)]
    pub judgement: Judgement,
    /// Absent when the runner was killed.
    pub conditions: Option<Conditions>,
    /// The reason why the times and rates are the runner's own; absent where they are not.
    pub bottleneck: Option<String>,
    /// Every first step ended by the death of its instance; the reason of one of them.
    #[serde(skip)]
    always_died: Option<String>,
}

impl RunReport {
    pub fn new(plan: Plan, folder: PathBuf) -> Self {
        Self {
            folder,
            not_run: plan.trials.iter().map(|trial| trial.name.clone()).collect(),
            plan,
            trials: Vec::new(),
        }
    }

    /// The plan of a trial.
    fn planned(&self, trial: &TrialReport) -> &PlannedTrial {
        let mut trials = self.plan.trials.iter();
        let found = trials.find(|planned| planned.name == trial.strategy);
        found.expect("every trial is of the plan")
    }

    /// The worst of all trials' verdicts; unknown if a strategy's turn never came.
    pub fn verdict(&self) -> Verdict {
        let not_run = match &self.not_run[..] {
            [] => None,
            names => Some(Verdict::Unknown(format!("not run: {}", names.join(", ")))),
        };
        let trials = self.trials.iter().map(|trial| &trial.judgement.verdict);
        Verdict::worst(trials.chain(&not_run))
    }

    /// Adds a trial of the plan.
    pub fn add(&mut self, trial: TrialReport) {
        self.not_run.retain(|name| *name != trial.strategy);
        self.trials.push(trial);
    }
}

impl TrialReport {
    pub fn new(
        planned: &PlannedTrial,
        history: &History,
        end: Option<&End>,
        conditions: Option<Conditions>,
        judgement: Judgement,
    ) -> Self {
        let changes = &history.changes;
        let last = |change: &Change| change.steps().map(|step| step.returned).max();
        let total_time = match end {
            Some(end) => end.total_time,
            None => changes.iter().filter_map(last).max().unwrap_or(0),
        };
        let (mut reasons, mut messages) = (BTreeMap::new(), BTreeMap::new());
        for step in changes.iter().flat_map(|change| change.steps()) {
            if let Some(reason) = step.outcome.reason() {
                *reasons.entry(reason.code.clone()).or_default() += 1;
                let message = || reason.message.clone();
                messages.entry(reason.code.clone()).or_insert_with(message);
            }
        }
        let summary = Summary {
            own: kinds::figures(changes),
            ..Summary::new(changes, total_time)
        };
        Self {
            strategy: planned.name.clone(),
            digest: planned.digest.clone(),
            started: None,
            ended: end.map(|end| end.how),
            stuck: end.and_then(|end| end.stuck.clone()),
            remarks: remarks(history, end, conditions.as_ref()),
            bottleneck: bottleneck::bottleneck(conditions.as_ref(), &summary),
            summary,
            fairness: fairness(changes),
            reasons,
            messages,
            judgement,
            conditions,
            always_died: always_died(history),
        }
    }

    /// With the time when it began.
    pub fn started(mut self, started: Option<String>) -> Self {
        self.started = started;
        self
    }

    /// One in which nothing happened, for the names of its figures.
    fn of_nothing(planned: &PlannedTrial) -> Self {
        let history = History {
            changes: Vec::new(),
            torn: false,
        };
        Self::new(planned, &history, None, None, Judgement::of(Vec::new()))
    }

    /// Returns true if nothing was contended, and nothing was wrong either: every change ended ok.
    pub fn is_uncontended_and_right(&self) -> bool {
        self.judgement.is_only_uncontended() && self.summary.errors == 0
    }

    /// The cause of the deaths, if the strategy did not do a single change because its instance died each
    /// time.
    pub fn always_died(&self) -> Option<String> {
        self.always_died.clone()
    }
}

fn remarks(history: &History, end: Option<&End>, conditions: Option<&Conditions>) -> Vec<String> {
    let mut remarks = Vec::new();
    match end {
        None => remarks.push("the runner was killed; this is its record until then".to_owned()),
        Some(end) => {
            if let Some(stuck) = &end.stuck {
                remarks.push(format!("ended early: {stuck}"));
            } else if end.how != Ended::Completed {
                remarks.push(format!("ended early: {}", end.how.as_str()));
            }
            if let Some(why) = &end.data_unread {
                remarks.push(format!(
                    "the final rows of the database were not kept: {why}"
                ));
            }
        }
    }
    if history.torn {
        remarks.push("the last line of the history is torn and was skipped".to_owned());
    }
    let unread = conditions.map(|conditions| &conditions.settings_unread);
    remarks.extend(unread.into_iter().flatten().map(ToString::to_string));
    remarks
}

fn always_died(history: &History) -> Option<String> {
    let death = |outcome: &Outcome| match outcome {
        Outcome::Indeterminate(reason) if is_death(&reason.code) => Some(reason.message.clone()),
        _ => None,
    };
    let mut deaths = history
        .changes
        .iter()
        .map(|change| death(&change.acquire.outcome));
    let first = deaths.next()??;
    deaths.all(|death| death.is_some()).then_some(first)
}

fn is_death(code: &str) -> bool {
    matches!(
        code,
        "trap" | "call-limit" | "computing-limit" | "memory-limit" | "stack-overflow"
    )
}
