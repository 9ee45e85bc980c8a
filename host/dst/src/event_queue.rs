//! The event queue: events, sleeps and ends of pauses in the order of their times.
//!
//! A hundred thousand workers have as many entries in it, and a heap of them all is looked up in memory that no
//! cache holds. So time is cut into spans of 1 ms, and only the entries of the spans that have begun are in a
//! heap. Those of the next half second stand in a list for each span, the rest in one list.
//!
//! ```text
//! begun 3    soon   1.2 ms, 2.9 ms                 ordered
//!            spans  [3] 3.1 ms, 3.0 ms  [7] 7.5 ms not ordered
//!            far    1,800 s                        looked at when its first is next
//! ```
//!
//! After 2.9 ms the heap is empty; span 3 begins, and its two entries go into the heap.

use crate::Nanos;
use crate::kernel::{ActorId, Next, Pause};
use slab::Slab;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::task::Waker;

/// A span is so many nanoseconds, as a power of two: 1 ms.
const SPAN: u32 = 20;

/// The number of spans that have a list of their own.
const SPANS: u64 = 512;

/// Entries of cancelled timers stay in the queue until there are so many.
const FEW: usize = 1000;

pub(crate) struct EventQueue<E> {
    /// Entries of the spans that have begun.
    soon: BinaryHeap<Reverse<Entry>>,
    /// The number of the first span that has not begun.
    next: u64,
    /// The entries of the spans from `next` on, each at its number modulo `SPANS`.
    spans: Vec<Vec<Entry>>,
    /// The number of entries in `spans`.
    in_spans: usize,
    /// Entries of later spans.
    far: Vec<Entry>,
    /// The first span that has an entry in `far`; `u64::MAX` if that is empty.
    first_far: u64,
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

impl Entry {
    fn span(&self) -> u64 {
        self.at >> SPAN
    }
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
            next: 0,
            spans: (0..SPANS).map(|_| Vec::new()).collect(),
            in_spans: 0,
            far: Vec::new(),
            first_far: u64::MAX,
            queued: Slab::new(),
            sequence: 0,
            stale: 0,
            paused: BTreeMap::new(),
        }
    }
}

impl<E> EventQueue<E> {
    /// Puts an item in.
    pub(crate) fn push(&mut self, at: Nanos, next: Next<E>) -> Timer {
        self.sequence += 1;
        let sequence = self.sequence;
        let slot = self.queued.insert(Queued { sequence, next }) as u32;
        self.place(Entry { at, sequence, slot });
        Timer { sequence, slot }
    }

    fn place(&mut self, entry: Entry) {
        let span = entry.span();
        match span.checked_sub(self.next) {
            None => self.soon.push(Reverse(entry)),
            Some(0..SPANS) => {
                self.spans[(span % SPANS) as usize].push(entry);
                self.in_spans += 1;
            }
            Some(_) => {
                self.first_far = self.first_far.min(span);
                self.far.push(entry);
            }
        }
    }

    /// Takes out the next item, with its time.
    pub(crate) fn pop(&mut self) -> Option<(Nanos, Next<E>)> {
        loop {
            let Some(Reverse(Entry { at, sequence, slot })) = self.soon.pop() else {
                self.begin_next()?;
                continue;
            };
            match is_still_there(&self.queued, sequence, slot) {
                true => return Some((at, self.queued.remove(slot as usize).next)),
                false => self.stale = self.stale.saturating_sub(1),
            }
        }
    }

    /// Begins the next span that has an entry. `None` if none has.
    fn begin_next(&mut self) -> Option<()> {
        let mut spans = self.next..self.next + SPANS;
        let has_entries = |span: &u64| !self.spans[(span % SPANS) as usize].is_empty();
        let in_spans = match self.in_spans {
            0 => None,
            _ => spans.find(has_entries),
        };
        let span = in_spans.unwrap_or(u64::MAX).min(self.first_far);
        if span == u64::MAX {
            return None;
        }
        if span == self.first_far {
            self.next = span;
            self.first_far = u64::MAX;
            for entry in std::mem::take(&mut self.far) {
                self.place(entry);
            }
        }
        self.next = span + 1;
        let list = &mut self.spans[(span % SPANS) as usize];
        self.in_spans -= list.len();
        self.soon.extend(list.drain(..).map(Reverse));
        Some(())
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
        if self.stale < FEW || self.stale < self.entries() / 2 {
            return;
        }
        let is_wanted = |entry: &Entry| is_still_there(&self.queued, entry.sequence, entry.slot);
        self.soon.retain(|Reverse(entry)| is_wanted(entry));
        self.spans
            .iter_mut()
            .for_each(|list| list.retain(is_wanted));
        self.in_spans = self.spans.iter().map(Vec::len).sum();
        self.far.retain(is_wanted);
        self.first_far = self.far.iter().map(Entry::span).min().unwrap_or(u64::MAX);
        self.stale = 0;
    }

