//! After the run, are all nodes identical?

use super::evidence::Evidence;
use super::findings::{Findings, Ms, Witness};
use super::heard::{CUT, Heard};
use crate::model::change::Change;
use crate::model::data::NodeRows;
use crate::model::verdict::Answer;

/// Compares the rows of every node, read when all workers had ended, with the first node's. What
/// was seen during the run is a remark: a reading that was late is what replication is, not a
/// fault of a strategy. Linear.
pub fn answer(evidence: &Evidence) -> Answer {
    let nodes = evidence.data.map_or(&[][..], |data| &data.nodes);
    let mut findings = Findings::default();
    if let [first, others @ ..] = nodes {
        compare_rows(first, others, &mut findings);
        compare_foreign(first, others, &mut findings);
    }
    let mut answer = conclude(findings, evidence.data.map(Heard::from));
    if answer.remark.is_none() && !nodes.is_empty() {
        answer.remark = staleness(evidence.changes);
    }
    answer
}

/// The answer, whatever the nodes have: unknown if one of them was not heard, or if there is no data;
/// with a remark if there was nothing to compare.
pub fn conclude(findings: Findings, heard: Option<Heard>) -> Answer {
    let (unknown, is_trivial) = match heard {
        None => (Some(CUT.to_owned()), false),
        Some(Heard { nodes: 0, .. }) => (Some("no node answered after the run".to_owned()), false),
        Some(Heard {
            nodes,
            silent: [],
            unseen: 0,
            ..
        }) => (None, nodes == 1),
        Some(Heard {
            nodes,
            silent: [],
            unseen,
            ..
        }) => {
            let all = nodes as u64 + u64::from(unseen);
            let were = if unseen == 1 { "was" } else { "were" };
            let why =
                format!("{unseen} of {all} nodes {were} not looked at; name them with --node");
            (Some(why), false)
        }
        Some(Heard { silent, .. }) => {
            let silent = silent.join(", ");
            (
                Some(format!("after the run, no answer from {silent}")),
                false,
            )
        }
    };
    let question = "after the run, are all nodes identical?";
    let mut answer = findings.answer("nodes-agree", question, unknown.as_deref());
    answer.remark = is_trivial.then(|| "trivial: one node, nothing to compare".to_owned());
    answer
}

fn compare_rows(first: &NodeRows, others: &[NodeRows], findings: &mut Findings) {
    let rows = others.iter().map(|node| node.rows.len()).max();
    for row in 0..rows.unwrap_or(0).max(first.rows.len()) {
        let state = |node: &NodeRows| match node.rows.get(row) {
            Some(Some(state)) => state.to_string(),
            _ => "gone".to_owned(),
        };
        let differs = |node: &&NodeRows| {
            node.rows.get(row).and_then(Option::as_ref)
                != first.rows.get(row).and_then(Option::as_ref)
        };
        if let Some(other) = others.iter().find(differs) {
            findings.add(None, || {
                let prose = format!(
                    "row {row} is {} on node {} and {} on node {}",
                    state(first),
                    first.node,
                    state(other),
                    other.node
                );
                let mark = |node: &NodeRows| node.rows.get(row)?.as_ref()?.mark.marker();
                Witness::about(prose, row as u32, [mark(first), mark(other)])
            });
        }
    }
}

fn compare_foreign(first: &NodeRows, others: &[NodeRows], findings: &mut Findings) {
    for other in others {
        for (id, on) in differences(&first.foreign, &other.foreign) {
            let (has, lacks) = match on {
                0 => (first, other),
                _ => (other, first),
            };
            findings.add(None, || {
                format!(
                    "node {} has a row {id:?} that node {} lacks",
                    has.node, lacks.node
                )
                .into()
            });
        }
    }
}

/// The items that only one of the two has, with its place among them, 0 or 1. As often as it has it more often.
pub fn differences<'a, T: Ord>(one: &'a [T], other: &'a [T]) -> Vec<(&'a T, usize)> {
    let sorted = |items: &'a [T]| {
        let mut items: Vec<_> = items.iter().collect();
        items.sort_unstable();
        items.into_iter().peekable()
    };
    let (mut one, mut other) = (sorted(one), sorted(other));
    let mut differences = Vec::new();
    loop {
        match (one.peek(), other.peek()) {
            (None, None) => return differences,
            (Some(a), Some(b)) if a == b => {
                one.next();
                other.next();
            }
            (Some(a), b) if b.is_none_or(|b| a < b) => {
                differences.extend(one.next().map(|item| (item, 0)));
            }
            _ => differences.extend(other.next().map(|item| (item, 1))),
        }
    }
}

