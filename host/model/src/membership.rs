//! Which nodes of a cluster a run looked at.

use serde::{Deserialize, Serialize};

/// The nodes of the database, and what is missing from them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Membership {
    /// The names of the nodes that were looked at, in the order of their numbers.
    pub nodes: Vec<String>,
    /// Those of them that no option named: the server said where they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<String>,
    /// Members of the cluster that were not looked at: an address and why it was of no use, or what
    /// else is known of one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<String>,
    /// One node at a time takes writes, and all sessions that write meet there: a primary with standbys.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_primary: bool,
}

impl Membership {
    /// These nodes, and no others.
    pub fn of(nodes: &[String]) -> Self {
        Self {
            nodes: nodes.to_vec(),
            ..Self::default()
        }
    }

    /// The number of nodes in the cluster.
    pub fn size(&self) -> usize {
        self.nodes.len() + self.unseen.len()
    }
}
