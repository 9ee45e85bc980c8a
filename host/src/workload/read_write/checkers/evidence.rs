//! Everything that a run left.

use crate::check::parts::Heard;
use crate::model::change::Change;
use crate::workload::final_state::OfNodes;
use crate::workload::read_write::tables::{NodeVisits, Visits};

/// The history of a run, and the tables when it was over.
pub(in crate::workload::read_write) struct Evidence<'a> {
    /// The most readers at one document at once; `None` for any number.
    pub(in crate::workload::read_write) limit: Option<u32>,
    pub(in crate::workload::read_write) changes: &'a [Change],
    /// `None` if the run was cut before they were read.
    pub(in crate::workload::read_write) found: Option<&'a Visits>,
}

impl Evidence<'_> {
    pub(super) fn heard(&self) -> Option<Heard<'_>> {
        self.found.map(OfNodes::heard)
    }

    pub(super) fn nodes(&self) -> &[NodeVisits] {
        self.found.map_or(&[], |found| &found.nodes)
    }

    /// The reason why the history can't be held against any data.
    pub(super) fn missing(&self) -> Option<&'static str> {
        Heard::missing(self.heard(), self.changes)
    }

    /// True if nothing shows that a visit left no row.
    pub(super) fn may_be_recorded(&self, change: &Change) -> bool {
        let mut nodes = self.nodes().iter();
        self.nodes().is_empty() || nodes.any(|node| node.visit(change.marker()).is_some())
    }
}

/// Both steps ended ok: then the visit wrote what it says within its own two calls, and not later.
pub(super) fn is_witness(change: &Change) -> bool {
    let has_left = |change: &Change| {
        let release = change.release.as_ref();
        release.is_some_and(|release| release.outcome.is_ok())
    };
    change.acquire.outcome.is_ok() && has_left(change)
}
