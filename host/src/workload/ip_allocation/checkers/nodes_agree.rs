//! After the run, are all nodes identical?

use super::evidence::Evidence;
use super::names::Names;
use super::prose::{Plain, Row};
use crate::check::parts::{Findings, differences, nodes_agree};
use crate::model::verdict::Answer;
use crate::workload::ip_allocation::tables::NodeAllocations;

/// Compares the rows and the ranges of every node, read when all workers had ended, with the first
/// node's: each that only one of the two has is a violation. n·log n.
pub fn answer(evidence: &Evidence, names: &Names) -> Answer {
    let mut findings = Findings::default();
    if let [first, others @ ..] = evidence.nodes() {
        for other in others {
            compare(names, first, other, &mut findings);
        }
    }
    nodes_agree(findings, evidence.heard())
}

fn compare(
    names: &Names,
    first: &NodeAllocations,
    other: &NodeAllocations,
    findings: &mut Findings,
) {
    let nodes = [&*first.node, &*other.node];
    for (request, on) in differences(&first.requests, &other.requests) {
        findings.add(None, || {
            let prose = describe(nodes, on, &Row(request).to_string());
            names.witness(&request.pool, prose, request.mark.marker())
        });
    }
    for (range, on) in differences(&first.ranges, &other.ranges) {
        findings.add(None, || {
            let (pool, first, last) = (Plain(&range.pool), Plain(&range.first), Plain(&range.last));
            let prose = describe(nodes, on, &format!("the range {first}–{last} of {pool}"));
            names.witness(&range.pool, prose, None)
        });
    }
}

fn describe(nodes: [&str; 2], on: usize, what: &str) -> String {
    let (has, lacks) = (nodes[on], nodes[1 - on]);
    format!("node {has} has {what}, and node {lacks} does not")
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::history;
    use super::*;
    use crate::model::verdict::Verdict;
    use crate::workload::ip_allocation::tables::Allocations;

    fn judge(change: impl FnOnce(&mut Allocations)) -> Answer {
        let (pools, changes, mut found) = history(6, 3, 3);
        change(&mut found);
        let evidence = Evidence {
            pools: &pools,
            changes: &changes,
            found: Some(&found),
        };
        answer(&evidence, &Names::new(&evidence))
    }

    #[test]
    fn identical_nodes_are_valid_in_any_order() {
        assert_eq!(judge(|_| ()).verdict, Verdict::Valid);
        let reversed = judge(|found| {
            found.nodes[1].requests.reverse();
            found.nodes[1].ranges.reverse();
        });
        assert_eq!((reversed.verdict, reversed.remark), (Verdict::Valid, None));
    }

    #[test]
    fn a_row_that_one_node_lacks_is_reported_whichever_it_is() {
        for (lacks, has) in [(0, "b"), (1, "a")] {
            let answer = judge(|found| {
                found.nodes[lacks].requests.remove(0);
            });
            let why = answer.verdict.why().unwrap();
            assert!(why.contains(&format!("node {has} has 10.0.0.")), "{why}");
            assert!(
                why.contains("as ALLOCATED (0_1) in ip_allocations"),
                "{why}"
            );
            assert_eq!((answer.verdict.as_str(), answer.further), ("violated", 0));
            let about = answer.about.unwrap();
            assert_eq!((about.row, about.markers.len()), (0, 1));
        }
    }

    #[test]
    fn a_row_that_differs_or_is_there_twice_is_reported() {
        let differs = judge(|found| found.nodes[1].requests[0].status = "RESERVED".into());
        assert_eq!((differs.verdict.as_str(), differs.further), ("violated", 1));
        let twice = judge(|found| {
            let row = found.nodes[1].requests[0].clone();
            found.nodes[1].requests.push(row);
        });
        assert_eq!((twice.verdict.as_str(), twice.further), ("violated", 0));
    }

    #[test]
    fn a_range_that_one_node_lacks_is_reported() {
        let answer = judge(|found| {
            found.nodes.push(found.nodes[0].clone());
            found.nodes[2].node = "c".into();
            found.nodes[2].ranges.pop();
        });
        let why = answer.verdict.why().unwrap();
        assert_eq!(
            why,
            "node a has the range 2001:db8:2::4–2001:db8:2:0:ffff:ffff:ffff:ffff of pool-2, and \
             node c does not"
        );
        assert_eq!(answer.about.unwrap().row, 2);
    }

    #[test]
    fn a_silent_node_is_not_taken_to_agree_and_one_alone_is_trivial() {
        let silent = judge(|found| found.silent.push("c".into()));
        let why = silent.verdict.why();
        assert_eq!(why, Some("after the run, no answer from c"));
        assert_eq!(silent.verdict.as_str(), "unknown");
        let alone = judge(|found| found.nodes.truncate(1));
        assert_eq!(alone.verdict, Verdict::Valid);
        assert!(alone.remark.unwrap().contains("trivial"));
        let none = judge(|found| found.nodes.clear());
        assert_eq!(none.verdict.as_str(), "unknown");
    }
}
