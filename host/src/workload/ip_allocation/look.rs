//! A look at an allocation right after a call for it that ended ok.

use super::access::{Holding, holding};
use crate::model::marker::Marker;
use crate::model::seen::{Seen, Sight};
use crate::workload::look::at_nodes;
use crate::workload::site::Site;

/// Reads the rows of the allocation after a call for it. `has_address` is the state that the call was to lead to.
pub(super) async fn at_allocation(
    site: &Site,
    marker: Marker,
    has_address: bool,
) -> Option<Box<Seen>> {
    let read = |node| async move {
        let holding = holding(&*site.database, node, marker);
        Ok(Sight::Address(match holding.await? {
            Holding::Address(address) => Some(address),
            Holding::Pending | Holding::Nothing => None,
        }))
    };
    let is_effect = |found: &Sight| matches!(found, Sight::Address(address) if address.is_some() == has_address);
    at_nodes(site, read, is_effect).await
}
