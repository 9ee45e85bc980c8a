//! Judges a run by its history and by what it left in the database.
//!
//! Pure: nothing here does I/O or reads a clock, so the same evidence has the same verdict at any time.
//! [`judge`] asks every checker about rows that workers take and give back; [`parts`] has what checkers of
//! anything else are made of. Each answer is `valid`, `violated` with a witness, or `unknown` with the
//! reason.
//!
//! # Example: two holders at once
//!
//! Worker 0 holds row 0 from 10 to 100 ns. Worker 1 reports that it acquired the same row at 20 ns.
//!
//! ```
//! use contend_check::{Evidence, judge, synthetic};
//! use contend_model::verdict::Verdict;
//!
//! // Acquire called and returned, release called and returned.
//! let first = synthetic::change(0, 0, 0, [0, 10, 100, 110]);
//! let second = synthetic::change(1, 0, 0, [5, 20, 90, 95]);
//! let judgement = judge(&Evidence {
//!     rows: 1,
//!     changes: &[first, second],
//!     data: None,
//! });
//! assert!(matches!(judgement.verdict, Verdict::Violated(_)));
//! assert_eq!(judgement.answers[0].checker, "mutual-exclusion");
//!
//! // Workers in turn, and data to match: nothing is wrong.
//! let (changes, data) = synthetic::history(6, 2, 5);
//! let judgement = judge(&Evidence {
//!     rows: 2,
//!     changes: &changes,
//!     data: Some(&data),
//! });
//! assert_eq!(judgement.verdict, Verdict::Valid);
//! ```

#![forbid(unsafe_code)]

mod contention;
mod counted;
mod effect_before_ok;
mod every_change_counted;
mod evidence;
mod fairness;
mod findings;
mod heard;
mod meetings;
mod mutual_exclusion;
mod nodes_agree;
mod overlap;
pub mod parts;
mod progress;
pub mod synthetic;
mod trace;
mod transition_chain;

use contend_model as model;
pub use evidence::Evidence;
pub use fairness::{Fairness, OfWorker, Wait, fairness};
pub use progress::of_stuck;

use crate::model::change::Nanos;
use crate::model::contention::Contention;
use crate::model::verdict::{Answer, Judgement};
use contention::ROWS;
use heard::Heard;
use parts::{judgement, limited};
use trace::Trace;

/// Asks every checker. They stand in the order in which their prose helps most: of two violations
/// the overall verdict has the first. n·log n in the number of changes and effects; beside the
/// evidence it takes some 65 bytes per change.
pub fn judge(evidence: &Evidence) -> Judgement {
    judge_whole_from(evidence, None)
}

/// As [`judge`], of a simulation in which everything worked from some moment on: also asks whether
/// every change came to an end, which can't be held against a strategy where it is not known what else
/// went wrong.
pub fn judge_whole_from(evidence: &Evidence, whole_from: Option<Nanos>) -> Judgement {
    let heard = evidence.data.map(Heard::from);
    let contention = ROWS.among(evidence.changes, heard.as_ref());
    let answers = answers(evidence, &contention);
    judgement(answers, evidence.changes, contention, whole_from)
}

fn answers(evidence: &Evidence, contention: &Contention) -> Vec<Answer> {
    let uncontended = ROWS.missing(evidence.changes, contention);
    let trace = Trace::new(evidence.changes);
    vec![
        limited(mutual_exclusion::answer(evidence, uncontended), contention),
        limited(
            transition_chain::answer(evidence, &trace, uncontended),
            contention,
        ),
        every_change_counted::answer(evidence, &trace),
        effect_before_ok::answer(evidence, &trace),
        nodes_agree::answer(evidence),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::Change;
    use crate::model::contention::ONE_WRITER;
    use crate::model::nodes::NodeSet;
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
                "effect-before-ok",
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
        let judgement = judge_whole_from(&evidence, Some(0));
        assert_eq!(judgement.verdict, Verdict::Valid);
        assert_eq!(judgement.answers[5].checker, "progress");
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
                .all(|a| a.verdict.as_str() == "unknown")
        );
    }

    #[test]
    fn rivals_on_one_node_of_two_are_no_proof_unless_there_was_one_writer() {
        let (mut changes, data) = synthetic::history(6, 2, 5);
        let on = |changes: &mut [Change], node: fn(&Change) -> u32| {
            for change in changes {
                change.nodes = NodeSet::of(node(change));
            }
        };
        let judged = |changes: &[Change]| {
            judge(&Evidence {
                rows: 2,
                changes,
                data: Some(&data),
            })
        };
        on(&mut changes, |change| change.row);
        let dealt_apart = judged(&changes);
        let words: Vec<_> = dealt_apart
            .answers
            .iter()
            .map(|a| a.verdict.as_str())
            .collect();
        assert_eq!(words, ["unknown", "unknown", "valid", "valid", "valid"]);
        let why = dealt_apart.verdict.why();
        assert_eq!(why, Some("no row was contended from two nodes"));
        assert_eq!(dealt_apart.contention.unwrap().rows, 2);
        on(&mut changes, |_| 1);
        let one_writer = judged(&changes);
        assert_eq!(one_writer.verdict, Verdict::Valid);
        for answer in &one_writer.answers[..2] {
            assert_eq!(answer.remark.as_deref(), Some(ONE_WRITER));
        }
    }

    #[test]
    fn silent_and_unseen_nodes_are_of_the_cluster() {
        let (mut changes, mut data) = synthetic::history(6, 2, 5);
        for change in &mut changes {
            change.nodes = NodeSet::of(0);
        }
        data.nodes.truncate(1);
        data.silent = vec!["b".to_owned()];
        data.unseen = 1;
        let judgement = judge(&Evidence {
            rows: 2,
            changes: &changes,
            data: Some(&data),
        });
        assert_eq!(judgement.contention.unwrap().cluster, 3);
        assert_eq!(judgement.answers[0].remark.as_deref(), Some(ONE_WRITER));
    }

    /// Nor do those behind a pooler, whose nodes are not known.
    #[test]
    fn rivals_where_one_node_takes_writes_need_no_other_node() {
        let (mut changes, mut data) = synthetic::history(6, 2, 5);
        data.nodes.push(data.nodes[0].clone());
        data.has_primary = true;
        for nodes in [
            NodeSet::of(0),
            NodeSet::default(),
            NodeSet::from(vec![0, 1]),
        ] {
            for change in &mut changes {
                change.nodes = nodes;
            }
            let evidence = Evidence {
                rows: 2,
                changes: &changes,
                data: Some(&data),
            };
            let judgement = judge(&evidence);
            assert_eq!(
                judgement.verdict,
                Verdict::Valid,
                "{nodes:?}: {judgement:#?}"
            );
            assert_eq!(judgement.answers[0].remark, None, "{nodes:?}");
        }
    }

    #[test]
    fn a_run_without_contention_is_unknown_although_all_is_counted() {
        let (changes, data) = synthetic::history(2, 2, 3);
        let judgement = judge(&Evidence {
            rows: 2,
            changes: &changes,
            data: Some(&data),
        });
        let words: Vec<_> = judgement
            .answers
            .iter()
            .map(|a| a.verdict.as_str())
            .collect();
        assert_eq!(words, ["unknown", "unknown", "valid", "valid", "valid"]);
        assert!(judgement.verdict.why().unwrap().contains("contended"));
    }
}
