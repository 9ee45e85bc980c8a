//! Is anything left REQUESTED or RESERVED?

use super::evidence::Evidence;
use super::names::Names;
use super::prose::{Row, owner};
use crate::check::parts::{Findings, Witness};
use crate::model::change::Change;
use crate::model::verdict::Answer;
use crate::workload::ip_allocation::tables::{NodeAllocations, Request};

/// Looks, on every node, for rows that a worker began and did not finish, when all workers have ended.
/// One of a change that ended indeterminate (as one does whose instance died) is excused with a
/// remark: no worker was left to finish it. A change that ended ok or failed had the time to. Linear but
/// for the look-up of markers.
pub fn answer(evidence: &Evidence, names: &Names) -> Answer {
    let mut findings = Findings::default();
    let mut remark = None;
    for node in evidence.differing_nodes() {
        let pending = node.requests.iter().filter(|row| row.is_pending());
        let is_excused = |row: &&Request| names.change(row).is_some_and(Change::is_indeterminate);
        let (excused, wrong): (Vec<_>, Vec<_>) = pending.partition(is_excused);
        for request in wrong {
            let at = names.change(request).map(|change| change.acquire.returned);
            findings.add(at, || describe(node, names, request));
        }
        remark = remark.or_else(|| excuse(node, names, &excused));
    }
    let question = "is anything left REQUESTED or RESERVED?";
    let mut answer = findings.answer("nothing-pending", question, evidence.missing());
    answer.remark = remark;
    answer
}

fn describe(node: &NodeAllocations, names: &Names, request: &Request) -> Witness {
    let (node, row, owner) = (&node.node, Row(request), owner(names, request));
    let prose = format!(
        "when all workers had ended, node {node} still had {row}, which belongs to {owner}"
    );
    names.witness(&request.pool, prose, request.mark.marker())
}

fn excuse(node: &NodeAllocations, names: &Names, excused: &[&Request]) -> Option<String> {
    let (first, others) = excused.split_first()?;
    let (node, row, owner) = (&node.node, Row(first), owner(names, first));
    let others = match others.len() {
        0 => String::new(),
        n => format!(", and {n} more"),
    };
    Some(format!(
        "excused: node {node} still has {row}, which belongs to {owner}{others}; what ended \
         indeterminate could not be finished"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::history;
    use super::*;
    use crate::model::marker::Mark;
    use crate::model::outcome::Outcome;
    use crate::model::pool::Pool;
    use crate::model::verdict::Verdict;
    use crate::workload::ip_allocation::tables::Allocations;

    fn judge(pools: &[Pool], changes: &[Change], found: Option<&Allocations>) -> Answer {
        let evidence = Evidence {
            pools,
            changes,
            found,
        };
        answer(&evidence, &Names::new(&evidence))
    }

    /// Worker 3's first allocation is left like this on both nodes.
    fn left(status: &str) -> (Vec<Pool>, Vec<Change>, Allocations) {
        let (pools, changes, mut found) = history(4, 2, 2);
        for node in &mut found.nodes {
            let mark = Mark::from(Some("3_0".to_owned()));
            let row = node.requests.iter_mut().find(|row| row.mark == mark);
            row.unwrap().status = status.to_owned();
        }
        (pools, changes, found)
    }

    #[test]
    fn unfinished_request_is_reported_once_for_all_nodes() {
        for status in ["RESERVED", "REQUESTED"] {
            let (pools, changes, found) = left(status);
            let answer = judge(&pools, &changes, Some(&found));
            assert_eq!(
                answer.verdict,
                Verdict::Violated(format!(
                    "when all workers had ended, node a still had 10.16.0.1 of pool-1 as {status} \
                     (3_0) in ip_allocations, which belongs to worker 3 (3_0), whose allocation \
                     ended ok at 1.400 ms"
                ))
            );
            assert_eq!(answer.further, 0);
            assert_eq!(answer.about.unwrap().row, 1);
        }
    }

    #[test]
    fn allocated_or_free_address_is_not_pending() {
        for status in ["ALLOCATED", "RECYCLABLE"] {
            let (pools, changes, found) = left(status);
            let answer = judge(&pools, &changes, Some(&found));
            assert_eq!(answer.verdict, Verdict::Valid);
            assert_eq!(answer.remark, None);
        }
    }

    #[test]
    fn what_ended_indeterminate_is_excused_with_a_remark() {
        let (pools, mut changes, found) = left("RESERVED");
        let change = changes.iter_mut().find(|c| (c.worker, c.number) == (3, 0));
        change.unwrap().acquire.outcome = Outcome::indeterminate("trap", "");
        let answer = judge(&pools, &changes, Some(&found));
        assert_eq!(answer.verdict, Verdict::Valid);
        let remark = answer.remark.unwrap();
        assert!(
            remark.contains("10.16.0.1 of pool-1 as RESERVED"),
            "{remark}"
        );
        assert!(remark.contains("indeterminate (trap) at"), "{remark}");
    }

    #[test]
    fn foreign_row_is_reported_on_the_node_that_has_it() {
        for mark in [None, Some("somebody"), Some("9_9"), Some("2_0")] {
            let (pools, changes, mut found) = left("ALLOCATED");
            let mut row = found.nodes[1].requests[0].clone();
            row.pool = "pool-1".to_owned();
            row.status = "REQUESTED".to_owned();
            row.mark = Mark::from(mark.map(str::to_owned));
            found.nodes[1].requests.push(row);
            let answer = judge(&pools, &changes, Some(&found));
            let why = answer.verdict.why().unwrap();
            assert!(why.contains("node b still had"), "{why}");
            assert!(why.contains("no change of this run"), "{why}");
        }
    }

    #[test]
    fn without_data_it_is_unknown() {
        let (pools, changes, mut found) = left("ALLOCATED");
        let why = judge(&pools, &changes, None).verdict;
        assert!(why.why().unwrap().contains("cut"));
        found.nodes.clear();
        let why = judge(&pools, &changes, Some(&found)).verdict;
        assert!(why.why().unwrap().contains("no node"));
    }
}
