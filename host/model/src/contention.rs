//! Contention in a run, counted from its history.

use super::nodes::NodeSet;
use serde::{Deserialize, Serialize};

/// On how many rows rivals met, and where.
///
/// ```text
/// row 0: workers 0 and 3 wait for each other on n1       contended
/// row 1: worker 1 on n1 waits for worker 4 on n2         contended, from two nodes
/// row 2: worker 2 comes when worker 5 has left           neither
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contention {
    /// Rows at which two workers were at once.
    pub rows: u32,
    /// Those of them at which two workers were at once whose sessions worked on different nodes.
    pub rows_from_two_nodes: u32,
    /// The nodes on which sessions worked at all. Empty in histories of earlier versions.
    pub nodes: NodeSet,
    /// The nodes of the cluster, those that were not looked at included; 0 where that is not known.
    pub cluster: u32,
    /// One node at a time takes writes, so rivals on different nodes are no case of their own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_primary: bool,
}

impl Contention {
    /// The reason why nothing is known of rivals on different nodes, where there are several and rivals met.
    ///
    /// If all sessions worked on one node, that is how this endpoint is: one writer. What is
    /// shown then holds for such an endpoint, and [`Contention::is_of_one_writer`] says so.
    pub fn not_across_nodes(&self) -> Option<&'static str> {
        match self.nodes.count() {
            _ if self.has_primary => None,
            0 if self.cluster > 1 => Some("the history does not say on which nodes workers met"),
            0 | 1 => None,
            _ if self.rows_from_two_nodes > 0 => None,
            _ => Some("no row was contended from two nodes"),
        }
    }

    /// Several nodes take writes, and all sessions worked on the same one.
    pub fn is_of_one_writer(&self) -> bool {
        !self.has_primary && self.cluster > 1 && self.nodes.count() == 1
    }
}

/// The limit of a verdict on a cluster where all sessions worked on one node.
pub const ONE_WRITER: &str =
    "all sessions worked on one node: this says nothing of rivals on different nodes";
