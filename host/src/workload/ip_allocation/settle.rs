//! Settling a call for an address.

use super::access::{Holding, holding};
use crate::model::change::Settled;
use crate::model::marker::Marker;
use crate::model::outcome::Outcome;
use crate::workload::settle::{Shown, settle};
use crate::workload::site::Site;

/// Has the allocation an address after all? And which?
pub async fn allocated(site: &Site, marker: Marker) -> (Settled, Option<String>) {
    let read = |node| holding(&*site.database, node, marker);
    // A reservation that was left may be made an allocation of by another worker at any time.
    let shows = |holding: &Holding| match holding {
        Holding::Address(_) => Shown::AuditEntry,
        Holding::Pending => Shown::Open,
        Holding::Nothing => Shown::NoEffect,
    };
    match settle(site, read, shows).await {
        (Settled::TookEffect, shown) => {
            let address = shown.into_iter().find_map(|holding| match holding {
                Holding::Address(address) => Some(address),
                Holding::Pending | Holding::Nothing => None,
            });
            (Settled::TookEffect, address)
        }
        (settled, _) => (settled, None),
    }
}

/// Is the address given back after all? That the allocation is gone proves it of a release that may
/// have happened. Of one that certainly did not happen, as the strategy says, it proves nothing:
/// another worker may have taken the address away.
pub async fn deallocated(site: &Site, marker: Marker, outcome: &Outcome) -> Settled {
    let read = |node| holding(&*site.database, node, marker);
    let is_denied = matches!(outcome, Outcome::Failed(_));
    let shows = |holding: &Holding| match holding {
        Holding::Address(_) => Shown::NoEffect,
        _ if is_denied => Shown::Open,
        _ => Shown::AuditEntry,
    };
    settle(site, read, shows).await.0
}
