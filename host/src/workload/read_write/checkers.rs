//! Judges a run; pure, as all checkers are. A change is a visit here, its row the number of its document.
//!
//! Two kinds of proof stand beside each other. `exclusion` and `reader-limit` take the times between which a
//! visitor was at a document from the host's own clock: from the return of its enter to the call of its leave,
//! and only of visits whose row is in the database. `undisturbed` and `every-write-counted` need no clock: what
//! each visitor found on entering and on leaving stands in its row, in the order of the database.

mod evidence;
mod exclusion;
mod limit;
mod nodes_agree;
mod recorded;
mod spans;
mod undisturbed;
mod writes;

pub(super) use self::evidence::Evidence;

use crate::check::parts::{Rivalry, judgement, limited};
use crate::model::change::Nanos;
use crate::model::verdict::Judgement;

/// Until its leave has returned, a visitor may be in another one's way.
const VISITS: Rivalry = Rivalry {
    until: |change| change.steps().last().map_or(0, |step| step.returned),
    never_held: "no worker ever entered a document",
    never_met: "nothing was contended: no two workers were ever at one document at once",
};

/// Asks every checker; of two violations the overall verdict has the first. n·log n in the number of visits.
pub(super) fn judge(evidence: &Evidence, whole_from: Option<Nanos>) -> Judgement {
    let contention = VISITS.among(evidence.changes, evidence.heard().as_ref());
    let uncontended = VISITS.missing(evidence.changes, &contention);
    let mut answers = vec![limited(
        exclusion::answer(evidence, uncontended),
        &contention,
    )];
    if let Some(limit) = evidence.limit {
        let answer = limit::answer(evidence, limit, uncontended);
        answers.push(limited(answer, &contention));
    }
    answers.extend([
        undisturbed::answer(evidence),
        recorded::answer(evidence),
        writes::answer(evidence),
        nodes_agree::answer(evidence),
    ]);
    judgement(answers, evidence.changes, contention, whole_from)
}

#[cfg(test)]
mod synthetic;
#[cfg(test)]
mod tests;
