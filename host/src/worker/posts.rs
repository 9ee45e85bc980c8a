//! Where each worker is, for whoever watches whether anything still moves.

use crate::model::stuck::{Waiting, WaitingStep};
use std::sync::atomic::{AtomicU64, Ordering};

/// One post for each worker; written by that worker alone.
pub struct Posts(Box<[AtomicU64]>);

/// Where a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Post {
    /// Between two steps: it pauses, checks, holds or settles, and goes on by itself.
    Between,
    /// In a step of the change with this number, in the hands of the strategy.
    In(WaitingStep, u32),
    /// It has made all its changes.
    Ended,
}

const BETWEEN: u64 = 0;
const ACQUIRE: u64 = 1;
const RELEASE: u64 = 2;
const ENDED: u64 = 3;

impl Posts {
    pub fn new(workers: u32) -> Self {
        Self((0..workers).map(|_| AtomicU64::new(BETWEEN)).collect())
    }

    pub fn enter(&self, worker: u32, post: Post) {
        let coded = match post {
            Post::Between => BETWEEN,
            Post::In(WaitingStep::Acquire, number) => u64::from(number) << 2 | ACQUIRE,
            Post::In(WaitingStep::Release, number) => u64::from(number) << 2 | RELEASE,
            Post::Ended => ENDED,
        };
        if let Some(post) = self.0.get(worker as usize) {
            post.store(coded, Ordering::Relaxed);
        }
    }

    /// Where everybody is now. A worker that is twice in the same step has not left it in between: the
    /// numbers of changes only grow.
    pub fn all(&self) -> Vec<Post> {
        let decoded = self.0.iter().map(|post| {
            let coded = post.load(Ordering::Relaxed);
            let number = (coded >> 2) as u32;
            match coded & 3 {
                ACQUIRE => Post::In(WaitingStep::Acquire, number),
                RELEASE => Post::In(WaitingStep::Release, number),
                ENDED => Post::Ended,
                _ => Post::Between,
            }
        });
        decoded.collect()
    }
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
            Post::In(WaitingStep::Acquire, 0),
            Post::In(WaitingStep::Release, u32::MAX),
            Post::Ended,
        ];
        for (worker, post) in (0..).zip(entered) {
            posts.enter(worker, post);
        }
        assert_eq!(posts.all(), entered);
    }

    #[test]
    fn workers_wait_if_none_is_between_two_steps() {
        let acquire = Post::In(WaitingStep::Acquire, 2);
        assert_eq!(waiting(&[acquire, Post::Between]), None);
        assert_eq!(waiting(&[Post::Ended]), None);
        let waiting = waiting(&[Post::Ended, acquire]).unwrap();
        let expected = Waiting {
            worker: 1,
            number: 2,
            step: WaitingStep::Acquire,
        };
        assert_eq!(waiting, [expected]);
    }
}
