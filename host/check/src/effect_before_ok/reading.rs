//! One reading after a step that ended ok.

use super::super::evidence::Evidence;
use super::super::trace::Trace;
use super::order::Order;
use crate::model::change::{Change, Step, StepKind};
use crate::model::data::{RowState, Status};
use crate::model::marker::Mark;
use crate::model::seen::{Seen, Sight};

/// The conclusion from a reading.
#[derive(Debug, PartialEq, Eq)]
pub enum Shown {
    /// The effect was there, or there was no reason to look.
    AuditEntry,
    /// It can't be decided.
    Open,
    /// The effect was not there; what the node had, and how it is known that this came before.
    Lie(Lie),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Lie {
    pub seen: Seen,
    pub why: &'static str,
}

const NOT_IN_AUDIT: &str = "and the audit has no such update";
const EARLIER: &str = "which the audit has before that update";
const FIRST: &str = "in which every row begins";
const STILL_HELD: &str = "which the release was to end";
const OLD: &str = "which was written before the change began";

/// Weighs what the host read after this step of a change, which ended ok.
pub fn weigh(
    evidence: &Evidence,
    trace: &Trace,
    order: Option<&Order>,
    index: usize,
    which: StepKind,
) -> Shown {
    let change = &evidence.changes[index];
    let Some(seen) = change.step(which).and_then(|step| step.seen.as_deref()) else {
        return unseen(change, which);
    };
    let effect = effect(change, which);
    let Sight::Row(Some(state)) = &seen.found else {
        return Shown::Open;
    };
    if *state == effect {
        return Shown::AuditEntry;
    }
    let lie = |why| match is_after_a_breakdown(evidence, change, which, seen) {
        // What is not there may have been lost.
        true => Shown::Open,
        false => Shown::Lie(Lie {
            seen: seen.clone(),
            why,
        }),
    };
    let Some(order) = order else {
        return match without_audit(evidence, trace, change, which, state) {
            Ok(()) => Shown::AuditEntry,
            Err(Some(why)) => lie(why),
            Err(None) => Shown::Open,
        };
    };
    if !order.is_reached(change.row, &effect) {
        return lie(NOT_IN_AUDIT);
    }
    let places = (
        order.place(change.row, state),
        order.place(change.row, &effect),
    );
    match places {
        (Some(shown), Some(own)) if shown < own => lie(EARLIER),
        (Some(_), Some(_)) => Shown::AuditEntry,
        _ => Shown::Open,
    }
}

/// True if there was a breakdown between the step's ok and the end of the reading.
fn is_after_a_breakdown(
    evidence: &Evidence,
    change: &Change,
    which: StepKind,
    seen: &Seen,
) -> bool {
    let breakdowns = evidence.data.map_or(&[][..], |data| &data.breakdowns);
    let returned = change.step(which).map_or(0, |step| step.returned);
    let mut breakdowns = breakdowns.iter();
    breakdowns.any(|it| returned <= it.ended && it.began <= seen.ended)
}

/// The state that the step leads to.
fn effect(change: &Change, which: StepKind) -> RowState {
    let held = RowState::held_by(change.marker());
    match which {
        StepKind::Acquire => held,
        StepKind::Release => RowState {
            status: Status::Available,
            ..held
        },
    }
}

/// A check that read other markers to its end, and no causal reading that shows why: none was answered,
/// or the history is of a runner that made none.
fn unseen(change: &Change, which: StepKind) -> Shown {
    let disagreed = change.check.is_some_and(|check| check.disagreed());
    match which == StepKind::Acquire && disagreed {
        true => Shown::Open,
        false => Shown::AuditEntry,
    }
}

/// Decides if the state is later than the effect; else returns why it is earlier, where that is known without
/// an audit.
fn without_audit(
    evidence: &Evidence,
    trace: &Trace,
    change: &Change,
    which: StepKind,
    state: &RowState,
) -> Result<(), Option<&'static str>> {
    let own = change.marker();
    match (&state.mark, &state.status) {
        (Mark::None, Status::Available) => Err(Some(FIRST)),
        (Mark::Of(marker), Status::Deleting) if *marker == own && which == StepKind::Release => {
            Err(Some(STILL_HELD))
        }
        // Another worker gave the row back.
        (Mark::Of(marker), Status::Available) if *marker == own => Ok(()),
        (mark @ Mark::Of(_), Status::Available) => {
            let writer = trace.find(change.row, mark);
            let released = writer.and_then(|index| evidence.changes[index].release.as_ref());
            let before =
                |step: &Step| step.outcome.is_ok() && step.returned < change.acquire.invoked;
            Err(released.is_some_and(before).then_some(OLD))
        }
        _ => Err(None),
    }
}
