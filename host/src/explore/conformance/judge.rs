//! Was the strategy honest about a disturbed change, and is all well afterwards?

use super::injector::{Place, Script, Seen};
use super::watched::BY_ANOTHER;
use crate::explore::case::Case;
use crate::explore::outcome::Simulated;
use crate::model::change::{Change, Step};
use crate::model::verdict::Verdict;

/// The changes after the disturbed one.
pub const LATER_CHANGES: u32 = 2;

/// The checker that asks for success, which a strategy under an injected fault does not owe.
const PROGRESS: &str = "progress";

/// Returns the first violation, in prose. A change may fail, but it must end, its report must agree
/// with the data, and nothing of it may stand in the way of the next change.
pub fn judge(world: &Case, script: Script, simulated: &Simulated, seen: &Seen) -> Option<String> {
    if let Some((place, death)) = &seen.death {
        let place = place.map_or("before any change".to_owned(), |place| {
            format!("in {}", named(place))
        });
        return Some(format!(
            "its instance died {place}: {death} ({})",
            death.code
        ));
    }
    let changes = &simulated.changes;
    let disturbed = changes.iter().find(|change| change.number == 0);
    // A strategy that lied about the first step often waits for ever in the second, so this comes first.
    if let Some(why) = lie(simulated, disturbed) {
        return Some(why);
    }
    let is_outage = matches!(script, Script::Away { .. });
    if !is_outage && let Some(why) = disturbed.and_then(|change| unended(change, world, seen)) {
        return Some(why);
    }
    let is_undisturbed = script == Script::Undisturbed;
    let first = u32::from(!is_undisturbed);
    (first..=LATER_CHANGES).find_map(|number| {
        let change = changes.iter().find(|change| change.number == number);
        match change {
            Some(change) if change.is_ok() => None,
            Some(change) => Some(failed(change, is_undisturbed, disturbed)),
            None => Some(format!("there was no change number {number}")),
        }
    })
}

/// `the acquire of the first change`.
fn named(place: Place) -> String {
    let number = match place.change {
        0 => "first",
        1 => "second",
        _ => "third",
    };
    format!("the {} of the {number} change", place.step.as_str())
}

/// A step of the disturbed change that the time-out ended, and not the strategy.
fn unended(change: &Change, world: &Case, seen: &Seen) -> Option<String> {
    let step = change.steps().find(|step| has_no_end(step))?;
    let which = match std::ptr::eq(step, &change.acquire) {
        true => "acquire",
        false => "release",
    };
    let mut calls = seen
        .log
        .iter()
        .filter(|logged| logged.place.change == 0 && logged.place.step.as_str() == which);
    let last = calls.next_back().map_or(String::new(), |logged| {
        let answer = logged.answer.as_deref().unwrap_or("no answer");
        format!(
            "; the last call that was kept is number {}, {} ({answer})",
            logged.number,
            logged.called.as_str()
        )
    });
    let limit = match is_stuck(step) {
        true => "when nothing could move any more".to_owned(),
        false => format!("after {} s of simulated time", world.change_timeout_s),
    };
    Some(format!("the {which} had not ended {limit}{last}"))
}

/// Says whether the change time-out ended any step.
pub fn is_timed_out(simulated: &Simulated) -> bool {
    let steps = simulated.changes.iter().flat_map(Change::steps);
    steps.into_iter().any(has_no_end)
}

/// The host's own code, which a strategy could give too: it would deserve the same.
fn has_no_end(step: &Step) -> bool {
    let reason = step.outcome.reason();
    reason.is_some_and(|reason| reason.code == "change-timeout") || is_stuck(step)
}

fn is_stuck(step: &Step) -> bool {
    let reason = step.outcome.reason();
    reason.is_some_and(|reason| reason.code == "stuck")
}

fn lie(simulated: &Simulated, disturbed: Option<&Change>) -> Option<String> {
    let mut answers = simulated.judgement.answers.iter();
    answers.find_map(|answer| match &answer.verdict {
        Verdict::Violated(why) if answer.checker != PROGRESS => Some(format!(
            "{}, and the data say otherwise ({}): {why}",
            disturbed.map_or("nothing was reported".to_owned(), reported),
            answer.checker
        )),
        _ => None,
    })
}

/// `the acquire ended ok, the release failed (conflict 1213)`.
fn reported(change: &Change) -> String {
    let described = |name: &str, step: &Step| match step.outcome.reason() {
        None => format!("the {name} ended ok"),
        Some(reason) => format!(
            "the {name} ended {} ({}: {})",
            step.outcome.as_str(),
            reason.code,
            reason.message
        ),
    };
    let release = change
        .release
        .as_ref()
        .map(|step| described("release", step));
    let steps = std::iter::once(described("acquire", &change.acquire)).chain(release);
    steps.collect::<Vec<_>>().join(", ")
}

fn failed(change: &Change, is_undisturbed: bool, disturbed: Option<&Change>) -> String {
    let whose = match change.number {
        BY_ANOTHER => "another instance's change of the same row",
        0 => "its first change",
        _ => "the same instance's next change",
    };
    let reported_now = reported(change);
    match (is_undisturbed, disturbed) {
        (false, Some(disturbed)) => format!(
            "{}; after that {whose} did not go well: {reported_now}",
            reported(disturbed)
        ),
        _ => format!("{whose} did not go well, with nothing in its way: {reported_now}"),
    }
}
