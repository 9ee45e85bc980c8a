//! Nodes whose data was read after a run.

use crate::model::change::Change;
use crate::model::data::FinalRows;

/// The reason why nothing can be decided without data.
pub const CUT: &str = "the run was cut, so there is no data to hold its history against";

/// The nodes that answered after the run, those that did not, and those that were not looked at.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    pub nodes: usize,
    pub silent: &'a [String],
    pub unseen: u32,
    /// One node at a time takes writes.
    pub has_primary: bool,
}

impl Heard<'_> {
    /// The number of nodes in the cluster.
    pub fn cluster(&self) -> u32 {
        (self.nodes + self.silent.len()) as u32 + self.unseen
    }

    /// The reason why the history can't be held against any data.
    pub fn missing(heard: Option<Self>, changes: &[Change]) -> Option<&'static str> {
        match heard {
            None => Some(CUT),
            Some(Self { nodes: 0, .. }) => Some("no node answered after the run"),
            Some(_) if changes.is_empty() => Some("no change was made"),
            Some(_) => None,
        }
    }
}

impl<'a> From<&'a FinalRows> for Heard<'a> {
    fn from(data: &'a FinalRows) -> Self {
        Self {
            nodes: data.nodes.len(),
            silent: &data.silent,
            unseen: data.unseen,
            has_primary: data.has_primary,
        }
    }
}