    fn entries(&self) -> usize {
        self.soon.len() + self.in_spans + self.far.len()
    }
}

fn is_still_there<E>(queued: &Slab<Queued<E>>, sequence: u64, slot: u32) -> bool {
    let queued = queued.get(slot as usize);
    queued.is_some_and(|queued| queued.sequence == sequence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;
    use std::collections::BTreeSet;

    /// Beyond all spans that have a list.
    const FAR: Nanos = (SPANS + 1) << SPAN;

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
        for at in [3 * FAR, 5, 2 * FAR, FAR - 1, FAR, 1 << SPAN] {
            queue.push(at, wake());
        }
        assert_eq!(queue.pop().map(|(at, _)| at), Some(5));
        // Near by now, and yet later than what was put among the far ones.
        queue.push(2 * FAR + 1, wake());
        let order = [1 << SPAN, FAR - 1, FAR, 2 * FAR, 2 * FAR + 1, 3 * FAR];
        assert_eq!(times(&mut queue), order);
        assert_eq!(queue.entries(), 0);
    }

    /// Entries put in at random moments, for moments near and far, come as one sorted list would have them.
    #[test]
    fn entries_come_in_the_order_of_time_and_sequence() {
        let mut random = Random::new(5, 0);
        let mut queue = EventQueue::<()>::default();
        let (mut now, mut expected) = (0, BTreeSet::new());
        for sequence in 1..20_000 {
            let within = [0, 1 << 10, 1 << SPAN, FAR, 5 * FAR, 1_000 * FAR];
            let within = within[random.below(6) as usize];
            let at = now + random.below(within + 1);
            let timer = queue.push(at, wake());
            match random.below(4) {
                0 => queue.cancel(timer),
                _ => _ = expected.insert((at, sequence)),
            }
            if random.below(3) > 0 {
                let first = expected.pop_first().map(|(at, _)| at);
                assert_eq!(queue.pop().map(|(at, _)| at), first);
                now = first.unwrap_or(now);
            }
        }
        let rest: Vec<_> = expected.into_iter().map(|(at, _)| at).collect();
        assert_eq!(times(&mut queue), rest);
    }

    #[test]
    fn entries_for_the_same_time_keep_their_order_wherever_they_are_kept() {
        let mut queue = EventQueue::<()>::default();
        let actors = [0, 1, 2].map(ActorId);
        queue.push(2 * FAR, Next::Resume(actors[0]));
        queue.push(2 * FAR - (1 << SPAN), wake());
        queue.pop();
        queue.push(2 * FAR, Next::Resume(actors[1]));
        queue.push(2 * FAR - 1, wake());
        queue.pop();
        queue.push(2 * FAR, Next::Resume(actors[2]));
        for actor in actors {
            let next = queue.pop();
            assert!(matches!(next, Some((_, Next::Resume(resumed))) if resumed == actor));
        }
    }

    #[test]
    fn cancelled_timer_never_comes_and_its_successor_does() {
        let mut queue = EventQueue::<()>::default();
        let timer = queue.push(5, wake());
        queue.cancel(timer);
        let other = queue.push(7, wake());
        assert_eq!(timer.slot, other.slot);
        assert!(queue.waker(timer).is_none() && queue.waker(other).is_some());
        queue.cancel(timer);
        assert_eq!(times(&mut queue), [7]);
    }

    #[test]
    fn cancelled_timers_do_not_fill_the_queue() {
        let mut queue = EventQueue::<()>::default();
        let kept = queue.push(FAR, wake());
        for _ in 0..10 * FEW {
            let timer = queue.push(3 * FAR, wake());
            queue.cancel(timer);
            assert!(queue.entries() <= FEW + 1);
        }
        assert!(queue.waker(kept).is_some());
        assert_eq!(times(&mut queue), [FAR]);
    }
}
