//! Settling a step on a row: did it take effect, and does the change hold the row?

use super::access::{self, read_causally};
use super::audit;
use crate::capability::database::Target;
use crate::model::change::{Restored, Settled};
use crate::model::data::{RowState, Status};
use crate::model::error::{CallError, ErrorKind};
use crate::model::marker::Marker;
use crate::workload::settle::{Shown, settle};
use crate::workload::site::Site;

/// The result of settling a step on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    pub settled: Settled,
    /// True if the change holds the row now; `None` if that could not be read.
    pub holds: Option<bool>,
}

/// Settles an acquire: did it take effect, and does the change hold the row?
///
/// The marker in the row is proof. That it is not there is none: another worker may have taken the
/// row over since. Then the audit says whether the acquire committed; without an audit, only a row
/// that was never written proves that it did not.
pub async fn acquired(site: &Site, row: u32, marker: Marker) -> Finding {
    let read = |node| read_acquire(site, node, row, marker);
    let (settled, readings) = settle(site, read, |it: &Reading| it.shown).await;
    let said = readings.iter().map(|it| it.holds).max();
    Finding {
        settled,
        // What a node that was not heard of has may still come.
        holds: said.filter(|_| settled != Settled::Unknown || is_said_by_all(site, &readings)),
    }
}

/// Settles a release: did it take effect, and does the change still hold the row?
///
/// A row that is available with this change's marker is proof of the one, a row that still carries the
/// marker as the acquire left it is proof of the other. Anything else may be the work of a worker that
/// waited for the row, or of one that took it over: then the audit decides; without an audit it is unknown.
pub async fn released(site: &Site, row: u32, marker: Marker) -> Finding {
    let read = |node| read_release(site, node, row, marker);
    let (settled, readings) = settle(site, read, |it: &Reading| it.shown).await;
    Finding {
        settled,
        // What was held once and is not any more, as one causal reading says, never is again.
        holds: readings.iter().map(|it| it.holds).min(),
    }
}

/// The answer of one node about a step on a row.
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
    site: &Site,
    node: &str,
    row: u32,
    marker: Marker,
) -> Result<Reading, CallError> {
    let held = Some(RowState::held_by(marker));
    let state = read_causally(site, node, row).await?;
    if state == held {
        return Ok(Reading::new(Shown::AuditEntry, true));
    }
    let audited = audited(site, node, row, &Status::Deleting, marker).await?;
    if audited == Some(true) {
        // It may have come between the two readings.
        let state = read_causally(site, node, row).await?;
        return Ok(Reading::new(Shown::AuditEntry, state == held));
    }
    let is_untouched = state == Some(RowState::initial());
    let shown = match audited {
        None if !is_untouched => Shown::Open,
        _ => Shown::NoEffect,
    };
    Ok(Reading::new(shown, false))
}

async fn read_release(
    site: &Site,
    node: &str,
    row: u32,
    marker: Marker,
) -> Result<Reading, CallError> {
    let held = RowState::held_by(marker);
    let state = read_causally(site, node, row).await?;
    if state.as_ref() == Some(&held) {
        return Ok(Reading::new(Shown::NoEffect, true));
    }
    let free = RowState {
        status: Status::Available,
        ..held
    };
    let audited = match state == Some(free) {
        true => Some(true),
        false => audited(site, node, row, &Status::Available, marker).await?,
    };
    let shown = match audited {
        Some(true) => Shown::AuditEntry,
        Some(false) => Shown::NoEffect,
        None => Shown::Open,
    };
    Ok(Reading::new(shown, false))
}

fn is_said_by_all(site: &Site, readings: &[Reading]) -> bool {
    readings.len() == site.database.nodes().len()
}

/// Gives back a row that the change still holds, by the host's own hand.
pub async fn restore(site: &Site, row: u32, marker: Marker) -> Restored {
    // The statement names the marker, so doing it again is harmless even if it happened; but then
    // a later try finds nothing to do, and can't say who did it.
    let mut otherwise = Restored::No;
    let began = site.clock.now();
    for round in 1.. {
        match try_to_restore(site, row, marker).await {
            Ok(true) => return Restored::Yes,
            Ok(false) => return otherwise,
            Err(ErrorKind::Rejected) => return otherwise,
            Err(ErrorKind::Indefinite) => otherwise = Restored::Unclear,
            Err(ErrorKind::Conflict | ErrorKind::Unavailable) => {}
        }
        if site.is_enough(round, began) {
            break;
        }
        site.wait_after(round).await;
    }
    otherwise
}

async fn try_to_restore(site: &Site, row: u32, marker: Marker) -> Result<bool, ErrorKind> {
    let connected = site.database.connect(&Target::Endpoint).await;
    let Ok(mut session) = connected else {
        return Err(ErrorKind::Unavailable);
    };
    let restored = access::restore(&mut *session, row, marker).await;
    session.close().await;
    restored.map_err(|error| error.kind)
}

/// True if the audit has it; `None` without an audit, or where it does not say.
async fn audited(
    site: &Site,
    node: &str,
    row: u32,
    status: &Status,
    marker: Marker,
) -> Result<Option<bool>, CallError> {
    if !site.workload.audit {
        return Ok(None);
    }
    audit::has(&*site.database, node, row, status, marker).await
}
