//! Participants of a violation: the changes that it is about, and their rival.

use super::moments::ScoredEvent;
use crate::model::change::{Change, Nanos, Step};
use crate::model::seen::Sight;
use crate::model::sim_fault::{FaultAction, SimFault};
use crate::model::timeline::{Lane, Tone};
use crate::model::verdict::Subject;
use crate::sim::event::{Actor, Event, What};
use crate::workload::WorkloadKind;
use std::collections::BTreeSet;

/// More changes than two are hard to follow, and two are what nearly every violation needs.
const MOST: usize = 3;

pub struct Participants<'a> {
    pub row: Option<u32>,
    /// Its key, where it is one row of a table.
    key: Option<String>,
    kind: &'a dyn WorkloadKind,
    changes: Vec<&'a Change>,
    /// From the first acquire to the last release.
    pub from: Nanos,
    pub to: Nanos,
    /// The time when the last acquire was over.
    pub point: Nanos,
}

impl<'a> Participants<'a> {
    pub fn of(kind: &'a dyn WorkloadKind, about: Option<&Subject>, changes: &'a [Change]) -> Self {
        let is_of = |change: &&Change| match about {
            Some(about) => change.row == about.row && about.markers.contains(&change.marker()),
            None => false,
        };
        let mut participants: Vec<&Change> = changes.iter().filter(is_of).take(MOST).collect();
        if let [only] = participants[..] {
            participants.extend(rival(only, changes));
        }
        if participants.is_empty() {
            // No change is named: the first changes of the row, or of all rows.
            let of_row = |change: &&Change| about.is_none_or(|about| change.row == about.row);
            participants.extend(changes.iter().filter(of_row).take(2));
        }
        participants.sort_by_key(|change| change.acquire.invoked);
        let row = about.map(|about| about.row);
        Self {
            row,
            key: row.and_then(|row| kind.key_of(row)),
            kind,
            from: participants
                .iter()
                .map(|c| c.acquire.invoked)
                .min()
                .unwrap_or(0),
            to: participants
                .iter()
                .map(|change| end(change))
                .max()
                .unwrap_or(0),
            point: participants
                .iter()
                .map(|change| change.acquire.returned)
                .max()
                .unwrap_or(0),
            changes: participants,
        }
    }

    /// Each once, by the beginning of their changes.
    pub fn workers(&self) -> impl Iterator<Item = u32> {
        let mut seen = BTreeSet::new();
        let workers = self.changes.iter().map(|change| change.worker);
        workers.filter(move |worker| seen.insert(*worker))
    }

    /// Says whether the actor is one of the workers, while one of its changes lasts.
    pub fn acts(&self, actor: Actor, at: Nanos) -> bool {
        self.changes.iter().any(|change| {
            actor == Actor::Worker(change.worker)
                && (change.acquire.invoked..=end(change)).contains(&at)
        })
    }

    /// The step of a change that it is at, as a number that no other step of it has.
    pub fn phase(&self, actor: Actor, at: Nanos) -> usize {
        let steps = self.changes.iter().flat_map(|change| {
            let own = actor == Actor::Worker(change.worker);
            change.steps().filter(move |step| own && step.returned < at)
        });
        steps.count()
    }

    /// Says whether the actor is one of the workers.
    pub fn has(&self, actor: Actor) -> bool {
        self.workers().any(|worker| actor == Actor::Worker(worker))
    }

    /// Says whether a key, or the name of a lock, is that of the row; every one is where there is no
    /// row, or where it is more than one row of a table.
    pub fn is_row(&self, key: &str) -> bool {
        let own = self.key.as_deref();
        own.is_none_or(|own| ends_with_word(key, own))
    }

    /// The times during which the workers were answered that they have the row.
    pub fn holds(&self) -> impl Iterator<Item = (u32, Nanos, Nanos)> {
        let held = self.changes.iter().filter(|change| change.held());
        held.map(|change| {
            let release = change.release.as_ref();
            let to = release.map_or_else(|| end(change), |release| release.invoked);
            (change.worker, change.acquire.returned, to)
        })
    }