/// Describes the time until the nodes agreed, as the changes' own checks saw it.
fn staleness(changes: &[Change]) -> Option<String> {
    let checks = || changes.iter().filter_map(|change| change.check);
    let agreed = checks().filter(|check| check.agreed);
    let longest = agreed
        .map(|check| check.ended.saturating_sub(check.began))
        .max();
    let disagreed = checks().filter(|check| check.disagreed()).count();
    let unread = checks().filter(|check| check.is_unread()).count();
    let longest =
        longest.map(|ns| format!("the longest check until all nodes agreed took {}", Ms(ns)));
    let disagreed = match disagreed {
        0 => None,
        1 => Some("1 check did not agree in its last try".to_owned()),
        n => Some(format!("{n} checks did not agree in their last try")),
    };
    let unread = match unread {
        0 => None,
        1 => Some("1 check could not read all nodes".to_owned()),
        n => Some(format!("{n} checks could not read all nodes")),
    };
    let shown: Vec<_> = [longest, disagreed, unread].into_iter().flatten().collect();
    (!shown.is_empty()).then(|| shown.join("; "))
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::history;
    use super::*;
    use crate::model::data::{FinalRows, RowState};
    use crate::model::verdict::Verdict;

    fn judge(changes: &[Change], data: Option<&FinalRows>) -> Answer {
        answer(&Evidence {
            rows: 2,
            changes,
            data,
        })
    }

    #[test]
    fn identical_nodes_are_valid_and_the_remark_has_their_lateness() {
        let (mut changes, data) = history(4, 2, 3);
        changes[3].check.as_mut().unwrap().ended = changes[3].acquire.returned + 7_654_321;
        let answer = judge(&changes, Some(&data));
        assert_eq!(answer.verdict, Verdict::Valid);
        let longest = "the longest check until all nodes agreed took 7.654 ms";
        assert_eq!(answer.remark.as_deref(), Some(longest));
        changes[5].check.as_mut().unwrap().agreed = false;
        changes[5].check.as_mut().unwrap().ended += 1_000_000_000;
        let remark = judge(&changes, Some(&data)).remark.unwrap();
        assert_eq!(
            remark,
            format!("{longest}; 1 check did not agree in its last try")
        );
        changes[6].check.as_mut().unwrap().agreed = false;
        let remark = judge(&changes, Some(&data)).remark.unwrap();
        assert!(remark.contains("2 checks did not agree"), "{remark}");
        changes[6].check.as_mut().unwrap().tries = 0;
        let remark = judge(&changes, Some(&data)).remark.unwrap();
        let both = "1 check did not agree in its last try; 1 check could not read all nodes";
        assert!(remark.contains(both), "{remark}");
        changes.iter_mut().for_each(|change| change.check = None);
        assert_eq!(judge(&changes, Some(&data)).remark, None);
    }

    #[test]
    fn a_differing_row_is_reported_with_both_states_whichever_node_it_is_on() {
        let (changes, mut data) = history(4, 2, 3);
        data.nodes.push(data.nodes[0].clone());
        data.nodes[2].node = "c".into();
        data.nodes[2].rows[1] = Some(RowState::initial());
        let answer = judge(&changes, Some(&data));
        assert_eq!(
            answer.verdict.why(),
            Some("row 1 is available (3_2) on node a and available (no marker) on node c")
        );
        assert_eq!((answer.verdict.as_str(), answer.further), ("violated", 0));
        data.nodes[1].rows[0] = None;
        let answer = judge(&changes, Some(&data));
        let why = answer.verdict.why().unwrap();
        assert_eq!(why, "row 0 is available (2_2) on node a and gone on node b");
        assert_eq!(answer.further, 1);
        data.nodes[0].rows.truncate(1);
        data.nodes[0].rows[0] = None;
        let answer = judge(&changes, Some(&data));
        let why = answer.verdict.why().unwrap();
        assert_eq!(why, "row 0 is gone on node a and available (2_2) on node c");
        assert_eq!(
            answer.further, 1,
            "row 1 is missing at the end of node a's rows"
        );
    }

    #[test]
    fn a_foreign_row_on_one_node_only_is_reported() {
        for with in [0, 1] {
            let (changes, mut data) = history(4, 2, 3);
            data.nodes[with].foreign.push("x".into());
            let answer = judge(&changes, Some(&data));
            assert_eq!(answer.verdict.as_str(), "violated");
            assert!(answer.verdict.why().unwrap().contains("has a row \"x\""));
        }
        let (changes, mut data) = history(4, 2, 3);
        data.nodes[0].foreign = vec!["x".into(), "y".into()];
        data.nodes[1].foreign = vec!["y".into(), "x".into()];
        assert_eq!(judge(&changes, Some(&data)).verdict, Verdict::Valid);
    }

    #[test]
    fn a_silent_node_is_not_taken_to_agree() {
        let (changes, mut data) = history(4, 2, 3);
        data.silent.push("c".into());
        let answer = judge(&changes, Some(&data));
        assert_eq!(
            answer.verdict.why(),
            Some("after the run, no answer from c")
        );
        assert_eq!(answer.verdict.as_str(), "unknown");
        data.nodes.truncate(1);
        let answer = judge(&changes, Some(&data));
        assert_eq!(answer.verdict.as_str(), "unknown");
        assert!(!answer.remark.unwrap_or_default().contains("trivial"));
    }

    #[test]
    fn one_node_is_trivial_and_none_is_unknown() {
        let (changes, mut data) = history(4, 2, 3);
        data.nodes.truncate(1);
        let answer = judge(&changes, Some(&data));
        assert_eq!(answer.verdict, Verdict::Valid);
        assert!(answer.remark.unwrap().contains("trivial"));
        data.nodes.clear();
        assert_eq!(judge(&changes, Some(&data)).verdict.as_str(), "unknown");
        assert_eq!(judge(&changes, None).verdict.as_str(), "unknown");
    }

    #[test]
    fn members_that_were_not_looked_at_are_no_agreement_and_one_of_them_is_not_trivial() {
        let (changes, mut data) = history(4, 2, 3);
        data.nodes.truncate(1);
        data.unseen = 2;
        let answer = judge(&changes, Some(&data));
        let why = answer.verdict.why();
        assert_eq!(
            why,
            Some("2 of 3 nodes were not looked at; name them with --node")
        );
        assert_eq!(answer.verdict.as_str(), "unknown");
        assert!(!answer.remark.unwrap_or_default().contains("trivial"));
        data.unseen = 1;
        let one = judge(&changes, Some(&data)).verdict;
        assert!(
            one.why()
                .unwrap()
                .contains("1 of 2 nodes was not looked at")
        );
        data.nodes[0].rows[1] = None;
        data.nodes.push(history(4, 2, 3).1.nodes[1].clone());
        let differs = judge(&changes, Some(&data)).verdict;
        assert_eq!(differs.as_str(), "violated", "what was seen counts");
    }
}
