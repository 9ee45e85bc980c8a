//! Was an address given twice?

mod found;
mod reported;

use super::evidence::Evidence;
use super::names::Names;
use crate::check::parts::{Findings, Unknown};
use crate::model::verdict::Answer;

/// Judges what the steps reported: no two changes may have an address of a subnet at once, of
/// whatever workers and through whatever pools. And asks every node: none may have an address of a
/// subnet as ALLOCATED in two rows, nor one that its pool does not have. What was found in the one
/// way is not listed again in the other. n·log n.
pub fn answer(evidence: &Evidence, names: &Names, uncontended: Option<Unknown>) -> Answer {
    let mut findings = Findings::default();
    let doubled = reported::find(evidence.changes, names, &mut findings);
    for node in evidence.differing_nodes() {
        found::find(node, names, &doubled, &mut findings);
    }
    let unknown = evidence.missing().map(Unknown::from).or(uncontended);
    findings.answer("unique-allocation", "was an address given twice?", unknown)
}

#[cfg(test)]
mod tests;
