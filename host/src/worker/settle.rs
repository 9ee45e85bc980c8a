//! Did it happen? A step that ended failed or indeterminate leaves the question; the data answers.
//!
//! An instance that died or was abandoned has been ended before: its sessions are closed, so
//! nothing of it can still take effect behind a reading's back.

use super::{Arena, NANOS_PER_MS};
use crate::capability::database::{Freshness, Target};
use crate::model::change::{Nanos, Restored, Settled};
use crate::model::data::{RowState, Status};
use crate::model::fault::{Fault, FaultKind};
use crate::model::marker::Marker;
use crate::model::outcome::Outcome;
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

/// What settling found out about a step on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    pub settled: Settled,
    /// Whether the change holds the row now; `None` if that could not be read.
    pub holds: Option<bool>,
}

/// Settles an acquire: did it take effect, and does the change hold the row?
///
/// The marker in the row is proof. That it is not there is none: another worker may have taken the
/// row over since. Then the audit says whether the acquire committed; without an audit, only a row
/// that was never written proves that it did not.
pub async fn acquired(arena: &Arena, row: u32, marker: Marker) -> Finding {
    let read = |node| read_acquire(arena, node, row, marker);
    let (settled, readings) = settle(arena, read, |it: &Reading| it.shown).await;
    let said = readings.iter().map(|it| it.holds).max();
    Finding {
        settled,
        // What a node that was not heard of has may still come.
        holds: said.filter(|_| settled != Settled::Unknown || is_said_by_all(arena, &readings)),
    }
}

/// Settles a release: did it take effect, and does the change still hold the row?
///
/// A row that is available with this change's marker is proof of the one, a row that still carries the
/// marker as the acquire left it is proof of the other. Anything else may be the work of a worker that
/// waited for the row, or of one that took it over: then the audit tells, and without one nobody knows.
pub async fn released(arena: &Arena, row: u32, marker: Marker) -> Finding {
    let read = |node| read_release(arena, node, row, marker);
    let (settled, readings) = settle(arena, read, |it: &Reading| it.shown).await;
    Finding {
        settled,
        // What was held once and is not any more, as one causal reading says, never is again.
        holds: readings.iter().map(|it| it.holds).min(),
    }
}

/// What one node says of a step on a row.
struct Reading {
    shown: Shown,
    holds: bool,
}

impl Reading {
    fn new(shown: Shown, holds: bool) -> Self {
        Self { shown, holds }
    }
}

async fn read_acquire(
    arena: &Arena,
    node: &str,
    row: u32,
    marker: Marker,
) -> Result<Reading, Fault> {
    let held = Some(RowState::held_by(marker));
    let state = arena.read_causally(node, row).await?;
    if state == held {
        return Ok(Reading::new(Shown::Effect, true));
    }
    let audited = arena.audited(node, row, &Status::Deleting, marker).await?;
    if audited == Some(true) {
        // It may have come between the two readings.
        let state = arena.read_causally(node, row).await?;
        return Ok(Reading::new(Shown::Effect, state == held));
    }
    let is_untouched = state == Some(RowState::initial());
    let shown = match audited {
        None if !is_untouched => Shown::Open,
        _ => Shown::NoEffect,
    };
    Ok(Reading::new(shown, false))
}

async fn read_release(
    arena: &Arena,
    node: &str,
    row: u32,
    marker: Marker,
) -> Result<Reading, Fault> {
    let held = RowState::held_by(marker);
    let state = arena.read_causally(node, row).await?;
    if state.as_ref() == Some(&held) {
        return Ok(Reading::new(Shown::NoEffect, true));
    }
    let free = RowState {
        status: Status::Available,
        ..held
    };
    let audited = match state == Some(free) {
        true => Some(true),
        false => arena.audited(node, row, &Status::Available, marker).await?,
    };
    let shown = match audited {
        Some(true) => Shown::Effect,
        Some(false) => Shown::NoEffect,
        None => Shown::Open,
    };
    Ok(Reading::new(shown, false))
}

fn is_said_by_all(arena: &Arena, readings: &[Reading]) -> bool {
    readings.len() == arena.database.nodes().len()
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
pub async fn deallocated(arena: &Arena, marker: Marker, outcome: &Outcome) -> Settled {
    let read = |node| arena.allocations.holding(&*arena.database, node, marker);
    let is_denied = matches!(outcome, Outcome::Failed(_));
    let shows = |holding: &Holding| match holding {
        Holding::Address(_) => Shown::NoEffect,
        _ if is_denied => Shown::Open,
        _ => Shown::Effect,
    };
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

/// Reads until it is known whether the effect is there. Gives the readings that say so, or the last
/// ones. The readings are causal, so one node that shows it is enough, and one that lags behind says
/// nothing rather than something old. That none shows it must be said by every member of the cluster:
/// on one that is silent, a commit may still be under way.
async fn settle<'a, T, F>(
    arena: &'a Arena,
    read: impl Fn(&'a str) -> F,
    shows: impl Fn(&T) -> Shown,
) -> (Settled, Vec<T>)
where
    F: Future<Output = Result<T, Fault>>,
{
    let nodes = arena.database.nodes();
    let needed = if nodes.len() == 1 {
        1
    } else {
        UNANIMOUS_ROUNDS
    };
    let (mut unanimous, mut last) = (0, Vec::new());
    let began = arena.clock.now();
    for round in 1.. {
        let answers = arena.ask_nodes(&read).await;
        unanimous += u64::from(answers.complete);
        let mut given = answers.given;
        if let Some(place) = given.iter().position(|it| shows(it) == Shown::Effect) {
            return (Settled::TookEffect, vec![given.swap_remove(place)]);
        }
        let is_open = given.iter().any(|it| shows(it) == Shown::Open);
        if !given.is_empty() {
            last = given;
        }
        match unanimous >= needed {
            true if is_open => break,
            true => return (Settled::NoEffect, last),
            false => {}
        }
        let hurried = arena.stop.is_abandoned() && unanimous == 0 && round >= HURRIED_ROUNDS;
        if hurried || arena.is_enough(round, began) {
            break;
        }
        arena.wait_after(round).await;
    }
    (Settled::Unknown, last)
}

impl Arena {
    pub(super) async fn read_causally(
        &self,
        node: &str,
        row: u32,
    ) -> Result<Option<RowState>, Fault> {
        let database = &*self.database;
        self.rows.read(database, node, Freshness::Causal, row).await
    }

    /// Whether the audit has it; `None` without an audit, or where it does not say.
    async fn audited(
        &self,
        node: &str,
        row: u32,
        status: &Status,
        marker: Marker,
    ) -> Result<Option<bool>, Fault> {
        if !self.workload.audit {
            return Ok(None);
        }
        let audit = &self.rows.audit;
        audit.has(&*self.database, node, row, status, marker).await
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
