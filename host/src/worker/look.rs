//! A look at the data right after a step that ended ok: is its effect there?
//!
//! A guest does not run between its calls. So an effect that a causal reading does not show now can't
//! come before the next call: the strategy said ok with nothing behind it, or somebody else has moved
//! the row on since. Which of the two, `check/effect_before_ok` finds out from the audit.

use super::Arena;
use crate::model::data::{RowState, Status};
use crate::model::fault::Fault;
use crate::model::marker::{Mark, Marker};
use crate::model::seen::{Seen, Sight};
use crate::workload::ip_allocation::Holding;

/// The row after an acquire.
pub async fn at_held(arena: &Arena, row: u32, marker: Marker) -> Option<Box<Seen>> {
    at_row(arena, row, RowState::held_by(marker)).await
}

/// The row after a release.
pub async fn at_released(arena: &Arena, row: u32, marker: Marker) -> Option<Box<Seen>> {
    let released = RowState {
        status: Status::Available,
        mark: Mark::Of(marker),
    };
    at_row(arena, row, released).await
}

async fn at_row(arena: &Arena, row: u32, effect: RowState) -> Option<Box<Seen>> {
    let read = |node| async move { arena.read_causally(node, row).await.map(Sight::Row) };
    let effect = Sight::Row(Some(effect));
    at_nodes(arena, read, |found| *found == effect).await
}

/// What the allocation has after a call for it. `has_address` is what the call was to lead to.
pub async fn at_allocation(arena: &Arena, marker: Marker, has_address: bool) -> Option<Box<Seen>> {
    let read = |node| async move {
        let holding = arena.allocations.holding(&*arena.database, node, marker);
        Ok(Sight::Address(match holding.await? {
            Holding::Address(address) => Some(address),
            Holding::Pending | Holding::Nothing => None,
        }))
    };
    let is_effect = |found: &Sight| matches!(found, Sight::Address(address) if address.is_some() == has_address);
    at_nodes(arena, read, is_effect).await
}

/// The answer that shows the effect, or else any: one causal reading knows all that was committed
/// before it. `None` if no node gave one, or if the run is to end at once.
async fn at_nodes<'a, F>(
    arena: &'a Arena,
    read: impl Fn(&'a str) -> F,
    is_effect: impl Fn(&Sight) -> bool,
) -> Option<Box<Seen>>
where
    F: Future<Output = Result<Sight, Fault>>,
{
    let began = arena.clock.now();
    let named = |node: &'a str| {
        let found = read(node);
        async move { found.await.map(|found| (node, found)) }
    };
    let answers = tokio::select! {
        biased;
        () = arena.stop.abandoned() => return None,
        answers = arena.ask_nodes(named) => answers.given,
    };
    let place = answers.iter().position(|(_, found)| is_effect(found));
    let (node, found) = answers.into_iter().nth(place.unwrap_or(0))?;
    Some(Box::new(Seen {
        node: node.to_owned(),
        began,
        ended: arena.clock.now(),
        found,
    }))
}
