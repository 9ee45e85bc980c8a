//! The event queue: events, sleeps and ends of pauses in the order of their times.

use crate::Nanos;
use crate::kernel::{ActorId, Next, Pause};
use slab::Slab;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::task::Waker;

/// Entries that are further away than this are kept apart: time limits, pauses, the queue of a crowd.
/// The next one is then found among a few.
const SOON: Nanos = 20_000_000;

/// Entries of cancelled timers stay in the queue until there are so many.
const FEW: usize = 1000;

pub(crate) struct EventQueue<E> {
    soon: BinaryHeap<Reverse<Entry>>,
    later: BinaryHeap<Reverse<Entry>>,
    queued: Slab<Queued<E>>,
    /// Counts all that was ever put into the queue: of two entries for the same time, the one that was
    /// put in first comes first.
    sequence: u64,
    /// Entries of cancelled timers.
    stale: usize,
    pub(crate) paused: BTreeMap<ActorId, Pause>,
}

/// Small, because a queue moves its entries about. No two have the same sequence.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: Nanos,
    sequence: u64,
    slot: u32,
}

struct Queued<E> {
    sequence: u64,
    next: Next<E>,
}

/// A timer's place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timer {
    sequence: u64,
    slot: u32,
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self {
            soon: BinaryHeap::new(),
            later: BinaryHeap::new(),
            queued: Slab::new(),
            sequence: 0,
            stale: 0,
            paused: BTreeMap::new(),
        }
    }
}

impl<E> EventQueue<E> {
    /// Puts an item in.
    pub(crate) fn push(&mut self, now: Nanos, at: Nanos, next: Next<E>) -> Timer {
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

    /// Takes out the next item, with its time.
    pub(crate) fn pop(&mut self) -> Option<(Nanos, Next<E>)> {
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

    /// The waker of a timer, unless that is over.
    pub(crate) fn waker(&mut self, timer: Timer) -> Option<&mut Waker> {
        let queued = self.queued.get_mut(timer.slot as usize)?;
        match &mut queued.next {
            Next::Wake(waker) if queued.sequence == timer.sequence => Some(waker),
            _ => None,
        }
    }

    /// Cancels a timer.
    pub(crate) fn cancel(&mut self, timer: Timer) {
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

fn is_still_there<E>(queued: &Slab<Queued<E>>, sequence: u64, slot: u32) -> bool {
    let queued = queued.get(slot as usize);
    queued.is_some_and(|queued| queued.sequence == sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wake() -> Next<()> {
        Next::Wake(Waker::noop().clone())
    }

    fn times(queue: &mut EventQueue<()>) -> Vec<Nanos> {
        std::iter::from_fn(|| queue.pop())
            .map(|(at, _)| at)
            .collect()
    }

    #[test]
    fn distant_entry_comes_in_its_turn() {
        let mut queue = EventQueue::<()>::default();
        for at in [3 * SOON, 5, 2 * SOON, SOON - 1, SOON] {
            queue.push(0, at, wake());
        }
        // Near by now, and yet later than what was put among the later ones.
        assert_eq!(queue.pop().map(|(at, _)| at), Some(5));
        queue.push(2 * SOON, 2 * SOON + 1, wake());
        let order = [SOON - 1, SOON, 2 * SOON, 2 * SOON + 1, 3 * SOON];
        assert_eq!(times(&mut queue), order);
    }

    #[test]
    fn entries_for_the_same_time_keep_their_order_wherever_they_are_kept() {
        let mut queue = EventQueue::<()>::default();
        let actors = [0, 1, 2].map(ActorId);
        queue.push(0, 2 * SOON, Next::Resume(actors[0]));
        queue.push(2 * SOON, 2 * SOON, Next::Resume(actors[1]));
        queue.push(0, 2 * SOON, Next::Resume(actors[2]));
        for actor in actors {
            let next = queue.pop();
            assert!(matches!(next, Some((_, Next::Resume(resumed))) if resumed == actor));
        }
    }

    #[test]
    fn cancelled_timer_never_comes_and_its_successor_does() {
        let mut queue = EventQueue::<()>::default();
        let timer = queue.push(0, 5, wake());
        queue.cancel(timer);
        let other = queue.push(0, 7, wake());
        assert_eq!(timer.slot, other.slot);
        assert!(queue.waker(timer).is_none() && queue.waker(other).is_some());
        queue.cancel(timer);
        assert_eq!(times(&mut queue), [7]);
    }

    #[test]
    fn cancelled_timers_do_not_fill_the_queue() {
        let mut queue = EventQueue::<()>::default();
        let kept = queue.push(0, SOON, wake());
        for _ in 0..10 * FEW {
            let timer = queue.push(0, 3 * SOON, wake());
            queue.cancel(timer);
            assert!(queue.later.len() <= FEW + 1);
        }
        assert!(queue.waker(kept).is_some());
        assert_eq!(times(&mut queue), [SOON]);
    }
}
