//! The order in which a row's updates were committed.

use super::super::evidence::Evidence;
use super::super::trace::Trace;
use crate::model::change::{Nanos, StepKind};
use crate::model::data::{AuditEntry, RowState, Status};

/// In place of an effect or of a place: there is none, or it is not known.
const NONE: u32 = u32::MAX;

/// Two updates leave the same state.
const FORK: u32 = u32::MAX - 1;

/// Each row's chain of updates, from the state in which it began: the update that leaves a state is
/// the one that comes after it. Change c owns the states 2c (deleting) and 2c+1 (available); behind
/// these comes one initial state per row. Where a chain breaks (two updates out of one state, a state
/// that is entered twice, a state that no transition leads to), the places behind are not known.
pub struct Order<'a> {
    evidence: &'a Evidence<'a>,
    trace: &'a Trace,
    /// By state: how many updates led there.
    place: Vec<u32>,
    /// By state: some update led there.
    reached: Vec<bool>,
}

/// A step whose update came too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late {
    /// The index of its change.
    pub own: (usize, StepKind),
    /// The update before it, of a change that was invoked after this step had ended ok.
    pub before: (usize, StepKind),
}

impl<'a> Order<'a> {
    /// Links the updates and collects the steps whose updates came too late: by the order of all rows
    /// together where the updates come in it, else by that of each row.
    pub fn new(
        evidence: &'a Evidence<'a>,
        trace: &'a Trace,
        effects: &[AuditEntry],
        is_ordered: bool,
        late: &mut Vec<Late>,
    ) -> Self {
        let states = 2 * evidence.changes.len() + evidence.rows as usize;
        let mut order = Self {
            evidence,
            trace,
            place: vec![NONE; states],
            reached: vec![false; states],
        };
        // By state: the update that leaves it.
        let mut next = vec![NONE; states];
        for (index, effect) in effects.iter().enumerate() {
            if let Some(to) = order.led_to(effect) {
                order.reached[to] = true;
            }
            let from = effect.from.as_ref();
            if let Some(from) = from.and_then(|from| order.state(effect.row, from)) {
                next[from] = match next[from] {
                    NONE => index as u32,
                    _ => FORK,
                };
            }
        }
        for row in 0..evidence.rows {
            let steps = order.walk(row, effects, &next);
            if !is_ordered {
                order.find_late(steps, late);
            }
        }
        if is_ordered {
            let mut seen = vec![false; states];
            let first = |state: &usize| !std::mem::replace(&mut seen[*state], true);
            let led_to = effects.iter().filter_map(|effect| order.led_to(effect));
            let states: Vec<usize> = led_to.filter(first).collect();
            order.find_late(states, late);
        }
        order
    }

    fn led_to(&self, effect: &AuditEntry) -> Option<usize> {
        self.state(effect.row, effect.to.as_ref()?)
    }

    /// The states of a row's chain in their order, but for the first.
    fn walk(&mut self, row: u32, effects: &[AuditEntry], next: &[u32]) -> Vec<usize> {
        let mut state = self.initial(row);
        let mut states = Vec::new();
        self.place[state] = 0;
        for place in 1.. {
            let effect = effects.get(next[state] as usize);
            let Some(to) = effect.and_then(|effect| self.led_to(effect)) else {
                break;
            };
            if self.place[to] != NONE {
                self.place[to] = NONE;
                break;
            }
            self.place[to] = place;
            states.push(to);
            state = to;
        }
        states
    }

    fn find_late(&self, states: Vec<usize>, late: &mut Vec<Late>) {
        // Of the updates so far, the one whose change was invoked last.
        let mut newest: Option<(Nanos, (usize, StepKind))> = None;
        for own in states.into_iter().filter_map(|state| self.owner(state)) {
            let change = &self.evidence.changes[own.0];
            let reported = change.step(own.1).filter(|step| step.outcome.is_ok());
            if let (Some(reported), Some((invoked, before))) = (reported, newest)
                && invoked > reported.returned
            {
                late.push(Late { own, before });
            }
            // A release may be another worker's doing, who took the row away, so all that is known of
            // it is that it came after its acquire was invoked.
            let invoked = change.acquire.invoked;
            if newest.is_none_or(|(newest, _)| invoked > newest) {
                newest = Some((invoked, own));
            }
        }
    }

    /// The number of updates before the row was in this state; `None` where that is not known.
    pub fn place(&self, row: u32, state: &RowState) -> Option<u32> {
        let state = self.state(row, state)?;
        Some(self.place[state]).filter(|&place| place != NONE)
    }

    /// True if any update led to this state.
    pub fn is_reached(&self, row: u32, state: &RowState) -> bool {
        self.state(row, state)
            .is_some_and(|state| self.reached[state])
    }

    fn state(&self, row: u32, state: &RowState) -> Option<usize> {
        if row >= self.evidence.rows {
            return None;
        }
        if *state == RowState::initial() {
            return Some(self.initial(row));
        }
        let which = match state.status {
            Status::Deleting => StepKind::Acquire,
            Status::Available => StepKind::Release,
            Status::Other(_) => return None,
        };
        let change = self.trace.find(row, &state.mark)?;
        Some(2 * change + which as usize)
    }

    fn owner(&self, state: usize) -> Option<(usize, StepKind)> {
        let which = match state % 2 {
            0 => StepKind::Acquire,
            _ => StepKind::Release,
        };
        (state < 2 * self.evidence.changes.len()).then_some((state / 2, which))
    }

    fn initial(&self, row: u32) -> usize {
        2 * self.evidence.changes.len() + row as usize
    }
}
