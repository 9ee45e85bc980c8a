//! Judges a run of ip-allocation. A change is an allocation here, its row the number of its pool.

mod contention;
mod effect_before_ok;
mod every_change_counted;
mod exhaustion;
mod names;
mod nodes_agree;
mod nothing_pending;
mod prose;
mod ranges_agree;
#[cfg(test)]
mod synthetic;
mod unique_allocation;

use super::nodes_agree::CUT;
use super::{limited, progress};
use crate::model::allocations::{Allocations, NodeAllocations};
use crate::model::change::{Change, Nanos};
use crate::model::contention::Contention;
use crate::model::pool::Pool;
use crate::model::verdict::{Answer, Judgement};
use names::Names;

/// What there is to judge by.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// By their numbers. Those of one subnet have no address in common.
    pub pools: &'a [Pool],
    /// The history, in any order.
    pub changes: &'a [Change],
    /// What was read from the database afterwards; absent when the run was cut before that, or when
    /// the history lacks some of its changes.
    pub found: Option<&'a Allocations>,
}

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

impl<'a> Evidence<'a> {
    fn contention(&self) -> Contention {
        let nodes =
            |found: &Allocations| (found.nodes.len() + found.silent.len()) as u32 + found.unseen;
        contention::of(self.changes, self.found.map_or(0, nodes))
    }

    /// The nodes that answered after the run.
    fn nodes(&self) -> &'a [NodeAllocations] {
        self.found.map_or(&[], |found| &found.nodes)
    }

    /// The first node, and those that are not as it is: what is wrong on all of them alike is wrong
    /// once.
    fn differing_nodes(&self) -> impl Iterator<Item = &'a NodeAllocations> {
        let nodes = self.nodes();
        let others = nodes
            .iter()
            .skip(1)
            .filter(|node| node.requests != nodes[0].requests || node.ranges != nodes[0].ranges);
        nodes.first().into_iter().chain(others)
    }

    /// Why the history can't be held against any data.
    fn missing(&self) -> Option<&'static str> {
        match self.found {
            None => Some(CUT),
            Some(_) if self.nodes().is_empty() => Some("no node answered after the run"),
            Some(_) if self.changes.is_empty() => Some("no change was made"),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
