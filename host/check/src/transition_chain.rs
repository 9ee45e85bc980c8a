//! Is each row's sequence of transitions one chain, with no lost update?

mod graph;
mod prose;
mod takeover;

use super::evidence::Evidence;
use super::findings::{Findings, Unknown};
use super::trace::Trace;
use crate::model::data::FinalRows;
use crate::model::verdict::Answer;
use graph::Graph;

/// Takes the net changes of committed transactions in no order (a cluster's audit has none to trust)
/// and links them by states, which markers make unique. Then each row must be a single path: from the
/// state in which every row begins, by legal transitions only, leaving and entering each state at most
/// once, over all its changes, to the state that every node ends in. Legal are available →
/// deleting(m) and deleting(m) → available(m), for a change m of that row; and deleting(m) →
/// deleting(n), a takeover, where the hold of m was over or mutual-exclusion reports that it was not.
///
/// Every bad change and every fork is a finding of its own; where a path breaks off is asked only
/// of rows without these, which would break for that reason. Linear but for the look-up of markers.
pub fn answer(evidence: &Evidence, trace: &Trace, uncontended: Option<Unknown>) -> Answer {
    let mut findings = Findings::default();
    let unknown = match evidence.data {
        None => Some("the run was cut, so there is no data to hold its history against".into()),
        Some(FinalRows { effects: None, .. }) => {
            Some("the run kept no audit of its updates".into())
        }
        Some(FinalRows {
            effects: Some(effects),
            nodes,
            ..
        }) => {
            let mut graph = Graph::new(evidence, trace, effects);
            graph.link(&mut findings);
            graph.find_loose_ends(&mut findings);
            graph.compare_ends(nodes, &mut findings);
            match nodes.is_empty() {
                true => {
                    Some("no node answered after the run, so the rows' ends are not known".into())
                }
                false if graph.is_unclear() => Some(
                    "a row was taken over from a worker whose release was in flight or is not on \
                     record, so it is not known if it still held the row"
                        .into(),
                ),
                false => uncontended,
            }
        }
    };
    let question = "is each row's sequence of transitions one chain, with no lost update?";
    findings.answer("transition-chain", question, unknown)
}

#[cfg(test)]
mod tests;
