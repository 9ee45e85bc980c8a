//! Did it happen? A step that ended failed or indeterminate leaves the question; the data answers.
//!
//! An instance that died or was abandoned has been ended before: its sessions are closed, so
//! nothing of it can still take effect behind a reading's back.

use super::{Arena, NANOS_PER_MS};
use crate::capability::database::{Freshness, Target};
use crate::model::change::{Nanos, Restored, Settled};
use crate::model::data::RowState;
use crate::model::fault::{Fault, FaultKind};
use crate::model::marker::Marker;
use crate::workload::ip_allocation::Holding;

/// Rounds of reading, and tries to restore, at least; each may take some seconds by itself.
const ROUNDS: u64 = 10;

/// So long it is tried again, at least: enough for a node that is started anew, or for a partition
/// that heals.
pub const PATIENCE: Nanos = 30_000_000_000;

/// Of them, when the run is to end at once and not all answer.
const HURRIED_ROUNDS: u64 = 2;

/// Of several nodes, how often all must have said that nothing happened: what is on its way between
/// them may come late.
const UNANIMOUS_ROUNDS: u64 = 5;

/// The wait after the n-th round is n times this, and from the tenth on ten times.
const WAIT_MS: u64 = 50;

/// Does the change hold the row after all?
pub async fn acquired(arena: &Arena, row: u32, marker: Marker) -> Settled {
    let held = RowState::held_by(marker);
    let read = |node| arena.read_causally(node, row);
    let shows = |state: &Option<RowState>| Shown::is(state.as_ref() == Some(&held));
    settle(arena, read, shows).await.0
}

/// Is the row given back after all? It is unless the change still holds it: whoever waited for the
/// row may have it by now.
pub async fn released(arena: &Arena, row: u32, marker: Marker) -> Settled {
    let held = RowState::held_by(marker);
    let read = |node| arena.read_causally(node, row);
    let shows = |state: &Option<RowState>| Shown::is(state.as_ref() != Some(&held));
    settle(arena, read, shows).await.0
}

/// Has the allocation an address after all? And which?
pub async fn allocated(arena: &Arena, marker: Marker) -> (Settled, Option<String>) {
    let read = |node| arena.allocations.holding(&*arena.database, node, marker);
    // A reservation that was left may be made an allocation of by another worker at any time.
    let shows = |holding: &Holding| match holding {
        Holding::Address(_) => Shown::Effect,
        Holding::Pending => Shown::Open,
        Holding::Nothing => Shown::NoEffect,
    };
    match settle(arena, read, shows).await {
        (settled, Some(Holding::Address(address))) => (settled, Some(address)),
        (settled, _) => (settled, None),
    }
}

/// Is the address given back after all?
pub async fn deallocated(arena: &Arena, marker: Marker) -> Settled {
    let read = |node| arena.allocations.holding(&*arena.database, node, marker);
    let shows = |holding: &Holding| Shown::is(!matches!(holding, Holding::Address(_)));
    settle(arena, read, shows).await.0
}

/// Gives back a row that the change still holds, by the host's own hand.
pub async fn restore(arena: &Arena, row: u32, marker: Marker) -> Restored {
    // The statement names the marker, so doing it again is harmless even if it happened; but then
    // a later try finds nothing to do, and can't say who did it.
    let mut otherwise = Restored::No;
    let began = arena.clock.now();
    for round in 1.. {
        match try_to_restore(arena, row, marker).await {
            Ok(true) => return Restored::Yes,
            Ok(false) => return otherwise,
            Err(FaultKind::Rejected) => return otherwise,
            Err(FaultKind::Indefinite) => otherwise = Restored::Unclear,
            Err(FaultKind::Conflict | FaultKind::Unavailable) => {}
        }
        if arena.is_enough(round, began) {
            break;
        }
        arena.wait_after(round).await;
    }
    otherwise
}

async fn try_to_restore(arena: &Arena, row: u32, marker: Marker) -> Result<bool, FaultKind> {
    let connected = arena.database.connect(&Target::Endpoint).await;
    let Ok(mut session) = connected else {
        return Err(FaultKind::Unavailable);
    };
    let restored = arena.rows.restore(&mut *session, row, marker).await;
    session.close().await;
    restored.map_err(|fault| fault.kind)
}

/// What a reading says of an effect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Effect,
    NoEffect,
    /// It is not there, and may yet come.
    Open,
}

impl Shown {
    fn is(effect: bool) -> Self {
        match effect {
            true => Self::Effect,
            false => Self::NoEffect,
        }
    }
}

/// Reads until it is known whether the effect is there, and gives the reading that shows it. The
/// readings are causal, so one node that shows it is enough, and one that lags behind says nothing
/// rather than something old. That none shows it must be said by every member of the cluster: on one
/// that is silent, a commit may still be under way.
async fn settle<'a, T, F>(
    arena: &'a Arena,
    read: impl Fn(&'a str) -> F,
    shows: impl Fn(&T) -> Shown,
) -> (Settled, Option<T>)
where
    F: Future<Output = Result<T, Fault>>,
{
    let nodes = arena.database.nodes();
    let needed = if nodes.len() == 1 {
        1
    } else {
        UNANIMOUS_ROUNDS
    };
    let mut unanimous = 0;
    let began = arena.clock.now();
    for round in 1.. {
        let answers = arena.ask_nodes(&read).await;
        unanimous += u64::from(answers.complete);
        let is_open = answers.given.iter().any(|it| shows(it) == Shown::Open);
        let mut given = answers.given.into_iter();
        if let Some(shown) = given.find(|it| shows(it) == Shown::Effect) {
            return (Settled::TookEffect, Some(shown));
        }
        match unanimous >= needed {
            true if is_open => break,
            true => return (Settled::NoEffect, None),
            false => {}
        }
        let hurried = arena.stop.is_abandoned() && unanimous == 0 && round >= HURRIED_ROUNDS;
        if hurried || arena.is_enough(round, began) {
            break;
        }
        arena.wait_after(round).await;
    }
    (Settled::Unknown, None)
}

impl Arena {
    async fn read_causally(&self, node: &str, row: u32) -> Result<Option<RowState>, Fault> {
        let database = &*self.database;
        self.rows.read(database, node, Freshness::Causal, row).await
    }

    fn is_enough(&self, rounds: u64, began: Nanos) -> bool {
        let waited = self.clock.now().saturating_sub(began);
        rounds >= ROUNDS && (waited >= self.patience_ns || self.stop.is_abandoned())
    }

    async fn wait_after(&self, round: u64) {
        let wait = round.min(10) * WAIT_MS * NANOS_PER_MS;
        self.clock.sleep(wait).await;
    }
}
