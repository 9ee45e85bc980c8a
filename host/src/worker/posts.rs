//! The step that each worker is in, for the watch that looks for a standstill.

use crate::model::change::StepKind;
use crate::model::stuck::Waiting;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// One place for each worker; written by that worker alone.
pub struct Posts(Box<[Place]>);

#[derive(Default)]
struct Place {
    /// Its [`Post`], as a number.
    post: AtomicU64,
    calls: Calls,
}

/// One worker's calls to database servers.
///
/// Counts each call twice, when it begins and when it ends, so an odd number is a call in flight, and
/// the same odd number is the same call.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<AtomicU64>);

/// A call in flight. Dropping it ends the call.
pub struct InFlight<'a>(&'a Calls);

impl Calls {
    pub fn begin(&self) -> InFlight<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }

    fn in_flight(&self) -> Option<u64> {
        let number = self.0.load(Ordering::Relaxed);
        (number % 2 == 1).then_some(number)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The step that a worker is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Post {
    /// Between two steps: it pauses, checks, holds or settles, and goes on by itself.
    Between,
    /// In a step of the change with this number, in the hands of the strategy.
    In(StepKind, u32),
    /// It has made all its changes.
    Ended,
}

const BETWEEN: u64 = 0;
const ACQUIRE: u64 = 1;
const RELEASE: u64 = 2;
const ENDED: u64 = 3;

impl Posts {
    pub fn new(workers: u32) -> Self {
        Self((0..workers).map(|_| Place::default()).collect())
    }

    pub fn enter(&self, worker: u32, post: Post) {
        let coded = match post {
            Post::Between => BETWEEN,
            Post::In(StepKind::Acquire, number) => u64::from(number) << 2 | ACQUIRE,
            Post::In(StepKind::Release, number) => u64::from(number) << 2 | RELEASE,
            Post::Ended => ENDED,
        };
        if let Some(place) = self.0.get(worker as usize) {
            place.post.store(coded, Ordering::Relaxed);
        }
    }

    /// The counter of this worker's calls.
    pub fn calls_of(&self, worker: u32) -> Calls {
        let place = self.0.get(worker as usize);
        place.map(|place| place.calls.clone()).unwrap_or_default()
    }

    /// The call of each worker that is in flight.
    pub fn calls(&self) -> Vec<Option<u64>> {
        self.0.iter().map(|place| place.calls.in_flight()).collect()
    }

    /// The step of every worker now. A worker that is twice in the same step has not left it in between: the
    /// numbers of changes only grow.
    pub fn all(&self) -> Vec<Post> {
        let decoded = self.0.iter().map(|place| {
            let coded = place.post.load(Ordering::Relaxed);
            let number = (coded >> 2) as u32;
            match coded & 3 {
                ACQUIRE => Post::In(StepKind::Acquire, number),
                RELEASE => Post::In(StepKind::Release, number),
                ENDED => Post::Ended,
                _ => Post::Between,
            }
        });
        decoded.collect()
    }
}

/// True if a call that was in flight before still is.
pub fn is_waited_for(before: &[Option<u64>], now: &[Option<u64>]) -> bool {
    let mut both = before.iter().zip(now);
    both.any(|(before, now)| before.is_some() && before == now)
}

/// The workers that are in a step, if all are that have not ended, and any is.
pub fn waiting(posts: &[Post]) -> Option<Vec<Waiting>> {
    let mut waiting = Vec::new();
    for (worker, post) in (0..).zip(posts) {
        match *post {
            Post::Between => return None,
            Post::In(step, number) => waiting.push(Waiting {
                worker,
                number,
                step,
            }),
            Post::Ended => {}
        }
    }
    (!waiting.is_empty()).then_some(waiting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn post_is_read_as_it_was_entered() {
        let posts = Posts::new(4);
        let entered = [
            Post::Between,
            Post::In(StepKind::Acquire, 0),
            Post::In(StepKind::Release, u32::MAX),
            Post::Ended,
        ];
        for (worker, post) in (0..).zip(entered) {
            posts.enter(worker, post);
        }
        assert_eq!(posts.all(), entered);
    }

    #[test]
    fn call_is_waited_for_until_it_ends_or_is_abandoned() {
        let posts = Posts::new(2);
        let calls = posts.calls_of(1);
        assert_eq!(posts.calls(), [None, None]);
        let call = calls.begin();
        let before = posts.calls();
        assert!(is_waited_for(&before, &posts.calls()));
        drop(call);
        assert!(!is_waited_for(&before, &posts.calls()));
        let _next = calls.begin();
        assert!(!is_waited_for(&before, &posts.calls()), "another call");
    }

    #[test]
    fn workers_wait_if_none_is_between_two_steps() {
        let acquire = Post::In(StepKind::Acquire, 2);
        assert_eq!(waiting(&[acquire, Post::Between]), None);
        assert_eq!(waiting(&[Post::Ended]), None);
        let waiting = waiting(&[Post::Ended, acquire]).unwrap();
        let expected = Waiting {
            worker: 1,
            number: 2,
            step: StepKind::Acquire,
        };
        assert_eq!(waiting, [expected]);
    }
}
