//! Did it happen? A step that ended failed or indeterminate leaves the question; the data answers.
//!
//! An instance that died or was abandoned has been ended before: its sessions are closed, so
//! nothing of it can still take effect behind a reading's back.

use super::{Arena, NANOS_PER_MS};
use crate::capability::database::{Freshness, Target};
use crate::model::change::Settled;
use crate::model::data::RowState;
use crate::model::fault::FaultKind;
use crate::model::marker::Marker;

/// Rounds of reading, and tries to restore; enough for a node that is away for some seconds.
const MAX_ROUNDS: u64 = 10;

/// The wait after the n-th round is n times this.
const WAIT_MS: u64 = 50;

/// Does the change hold the row after all?
pub async fn acquired(arena: &Arena, row: u32, marker: Marker) -> Settled {
    let held = RowState::held_by(marker);
    settle(arena, row, |state| state == Some(&held)).await
}

/// Is the row given back after all? It is unless the change still holds it: whoever waited for the
/// row may have it by now.
pub async fn released(arena: &Arena, row: u32, marker: Marker) -> Settled {
    let held = RowState::held_by(marker);
    settle(arena, row, |state| state != Some(&held)).await
}

/// Gives back a row that the change still holds, by the host's own hand. True if that was done.
pub async fn restore(arena: &Arena, row: u32, marker: Marker) -> bool {
    for round in 1..=MAX_ROUNDS {
        let Ok(mut session) = arena.database.connect(&Target::Endpoint).await else {
            arena.clock.sleep(round * WAIT_MS * NANOS_PER_MS).await;
            continue;
        };
        let restored = arena.rows.restore(&mut *session, row, marker).await;
        session.close().await;
        match restored {
            Ok(restored) => return restored,
            Err(fault) if fault.kind == FaultKind::Rejected => return false,
            // The statement names the marker, so doing it again is harmless even if it happened.
            Err(_) => arena.clock.sleep(round * WAIT_MS * NANOS_PER_MS).await,
        }
    }
    false
}

/// Reads the row on every node until it is known whether the effect is there. One node that shows
/// it is enough, since it will come to the others. That none shows it must be said by all of them;
/// of several nodes in half of the rounds, since a write set may still be on its way.
async fn settle(
    arena: &Arena,
    row: u32,
    took_effect: impl Fn(Option<&RowState>) -> bool,
) -> Settled {
    let nodes = arena.database.nodes();
    let needed = if nodes.len() == 1 { 1 } else { MAX_ROUNDS / 2 };
    let mut unanimous = 0;
    for round in 1..=MAX_ROUNDS {
        let mut answered = 0;
        for node in nodes {
            match arena
                .rows
                .read(&*arena.database, node, Freshness::AsItIs, row)
                .await
            {
                Ok(state) if took_effect(state.as_ref()) => return Settled::TookEffect,
                Ok(_) => answered += 1,
                Err(_) => {}
            }
        }
        unanimous += u64::from(answered == nodes.len());
        if unanimous >= needed {
            return Settled::NoEffect;
        }
        arena.clock.sleep(round * WAIT_MS * NANOS_PER_MS).await;
    }
    Settled::Unknown
}
