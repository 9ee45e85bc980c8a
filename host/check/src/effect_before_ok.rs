//! Had each step that ended ok its effect before it said so?

mod order;
mod prose;
mod reading;

use super::evidence::Evidence;
use super::findings::Findings;
use super::heard::CUT;
use super::trace::Trace;
use crate::model::change::{Change, Step, StepKind};
use crate::model::verdict::Answer;
use order::{Late, Order};
use reading::{Shown, weigh};
use std::collections::BTreeSet;

/// Holds what the host read right after a step (`model/seen.rs`) against the row's chain of updates in
/// the audit. The update of the step must be in the chain, and the row must have been at it or beyond:
/// a reading that shows an earlier state is a lie, one that shows a later state (another worker has
/// taken the row since) is none. Also asks the chain alone, which needs no reading: behind an update of
/// a change that was invoked after the step's ok, the step's own update came too late. Where the audit
/// has the commits of all rows in order (SQLite), that change may be one of any row.
///
/// Worker 1's acquire of row 0 reports ok at 10 ms; a causal reading from 11 ms on shows `available`; the
/// audit has `available → deleting (1_0)`. The reading shows the state before that update, so it was
/// not there at 10 ms. Had the reading shown `deleting (2_0)`, and the audit
/// `available → deleting (1_0) → deleting (2_0)`, worker 2 would have taken the row away in between.
///
/// Readings that never came (a node that is away, a run that was cut) prove nothing. Needs no
/// contention. Linear but for the look-up of markers.
pub fn answer(evidence: &Evidence, trace: &Trace) -> Answer {
    let mut findings = Findings::default();
    let effects = evidence.data.and_then(|data| data.effects.as_deref());
    let mut late = Vec::new();
    let is_ordered = evidence.data.is_some_and(|data| data.is_ordered);
    let order = effects.map(|effects| Order::new(evidence, trace, effects, is_ordered, &mut late));
    let (mut lied, mut open) = (BTreeSet::new(), 0u64);
    for (index, change) in evidence.changes.iter().enumerate() {
        for which in StepKind::ALL {
            let Some(step) = change.step(which).filter(|step| step.outcome.is_ok()) else {
                continue;
            };
            match weigh(evidence, trace, order.as_ref(), index, which) {
                Shown::AuditEntry => {}
                Shown::Open => open += 1,
                Shown::Lie(why) => {
                    lied.insert((index, which));
                    let describe = || prose::lie(change, which, step, &why);
                    findings.add(Some(step.returned), describe);
                }
            }
        }
    }
    for Late { own, before } in late {
        if !lied.contains(&own) {
            let change = &evidence.changes[own.0];
            let at = change.step(own.1).map(|step| step.returned);
            let describe = || prose::late(evidence.changes, own, before);
            findings.add(at, describe);
        }
    }
    let unknown = unknown(evidence, open);
    let question = "had each step that ended ok its effect before it said so?";
    findings.answer("effect-before-ok", question, unknown.as_deref())
}

fn unknown(evidence: &Evidence, open: u64) -> Option<String> {
    if evidence.data.is_none() {
        return Some(CUT.to_owned());
    }
    let doubt = match open {
        0 => None,
        n => Some(format!(
            "steps that ended ok, and of which it can't be told whether their effects were there: {n}"
        )),
    };
    nothing_came_through(evidence.changes).or(doubt)
}

/// The reason why nothing is proven by a history in which no change ended well, whatever the reason: a strategy
/// that does nothing at all does nothing wrong.
pub fn nothing_came_through(changes: &[Change]) -> Option<String> {
    if changes.is_empty() {
        return Some("no change was made".to_owned());
    }
    if changes.iter().any(Change::is_ok) {
        return None;
    }
    let count = |wanted: &dyn Fn(&Change) -> bool| changes.iter().filter(|it| wanted(it)).count();
    let not_ok = |step: &Step| !step.outcome.is_ok();
    let counted = [
        (
            "acquires that did not end ok",
            count(&|change| not_ok(&change.acquire)),
        ),
        (
            "checks that did not find the marker",
            count(&|change| change.check.is_some_and(|check| check.disagreed())),
        ),
        (
            "checks that could not read all nodes",
            count(&|change| change.check.is_some_and(|check| check.is_unread())),
        ),
        (
            "releases that did not end ok",
            count(&|change| change.release.as_ref().is_some_and(not_ok)),
        ),
    ];
    let counted: Vec<_> = counted
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{what}: {count}"))
        .collect();
    let all = changes.len();
    Some(format!(
        "of {all} changes none came through ({})",
        counted.join(", ")
    ))
}

#[cfg(test)]
mod tests;
