//! The content of the tables after a run.

use crate::model::marker::{Mark, Marker};
use crate::workload::final_state::{InFile, OfNodes};
use serde::{Deserialize, Serialize};

/// The tables of every node.
pub(super) type Visits = OfNodes<NodeVisits>;

/// The tables of one node, each sorted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NodeVisits {
    pub(super) node: String,
    pub(super) documents: Vec<Document>,
    pub(super) visits: Vec<Visit>,
}

impl InFile for NodeVisits {
    const FILE: &'static str = "visits.json";
}

/// A row of `documents`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Document {
    pub(super) id: String,
    pub(super) version: Option<i64>,
    pub(super) writer: Mark,
}

/// A row of `visits`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Visit {
    pub(super) mark: Mark,
    pub(super) document: String,
    /// As the strategy wrote it.
    pub(super) purpose: String,
    pub(super) entered_version: Option<i64>,
    pub(super) entered_writer: Mark,
    /// `None` until it has left.
    pub(super) left_version: Option<i64>,
}

impl NodeVisits {
    /// The visit with this marker.
    pub(super) fn visit(&self, marker: Marker) -> Option<&Visit> {
        let place = |visit: &Visit| visit.mark.cmp(&Mark::Of(marker));
        let found = self.visits.binary_search_by(place).ok()?;
        self.visits.get(found)
    }
}
