//! What is to happen, in the order of time.

use super::{Next, Pause};
use crate::model::change::Nanos;
use crate::model::event::Actor;
use slab::Slab;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::task::Waker;

/// What is later than this is kept apart: time limits, pauses, the queue of a crowd. What comes next
/// is then found among a few.
const SOON: Nanos = 20_000_000;

/// Timers that nobody waits for stay until there are so many.
const FEW: usize = 1000;

#[derive(Default)]
pub(super) struct Agenda {
    soon: BinaryHeap<Reverse<Entry>>,
    later: BinaryHeap<Reverse<Entry>>,
    queued: Slab<Queued>,
    /// Of everything that was ever put into the queue: of two for the same moment, the earlier comes
    /// first.
    sequence: u64,
    /// Entries of timers that nobody waits for any more.
    stale: usize,
    pub(super) paused: BTreeMap<Actor, Pause>,
}

/// Small, because a queue moves its entries about. No two have the same sequence.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: Nanos,
    sequence: u64,
    slot: u32,
}

struct Queued {
    sequence: u64,
    next: Next,
}

/// A timer's place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timer {
    sequence: u64,
    slot: u32,
}

impl Agenda {
    /// Lets something happen then.
    pub(super) fn push(&mut self, now: Nanos, at: Nanos, next: Next) -> Timer {
        self.sequence += 1;
        let sequence = self.sequence;
        let slot = self.queued.insert(Queued { sequence, next }) as u32;
        let entry = Reverse(Entry { at, sequence, slot });
        match at.saturating_sub(now) < SOON {
            true => self.soon.push(entry),
            false => self.later.push(entry),
        }
        Timer { sequence, slot }
    }

    /// The next thing, and when it is.
    pub(super) fn pop(&mut self) -> Option<(Nanos, Next)> {
        loop {
            // A smaller `Reverse` is a later entry, and nothing is the least of all.
            let is_later = self.soon.peek() < self.later.peek();
            let queue = match is_later {
                true => &mut self.later,
                false => &mut self.soon,
            };
            let Reverse(Entry { at, sequence, slot }) = queue.pop()?;
            match is_still_there(&self.queued, sequence, slot) {
                true => return Some((at, self.queued.remove(slot as usize).next)),
                false => self.stale = self.stale.saturating_sub(1),
            }
        }
    }

    /// Who waits for the timer, unless it is over.
    pub(super) fn waker(&mut self, timer: Timer) -> Option<&mut Waker> {
        let queued = self.queued.get_mut(timer.slot as usize)?;
        match &mut queued.next {
            Next::Wake(waker) if queued.sequence == timer.sequence => Some(waker),
            _ => None,
        }
    }

    /// Nobody waits for the timer any more.
    pub(super) fn cancel(&mut self, timer: Timer) {
        if is_still_there(&self.queued, timer.sequence, timer.slot) {
            self.queued.remove(timer.slot as usize);
            self.stale += 1;
            self.forget_stale();
        }
    }

    /// Time limits are set for every step and hardly ever reached: they must not fill the queue.
    fn forget_stale(&mut self) {
        if self.stale < FEW || self.stale < (self.soon.len() + self.later.len()) / 2 {
            return;
        }
        let is_wanted = |Reverse(entry): &Reverse<Entry>| {
            is_still_there(&self.queued, entry.sequence, entry.slot)
        };
        self.soon.retain(is_wanted);
        self.later.retain(is_wanted);
        self.stale = 0;
    }
}

fn is_still_there(queued: &Slab<Queued>, sequence: u64, slot: u32) -> bool {
    let queued = queued.get(slot as usize);
    queued.is_some_and(|queued| queued.sequence == sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wake() -> Next {
        Next::Wake(Waker::noop().clone())
    }

    fn times(agenda: &mut Agenda) -> Vec<Nanos> {
        std::iter::from_fn(|| agenda.pop())
            .map(|(at, _)| at)
            .collect()
    }

    #[test]
    fn what_was_far_away_comes_in_its_turn() {
        let mut agenda = Agenda::default();
        for at in [3 * SOON, 5, 2 * SOON, SOON - 1, SOON] {
            agenda.push(0, at, wake());
        }
        // Near by now, and yet later than what was put among the later ones.
        assert_eq!(agenda.pop().map(|(at, _)| at), Some(5));
        agenda.push(2 * SOON, 2 * SOON + 1, wake());
        let order = [SOON - 1, SOON, 2 * SOON, 2 * SOON + 1, 3 * SOON];
        assert_eq!(times(&mut agenda), order);
    }

    #[test]
    fn of_two_for_the_same_moment_the_earlier_comes_first_wherever_it_is_kept() {
        let mut agenda = Agenda::default();
        let actors = [0, 1, 2].map(Actor::Worker);
        agenda.push(0, 2 * SOON, Next::Resume(actors[0]));
        agenda.push(2 * SOON, 2 * SOON, Next::Resume(actors[1]));
        agenda.push(0, 2 * SOON, Next::Resume(actors[2]));
        for actor in actors {
            let next = agenda.pop();
            assert!(matches!(next, Some((_, Next::Resume(resumed))) if resumed == actor));
        }
    }

    #[test]
    fn a_timer_that_was_cancelled_never_comes_and_who_has_its_place_does() {
        let mut agenda = Agenda::default();
        let timer = agenda.push(0, 5, wake());
        agenda.cancel(timer);
        let other = agenda.push(0, 7, wake());
        assert_eq!(timer.slot, other.slot);
        assert!(agenda.waker(timer).is_none() && agenda.waker(other).is_some());
        agenda.cancel(timer);
        assert_eq!(times(&mut agenda), [7]);
    }

    #[test]
    fn cancelled_timers_do_not_fill_the_queue() {
        let mut agenda = Agenda::default();
        let kept = agenda.push(0, SOON, wake());
        for _ in 0..10 * FEW {
            let timer = agenda.push(0, 3 * SOON, wake());
            agenda.cancel(timer);
            assert!(agenda.later.len() <= FEW + 1);
        }
        assert!(agenda.waker(kept).is_some());
        assert_eq!(times(&mut agenda), [SOON]);
    }
}
