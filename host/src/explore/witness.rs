//! From all events of a violating simulation to the at most twelve that show why.

mod aborts;
mod moments;
mod participants;
mod sql_text;

use crate::model::change::{Change, Nanos};
use crate::model::timeline::{Lane, Stretch, StretchKind, Timeline};
use crate::model::verdict::Subject;
use crate::sim::event::Event;
use crate::workload::WorkloadKind;
use moments::{ScoredEvent, weigh};
use participants::Participants;
use std::collections::BTreeSet;

/// More of them would not be read.
pub const MOST_MOMENTS: usize = 12;

/// Aborts that are listed apart from the moments.
const MOST_ABORTS: usize = 6;

/// The moments that matter for this violation. `let_go` is when the workers were let go, on the clock
/// of the events.
pub fn timeline(
    kind: &dyn WorkloadKind,
    about: Option<&Subject>,
    changes: &[Change],
    events: &[Event],
    let_go: Nanos,
) -> Timeline {
    let participants = Participants::of(kind, about, changes);
    let mut weighed: Vec<_> = events
        .iter()
        .filter_map(|event| weigh(&participants, event, let_go))
        .chain(participants.steps())
        .collect();
    weighed.sort_by_key(|weighed| weighed.moment.at);
    once_each(&mut weighed);
    let mut scored = heaviest(weighed);
    for index in 0..scored.len() {
        let (earlier, rest) = scored.split_at_mut(index);
        if let Some(cause) = &rest[0].caused_by {
            rest[0].moment.after = earlier.iter().rposition(|earlier| cause.is(earlier));
        }
    }
    let moments: Vec<_> = scored.into_iter().map(|scored| scored.moment).collect();
    let stretches = stretches(&participants, events, let_go);
    let lanes: BTreeSet<Lane> = moments
        .iter()
        .map(|moment| moment.lane)
        .chain(participants.workers().map(Lane::Worker))
        .collect();
    let on_a_lane = |stretch: &Stretch| lanes.contains(&stretch.lane);
    Timeline {
        stretches: stretches.into_iter().filter(on_a_lane).collect(),
        lanes: lanes.into_iter().collect(),
        moments,
        aborts: aborts::describe(&participants, events, let_go, MOST_ABORTS),
    }
}

/// The last one of those that are shown once.
fn once_each(weighed: &mut Vec<ScoredEvent>) {
    let mut seen = BTreeSet::new();
    weighed.reverse();
    weighed.retain(|weighed| match &weighed.once {
        Some(once) => seen.insert(once.clone()),
        None => true,
    });
    weighed.reverse();
}

/// In the order of time. Of equal weight the earlier ones.
fn heaviest(weighed: Vec<ScoredEvent>) -> Vec<ScoredEvent> {
    let mut by_weight: Vec<usize> = (0..weighed.len()).collect();
    by_weight.sort_by_key(|&index| std::cmp::Reverse(weighed[index].weight));
    let chosen: BTreeSet<usize> = by_weight.into_iter().take(MOST_MOMENTS).collect();
    let numbered = weighed.into_iter().enumerate();
    numbered
        .filter(|(index, _)| chosen.contains(index))
        .map(|(_, weighed)| weighed)
        .collect()
}

fn stretches(participants: &Participants, events: &[Event], let_go: Nanos) -> Vec<Stretch> {
    let mut stretches: Vec<_> = participants
        .holds()
        .map(|(worker, from, to)| Stretch {
            lane: Lane::Worker(worker),
            from,
            to,
            kind: StretchKind::Holds,
            text: format!(
                "worker {worker} holds row {}",
                participants.row.unwrap_or(0)
            ),
        })
        .collect();
    for event in events {
        if let Some((fault, lanes)) = participants.fault(event) {
            let from = event.at.saturating_sub(let_go);
            let to = from + fault.over().saturating_sub(fault.at);
            stretches.extend(lanes.into_iter().map(|lane| Stretch {
                lane,
                from,
                to,
                kind: StretchKind::Fault,
                text: fault.to_string(),
            }));
        }
    }
    stretches
}

#[cfg(test)]
mod tests;