    /// The ends of the steps, as the workers received them: of all moments these matter most.
    pub fn steps(&self) -> impl Iterator<Item = ScoredEvent> {
        self.changes.iter().flat_map(|change| {
            let acquire = self.step(change, "acquire", &change.acquire, 94);
            let release = change
                .release
                .as_ref()
                .map(|release| self.step(change, "release", release, 62));
            let looks = change.steps().filter_map(|step| look(change, step));
            std::iter::once(acquire).chain(release).chain(looks)
        })
    }

    fn step(&self, change: &Change, verb: &str, step: &Step, weight: u32) -> ScoredEvent {
        let what = self.kind.item(change);
        let (tone, text) = match (verb, step.outcome.reason()) {
            ("acquire", None) => (
                Tone::Gained,
                format!("acquire of {what} returns ok (marker {})", change.marker()),
            ),
            (_, None) => (Tone::Plain, format!("{verb} of {what} returns ok")),
            (_, Some(reason)) => (
                Tone::Lost,
                format!(
                    "{verb} of {what} ends {}: {}",
                    step.outcome.as_str(),
                    reason.code
                ),
            ),
        };
        let lane = Lane::Worker(change.worker);
        ScoredEvent::new(weight, step.returned, lane, tone, text)
    }

    /// A fault that begins, if it hits a participant and had not ended before, and where.
    pub fn fault<'e>(&self, event: &'e Event) -> Option<(&'e SimFault, Vec<Lane>)> {
        let What::Fault(fault) = &event.what else {
            return None;
        };
        if fault.at > self.to || fault.over() < self.from {
            return None;
        }
        let lanes = match &fault.what {
            FaultAction::PauseWorker { worker, .. }
            | FaultAction::CrashWorker { worker }
            | FaultAction::CutCommit { worker, .. } => self
                .has(Actor::Worker(*worker))
                .then(|| vec![Lane::Worker(*worker)])?,
            FaultAction::CrashNode { node, .. } | FaultAction::DelayApply { node, .. } => {
                vec![Lane::Node(*node)]
            }
            FaultAction::Partition { nodes, .. } => nodes.iter().copied().map(Lane::Node).collect(),
            FaultAction::BlindProxy { .. } | FaultAction::Promote { .. } => vec![Lane::Proxy],
            FaultAction::RestartLocks { .. }
            | FaultAction::FailoverLocks
            | FaultAction::SkewLocks { .. } => {
                vec![Lane::Locks]
            }
        };
        Some((fault, lanes))
    }
}

/// The change of another worker on the same row that overlaps this one, one that held the row before
/// one that did not; else the last one before it.
fn rival<'a>(change: &Change, changes: &'a [Change]) -> Option<&'a Change> {
    let overlaps = |other: &&Change| {
        other.row == change.row
            && other.worker != change.worker
            && other.acquire.invoked <= end(change)
            && change.acquire.invoked <= end(other)
    };
    let near = |other: &&Change| {
        let apart = other.acquire.returned.abs_diff(change.acquire.returned);
        (!other.held(), apart)
    };
    let before = |other: &&Change| {
        let of_row = other.row == change.row && other.worker != change.worker;
        of_row && other.acquire.invoked < change.acquire.invoked
    };
    let earlier = || changes.iter().filter(before).max_by_key(|other| end(other));
    changes
        .iter()
        .filter(overlaps)
        .min_by_key(near)
        .or_else(earlier)
}

fn end(change: &Change) -> Nanos {
    let ends = change.steps().map(|step| step.returned).max();
    ends.unwrap_or(change.acquire.returned)
}

/// The host's reading right after a step whose effect it had reason to doubt.
fn look(change: &Change, step: &Step) -> Option<ScoredEvent> {
    let seen = step.seen.as_deref()?;
    let found = match &seen.found {
        Sight::Row(Some(state)) => format!("row {} is {state}", change.row),
        Sight::Row(None) => format!("row {} is gone", change.row),
        Sight::Address(Some(address)) => format!("{} has {address}", change.marker()),
        Sight::Address(None) => format!("{} has no address", change.marker()),
    };
    let lane = Lane::of_node(&seen.node)?;
    let text = format!("the host reads, causally: {found}");
    Some(ScoredEvent::new(95, seen.ended, lane, Tone::Lost, text))
}

/// Says whether a text ends with a word: `volumes volume-1` does with `volume-1`, and `volume-11`
/// does not.
fn ends_with_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut words = text.split(|c: char| !is_part(c)).filter(|w| !w.is_empty());
    words.any(|found| found == word)
}
