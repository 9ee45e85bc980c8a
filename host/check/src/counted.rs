//! Number of effects that a step explains.

use crate::model::change::{Settled, Step};
use crate::model::outcome::Outcome;

/// Returns the least and the most effects that the step may have had, by what it reported and by
/// what settling found.
pub fn effects_of(step: &Step) -> (u32, u32) {
    match (&step.outcome, step.settled) {
        (Outcome::Ok, _) => (1, 1),
        (Outcome::Failed(_), _) => (0, 0),
        (Outcome::Indeterminate(_), Some(Settled::TookEffect)) => (1, 1),
        (Outcome::Indeterminate(_), Some(Settled::NoEffect)) => (0, 0),
        (Outcome::Indeterminate(_), Some(Settled::Unknown) | None) => (0, 1),
    }
}
