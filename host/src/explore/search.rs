//! Many seeds on all cores, until one of them violates.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// Which seeds are tried, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Seeds {
    pub first: u64,
    /// At most so many, upwards; the seed after the last is 0.
    pub count: u64,
    /// No seed is begun after this.
    pub time: Option<Duration>,
    /// Threads.
    pub jobs: usize,
}

/// The outcome of one seed.
pub enum Tried<V> {
    Holds,
    /// It is the end of the search.
    Stop(V),
}

/// The result of a search.
#[derive(Debug, PartialEq, Eq)]
pub struct SearchResult<V> {
    /// The lowest seed that stops the search, of those from the first on.
    pub stopped: Option<(u64, V)>,
    /// Seeds that were simulated to their end.
    pub tried: u64,
}

/// Tries seeds until one stops the search. Of several that would, the first in order is the result,
/// whichever thread is quickest: seeds before it are always tried to their end, and only what comes
/// after it is left out. It depends on the machine's speed only where time ends the search, or
/// `is_cancelled`: then no seed is begun any more.
pub fn search<V: Send>(
    seeds: &Seeds,
    is_cancelled: impl Fn() -> bool + Sync,
    simulate: impl Fn(u64) -> Tried<V> + Sync,
) -> SearchResult<V> {
    let began = Instant::now();
    let (next, tried) = (AtomicU64::new(0), AtomicU64::new(0));
    // The offset from which on nothing need be tried.
    let bound = AtomicU64::new(seeds.count);
    let found: Mutex<Option<(u64, V)>> = Mutex::new(None);
    let work = || loop {
        if is_cancelled() || seeds.time.is_some_and(|time| began.elapsed() >= time) {
            break;
        }
        let offset = next.fetch_add(1, Relaxed);
        if offset >= bound.load(Relaxed) {
            break;
        }
        let outcome = simulate(seeds.first.wrapping_add(offset));
        tried.fetch_add(1, Relaxed);
        if let Tried::Stop(value) = outcome {
            bound.fetch_min(offset, Relaxed);
            let mut found = found.lock().expect("no panic while held");
            if found.as_ref().is_none_or(|(lowest, _)| offset < *lowest) {
                *found = Some((offset, value));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..seeds.jobs {
            scope.spawn(work);
        }
        work();
    });
    let found = found.into_inner().expect("no panic while held");
    SearchResult {
        stopped: found.map(|(offset, value)| (seeds.first.wrapping_add(offset), value)),
        tried: tried.into_inner(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::Barrier;

    fn seeds(first: u64, count: u64, jobs: usize) -> Seeds {
        Seeds {
            first,
            count,
            time: None,
            jobs,
        }
    }

    fn never() -> bool {
        false
    }

    #[test]
    fn each_seed_is_tried_once_if_all_hold() {
        let tried = Mutex::new(Vec::new());
        let searched = search(&seeds(u64::MAX - 10, 500, 4), never, |seed| {
            tried.lock().unwrap().push(seed);
            Tried::<()>::Holds
        });
        let mut tried = tried.into_inner().unwrap();
        assert_eq!((searched.stopped, searched.tried), (None, 500));
        tried.sort_unstable();
        tried.dedup();
        assert_eq!(tried.len(), 500);
        assert!(tried.contains(&488) && tried.contains(&u64::MAX));
    }

    #[test]
    fn the_lowest_is_found_although_a_higher_one_is_found_first() {
        // Seed 3 does not end before seed 4 is under way too, and lets it be found first.
        let both = Barrier::new(2);
        let higher = AtomicU64::new(0);
        let searched = search(&seeds(3, 2, 2), never, |seed| {
            both.wait();
            match seed {
                3 => {
                    while higher.load(Relaxed) == 0 {
                        thread::yield_now();
                    }
                    Tried::Stop("three")
                }
                _ => {
                    higher.store(1, Relaxed);
                    Tried::Stop("four")
                }
            }
        });
        assert_eq!(searched.stopped, Some((3, "three")));
        assert_eq!(searched.tried, 2);
    }

    #[test]
    fn the_rest_is_left_out_when_one_is_found() {
        let tried = Mutex::new(BTreeSet::new());
        let searched = search(&seeds(0, u64::MAX, 3), never, |seed| {
            tried.lock().unwrap().insert(seed);
            match seed % 100 {
                99 => Tried::Stop(seed),
                _ => Tried::Holds,
            }
        });
        assert_eq!(searched.stopped, Some((99, 99)));
        let tried = tried.into_inner().unwrap();
        assert!((0..99).all(|seed| tried.contains(&seed)));
    }

    #[test]
    fn no_seed_is_begun_when_the_time_is_over() {
        let none = Seeds {
            time: Some(Duration::ZERO),
            ..seeds(0, u64::MAX, 2)
        };
        let searched = search(&none, never, |_| Tried::<()>::Holds);
        assert_eq!(searched.tried, 0);
    }

    #[test]
    fn cancelled_search_begins_no_seed() {
        let tried = AtomicU64::new(0);
        let is_cancelled = || tried.load(Relaxed) >= 3;
        let searched = search(&seeds(0, 10, 1), is_cancelled, |_| {
            tried.fetch_add(1, Relaxed);
            Tried::<()>::Holds
        });
        assert_eq!((searched.stopped, searched.tried), (None, 3));
    }
}
