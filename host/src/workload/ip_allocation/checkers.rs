//! Judges a run; pure, as all checkers are. A change is an allocation here, its row the number of its pool.

mod contention;
mod effect_before_ok;
mod every_change_counted;
mod evidence;
mod exhaustion;
mod names;
mod nodes_agree;
mod nothing_pending;
mod prose;
mod ranges_agree;
#[cfg(test)]
mod synthetic;
mod unique_allocation;

use self::contention::ADDRESSES;
pub use self::evidence::Evidence;
use self::names::Names;
use crate::check::parts::{judgement, limited};
use crate::model::change::Nanos;
use crate::model::contention::Contention;
use crate::model::verdict::{Answer, Judgement};

/// Asks every checker. They stand in the order in which their prose helps most: of two violations
/// the overall verdict has the first. Of a simulation in which everything worked from this moment on,
/// also asks whether every change came to an end. n·log n in the number of changes and rows.
pub fn judge(evidence: &Evidence, whole_from: Option<Nanos>) -> Judgement {
    let contention = ADDRESSES.among(evidence.changes, evidence.heard().as_ref());
    let answers = answers(evidence, &contention);
    judgement(answers, evidence.changes, contention, whole_from)
}

fn answers(evidence: &Evidence, contention: &Contention) -> Vec<Answer> {
    let uncontended = ADDRESSES.missing(evidence.changes, contention);
    let names = Names::new(evidence);
    vec![
        limited(
            unique_allocation::answer(evidence, &names, uncontended),
            contention,
        ),
        every_change_counted::answer(evidence, &names),
        effect_before_ok::answer(evidence),
        nothing_pending::answer(evidence, &names),
        ranges_agree::answer(evidence, &names),
        exhaustion::answer(evidence),
        nodes_agree::answer(evidence, &names),
    ]
}

#[cfg(test)]
mod tests;
