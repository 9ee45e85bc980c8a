//! Did it happen? A step that ended failed or indeterminate leaves the question; the data answers.
//!
//! An instance that died or was abandoned has been ended before: its sessions are closed, so
//! nothing of it can still take effect behind a reading's back.

use super::site::{NANOS_PER_MS, Site};
use crate::model::change::{Nanos, Settled};
use crate::model::error::CallError;

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

/// The evidence of one reading for an effect.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    AuditEntry,
    NoEffect,
    /// It is not there, and may yet come.
    Open,
}

/// Reads until it is known whether the effect is there. Gives the readings that say so, or the last
/// ones. The readings are causal, so one node that shows it is enough, and one that lags behind says
/// nothing rather than something old. That none shows it must be said by every member of the cluster:
/// on a silent one, a commit may still be in flight.
pub async fn settle<'a, T, F>(
    site: &'a Site,
    read: impl Fn(&'a str) -> F,
    shows: impl Fn(&T) -> Shown,
) -> (Settled, Vec<T>)
where
    F: Future<Output = Result<T, CallError>>,
{
    let nodes = site.database.nodes();
    let needed = if nodes.len() == 1 {
        1
    } else {
        UNANIMOUS_ROUNDS
    };
    let (mut unanimous, mut last) = (0, Vec::new());
    let began = site.clock.now();
    for round in 1.. {
        let answers = site.ask_nodes(&read).await;
        unanimous += u64::from(answers.complete);
        let mut given = answers.given;
        if let Some(place) = given.iter().position(|it| shows(it) == Shown::AuditEntry) {
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
        let hurried = site.stop.is_abandoned() && unanimous == 0 && round >= HURRIED_ROUNDS;
        if hurried || site.is_enough(round, began) {
            break;
        }
        site.wait_after(round).await;
    }
    (Settled::Unknown, last)
}

impl Site {
    /// So much was tried, for so long, that nothing more comes of it.
    pub(super) fn is_enough(&self, rounds: u64, began: Nanos) -> bool {
        let waited = self.clock.now().saturating_sub(began);
        rounds >= ROUNDS && (waited >= self.patience_ns || self.stop.is_abandoned())
    }

    /// Waits between two rounds.
    pub(super) async fn wait_after(&self, round: u64) {
        let wait = round.min(10) * WAIT_MS * NANOS_PER_MS;
        self.clock.sleep(wait).await;
    }
}
