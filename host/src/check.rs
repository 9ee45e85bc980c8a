//! Judges a run by its history and by what it left in the database. Pure: nothing here does I/O
//! or reads a clock, so a verdict can be had again from the run's folder at any time.

mod contention;
mod every_change_counted;
mod fairness;
mod findings;
pub mod ip_allocation;
mod mutual_exclusion;
mod nodes_agree;
mod overlap;
mod progress;
#[doc(hidden)]
pub mod synthetic;
mod trace;
mod transition_chain;

pub use fairness::{Fairness, OfWorker, Wait, fairness};

use crate::model::change::{Change, Nanos};
use crate::model::data::Data;
use crate::model::verdict::{Answer, Judgement};
use trace::Trace;

/// What there is to judge by.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The number of rows that the workload made.
    pub rows: u32,
    /// The history, in any order.
    pub changes: &'a [Change],
    /// What was read from the database afterwards; absent when the run was cut
    /// before that, or when the history lacks some of its changes.
    pub data: Option<&'a Data>,
}

/// Asks every checker. They stand in the order in which their prose helps most: of two violations
/// the overall verdict tells the first. n·log n in the number of changes and effects; beside the
/// evidence it takes some 65 bytes per change.
pub fn judge(evidence: &Evidence) -> Judgement {
    Judgement::of(answers(evidence))
}

/// As [`judge`], of a simulation in which everything worked from this moment on: also asks whether
/// every change came to an end, which can't be held against a strategy where nobody knows what else
/// went wrong.
pub fn judge_simulated(evidence: &Evidence, whole_from: Nanos) -> Judgement {
    let mut answers = answers(evidence);
    answers.push(progress::answer(evidence.changes, whole_from));
    Judgement::of(answers)
}

fn answers(evidence: &Evidence) -> Vec<Answer> {
    let uncontended = contention::missing(evidence.changes);
    let trace = Trace::new(evidence.changes);
    vec![
        mutual_exclusion::answer(evidence, uncontended),
        transition_chain::answer(evidence, &trace, uncontended),
        every_change_counted::answer(evidence, &trace),
        nodes_agree::answer(evidence),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::verdict::Verdict;

    #[test]
    fn a_right_history_is_valid_by_every_checker() {
        let (changes, data) = synthetic::history(6, 2, 5);
        let judgement = judge(&Evidence {
            rows: 2,
            changes: &changes,
            data: Some(&data),
        });
        assert_eq!(judgement.verdict, Verdict::Valid, "{judgement:#?}");
        let checkers: Vec<_> = judgement.answers.iter().map(|a| &*a.checker).collect();
        assert_eq!(
            checkers,
            [
                "mutual-exclusion",
                "transition-chain",
                "every-change-counted",
                "nodes-agree"
            ]
        );
        assert!(judgement.answers.iter().all(|a| a.further == 0));
    }

    #[test]
    fn the_order_of_history_and_audit_means_nothing() {
        let (mut changes, mut data) = synthetic::history(6, 2, 5);
        changes.reverse();
        data.effects.as_mut().unwrap().reverse();
        let judgement = judge(&Evidence {
            rows: 2,
            changes: &changes,
            data: Some(&data),
        });
        assert_eq!(judgement.verdict, Verdict::Valid, "{judgement:#?}");
    }

    #[test]
    fn a_simulation_is_also_asked_whether_all_came_to_an_end() {
        let (changes, data) = synthetic::history(6, 2, 5);
        let evidence = Evidence {
            rows: 2,
            changes: &changes,
            data: Some(&data),
        };
        let judgement = judge_simulated(&evidence, 0);
        assert_eq!(judgement.verdict, Verdict::Valid);
        assert_eq!(judgement.answers[4].checker, "progress");
    }

    #[test]
    fn an_empty_run_is_no_proof() {
        let judgement = judge(&Evidence {
            rows: 2,
            changes: &[],
            data: None,
        });
        assert!(
            judgement
                .answers
                .iter()
                .all(|a| a.verdict.word() == "unknown")
        );
    }

    #[test]
    fn a_run_without_contention_is_unknown_although_all_is_counted() {
        let (changes, data) = synthetic::history(2, 2, 3);
        let judgement = judge(&Evidence {
            rows: 2,
            changes: &changes,
            data: Some(&data),
        });
        let words: Vec<_> = judgement.answers.iter().map(|a| a.verdict.word()).collect();
        assert_eq!(words, ["unknown", "unknown", "valid", "valid"]);
        assert!(judgement.verdict.why().unwrap().contains("contended"));
    }
}
