//! The witnesses in words.

use super::super::findings::{Ms, Witness};
use super::reading::Lie;
use crate::model::change::{Change, Step, StepKind};
use crate::model::marker::Marker;
use crate::model::seen::Sight;

/// A reading that does not show the effect of a step that ended ok.
pub fn lie(change: &Change, which: StepKind, step: &Step, lie: &Lie) -> Witness {
    let Lie { seen, why } = lie;
    let found = match &seen.found {
        Sight::Row(Some(state)) => state.to_string(),
        Sight::Row(None) | Sight::Address(_) => "nothing".to_owned(),
    };
    let prose = format!(
        "{}, but its effect was not there: a causal reading of node {}, begun at {}, found {found}, {why}",
        reported(change, which, step),
        seen.node,
        Ms(seen.began)
    );
    // What it left open often ends in the worker's next change.
    let marker = change.marker();
    let next = Marker {
        number: marker.number.saturating_add(1),
        ..marker
    };
    let next = (which == StepKind::Release).then_some(next);
    Witness::about(prose, change.row, [Some(marker), next])
}

/// An update that comes behind one of a change that began later.
pub fn late(changes: &[Change], own: (usize, StepKind), before: (usize, StepKind)) -> Witness {
    let (change, other) = (&changes[own.0], &changes[before.0]);
    let own_step = change.step(own.1).unwrap_or(&change.acquire);
    let prose = format!(
        "{}, but in the audit that update comes after the {} of worker {} ({}), whose change was \
         invoked at {}",
        reported(change, own.1, own_step),
        before.1.as_str(),
        other.worker,
        other.marker(),
        Ms(other.acquire.invoked)
    );
    let markers = [change, other].map(|change| Some(change.marker()));
    Witness::about(prose, change.row, markers)
}

/// `worker 3 said at 12.345 ms that its acquire of row 2 (3_0) had ended ok`.
fn reported(change: &Change, which: StepKind, step: &Step) -> String {
    let (worker, row, marker) = (change.worker, change.row, change.marker());
    let (verb, at) = (which.as_str(), Ms(step.returned));
    format!("worker {worker} said at {at} that its {verb} of row {row} ({marker}) had ended ok")
}
