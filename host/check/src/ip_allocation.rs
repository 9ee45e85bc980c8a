//! Judges a run of ip-allocation. A change is an allocation here, its row the number of its pool.

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

use super::{limited, progress};
use crate::model::change::Nanos;
use crate::model::contention::Contention;
use crate::model::verdict::{Answer, Judgement};
pub use evidence::Evidence;
use names::Names;

/// Asks every checker. They stand in the order in which their prose helps most: of two violations
/// the overall verdict tells the first. n·log n in the number of changes and rows.
pub fn judge(evidence: &Evidence) -> Judgement {
    let contention = evidence.contention();
    Judgement::of(answers(evidence, &contention)).and_contention(contention)
}

/// As [`judge`], of a simulation in which everything worked from this moment on: also asks whether
/// every change came to an end.
pub fn judge_simulated(evidence: &Evidence, whole_from: Nanos) -> Judgement {
    let contention = evidence.contention();
    let mut answers = answers(evidence, &contention);
    answers.push(progress::answer(evidence.changes, whole_from));
    Judgement::of(answers).and_contention(contention)
}

fn answers(evidence: &Evidence, contention: &Contention) -> Vec<Answer> {
    let uncontended = contention::missing(evidence.changes, contention);
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
