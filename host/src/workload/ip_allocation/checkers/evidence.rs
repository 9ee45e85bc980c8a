//! Facts that a run is judged by.

use crate::check::parts::Heard;
use crate::model::change::Change;
use crate::model::data::Breakdown;
use crate::model::pool::Pool;
use crate::workload::final_state::OfNodes;
use crate::workload::ip_allocation::tables::{Allocations, NodeAllocations};

/// The pools and the history of a run, and the data that it left.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// By their numbers. Those of one subnet have no address in common.
    pub pools: &'a [Pool],
    /// The history, in any order.
    pub changes: &'a [Change],
    /// The data that were read from the database afterwards; `None` when the run was cut before that,
    /// or when the history lacks some of its changes.
    pub found: Option<&'a Allocations>,
}

impl<'a> Evidence<'a> {
    /// The nodes that the data was read from.
    pub(super) fn heard(&self) -> Option<Heard<'a>> {
        self.found.map(OfNodes::heard)
    }

    /// The nodes that answered after the run.
    pub(super) fn nodes(&self) -> &'a [NodeAllocations] {
        self.found.map_or(&[], |found| &found.nodes)
    }

    /// The times in which the database may have lost commits.
    pub(super) fn breakdowns(&self) -> &'a [Breakdown] {
        self.found.map_or(&[], |found| &found.breakdowns)
    }

    /// The first node, and those that are not as it is: what is wrong on all of them alike is wrong
    /// once.
    pub(super) fn differing_nodes(&self) -> impl Iterator<Item = &'a NodeAllocations> {
        let nodes = self.nodes();
        let others = nodes
            .iter()
            .skip(1)
            .filter(|node| node.requests != nodes[0].requests || node.ranges != nodes[0].ranges);
        nodes.first().into_iter().chain(others)
    }

    /// The reason why the history can't be held against any data.
    pub(super) fn missing(&self) -> Option<&'static str> {
        Heard::missing(self.heard(), self.changes)
    }
}
