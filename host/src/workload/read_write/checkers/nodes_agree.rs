//! After the run, are all nodes identical?

use super::evidence::Evidence;
use crate::check::parts::{Findings, differences, nodes_agree};
use crate::model::verdict::Answer;
use crate::workload::read_write::tables::NodeVisits;

/// Compares the tables of every node, read when all workers had ended, with the first node's. n·log n.
pub(super) fn answer(evidence: &Evidence) -> Answer {
    let mut findings = Findings::default();
    if let [first, others @ ..] = evidence.nodes() {
        for other in others {
            compare(first, other, &mut findings);
        }
    }
    nodes_agree(findings, evidence.heard())
}

fn compare(first: &NodeVisits, other: &NodeVisits, findings: &mut Findings) {
    let nodes = [&*first.node, &*other.node];
    let mut add = |what: String, on: usize| {
        let (has, lacks) = (nodes[on], nodes[1 - on]);
        findings.add(None, || {
            format!("node {has} has {what}, and node {lacks} does not").into()
        });
    };
    for (document, on) in differences(&first.documents, &other.documents) {
        let version = document.version.unwrap_or_default();
        add(
            format!("document {:?} in version {version}", document.id),
            on,
        );
    }
    for (visit, on) in differences(&first.visits, &other.visits) {
        add(format!("another row of visit {}", visit.mark), on);
    }
}
