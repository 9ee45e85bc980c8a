//! A look at a row right after a step that ended ok.

use super::access::read_causally;
use crate::model::data::{RowState, Status};
use crate::model::marker::{Mark, Marker};
use crate::model::seen::{Seen, Sight};
use crate::workload::look::at_nodes;
use crate::workload::site::Site;

/// The row after an acquire.
pub(super) async fn at_held(site: &Site, row: u32, marker: Marker) -> Option<Box<Seen>> {
    at_row(site, row, RowState::held_by(marker)).await
}

/// The row after a release.
pub(super) async fn at_released(site: &Site, row: u32, marker: Marker) -> Option<Box<Seen>> {
    let released = RowState {
        status: Status::Available,
        mark: Mark::Of(marker),
    };
    at_row(site, row, released).await
}

async fn at_row(site: &Site, row: u32, effect: RowState) -> Option<Box<Seen>> {
    let read = |node| async move { read_causally(site, node, row).await.map(Sight::Row) };
    let effect = Sight::Row(Some(effect));
    at_nodes(site, read, |found| *found == effect).await
}
