//! Was a pool called exhausted only where it was?

use super::evidence::Evidence;
use super::prose::is_failed;
use crate::check::parts::{Findings, Ms, Witness};
use crate::model::change::{Change, Nanos};
use crate::model::outcome::Outcome;
use crate::model::pool::pool_id;
use crate::model::verdict::Answer;

/// Judges each call that returned that its pool is exhausted. That was true if at some moment of the call
/// as many other changes of the pool as it has addresses may have had one. Every doubt is in favour of the
/// strategy: a change may have an address from the invocation of acquire to the return of a release
/// that certainly took effect, and otherwise for ever; one that ended indeterminate may, whatever was
/// found of it, because what it left half done keeps an address taken as well. n·log n.
///
/// A pool that was never exhausted is valid with a remark. Needs the whole history: a change that is
/// missing may have had the last address.
pub fn answer(evidence: &Evidence) -> Answer {
    let mut findings = Findings::default();
    let mut refused: Vec<_> = evidence.changes.iter().filter(is_exhausted).collect();
    // In the order of time, so that only the first has to be described.
    refused.sort_by_key(|change| change.acquire.returned);
    if evidence.missing().is_none() && !refused.is_empty() {
        let taken = Taken::new(evidence);
        for change in &refused {
            let asked = (change.acquire.invoked, change.acquire.returned);
            if !taken.was_full(change.row, asked) {
                let most = || taken.most(change.row, asked);
                findings.add(Some(asked.1), || describe(evidence, change, most()));
            }
        }
    }
    let question = "was a pool called exhausted only where it was?";
    let mut answer = findings.answer("exhaustion", question, evidence.missing());
    answer.remark = match refused.len() {
        0 => Some("trivial: no pool was ever called exhausted".to_owned()),
        1 => Some("a pool was called exhausted once".to_owned()),
        n => Some(format!("pools were called exhausted {n} times")),
    };
    answer
}

fn is_exhausted(change: &&Change) -> bool {
    let reason = change.acquire.outcome.reason();
    is_failed(&change.acquire) && reason.is_some_and(|reason| reason.code == "exhausted")
}

fn describe(evidence: &Evidence, change: &Change, most: u64) -> Witness {
    let (worker, marker, pool) = (change.worker, change.marker(), pool_id(change.row));
    let (asked, answered) = (Ms(change.acquire.invoked), Ms(change.acquire.returned));
    let capacity = evidence.pools.get(change.row as usize);
    let capacity = capacity.map_or(0, |pool| pool.capacity());
    let prose = format!(
        "worker {worker} ({marker}) was told at {answered} that {pool} is exhausted, but since it had \
         asked, at {asked}, at most {most} of its {capacity} addresses can have been taken"
    );
    Witness::about(prose, change.row, [Some(marker)])
}

/// The number of addresses of each pool that may have been taken, over time.
struct Taken {
    /// Pool, time, and whether it became one more or one less; in order.
    steps: Vec<(u32, Nanos, Step)>,
    /// Pool, beginning and end of the times when it may have been full; in order.
    full: Vec<(u32, Nanos, Nanos)>,
}

/// At one instant what begins counts before what ends, which is for the strategy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    More,
    Less,
}

impl Taken {
    fn new(evidence: &Evidence) -> Self {
        let mut steps = Vec::new();
        for change in evidence.changes.iter().filter(may_have) {
            steps.push((change.row, change.acquire.invoked, Step::More));
            if let Some(end) = certainly_free_from(change) {
                steps.push((change.row, end, Step::Less));
            }
        }
        steps.sort_unstable();
        let mut full = Vec::new();
        for own in steps.chunk_by(|a, b| a.0 == b.0) {
            let row = own[0].0;
            let Some(pool) = evidence.pools.get(row as usize) else {
                continue;
            };
            let (capacity, mut count, mut since) = (pool.capacity(), 0u128, None);
            for (_, at, step) in own {
                match step {
                    Step::More => {
                        count += 1;
                        since = since.or((count == capacity).then_some(*at));
                    }
                    Step::Less => {
                        count -= 1;
                        let ended = since.take_if(|_| count < capacity);
                        full.extend(ended.map(|since| (row, since, *at)));
                    }
                }
            }
            full.extend(since.map(|since| (row, since, Nanos::MAX)));
        }
        Self { steps, full }
    }

    fn was_full(&self, row: u32, (from, to): (Nanos, Nanos)) -> bool {
        let over = |full: &(u32, Nanos, Nanos)| (full.0, full.2) < (row, from);
        let next = self.full.get(self.full.partition_point(over));
        next.is_some_and(|(of, since, _)| *of == row && *since <= to)
    }

    /// The most that may have been taken at one moment of this time. Linear.
    fn most(&self, row: u32, (from, to): (Nanos, Nanos)) -> u64 {
        let own = self.steps.iter().filter(|step| step.0 == row);
        let (mut count, mut most) = (0, 0);
        for (_, at, step) in own.take_while(|step| step.1 <= to) {
            if *at >= from {
                most = most.max(count);
            }
            match step {
                Step::More => count += 1,
                Step::Less => count -= 1,
            }
        }
        most.max(count)
    }
}

fn may_have(change: &&Change) -> bool {
    change.held() || matches!(change.acquire.outcome, Outcome::Indeterminate(_))
}

fn certainly_free_from(change: &Change) -> Option<Nanos> {
    let release = change.release.as_ref()?;
    let is_unclear = matches!(release.outcome, Outcome::Indeterminate(_));
    (release.took_effect() && !is_unclear).then_some(release.returned)
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::{address, given_back, history, kept, refused};
    use super::*;
    use crate::model::change::{Restored, Settled};
    use crate::model::pool::Pool;
    use crate::model::verdict::Verdict;
    use crate::workload::ip_allocation::tables::{Allocations, NodeAllocations};

    fn nothing() -> Allocations {
        let node = NodeAllocations {
            node: "a".into(),
            requests: vec![],
            ranges: vec![],
        };
        Allocations {
            nodes: vec![node],
            silent: vec![],
            unseen: 0,
            has_primary: false,
            breakdowns: Vec::new(),
        }
    }

    /// Of two pools that have two addresses each.
    fn judge(changes: &[Change]) -> Answer {
        let pool = |n: u8| Pool {
            subnet: "10.0.0.0/8".to_owned(),
            first: [10, 0, n, 0].into(),
            last: [10, 0, n, 1].into(),
        };
        answer(&Evidence {
            pools: &[pool(0), pool(1)],
            changes,
            found: Some(&nothing()),
        })
    }

    fn exhausted(times: [Nanos; 2]) -> Change {
        refused(9, 0, 0, times.map(|ms| ms * 1_000_000), "exhausted")
    }

    fn keeps(worker: u32, times: [Nanos; 2]) -> Change {
        kept(worker, 0, 0, times.map(|ms| ms * 1_000_000), &address(0, 0))
    }

    fn gives_back(worker: u32, times: [Nanos; 4]) -> Change {
        given_back(worker, 0, 0, times.map(|ms| ms * 1_000_000), "")
    }

    fn assert_valid(changes: &[Change]) {
        assert_eq!(judge(changes).verdict, Verdict::Valid);
    }

    fn assert_reported(changes: &[Change], prose: &str) {
        let answer = judge(changes);
        assert_eq!(answer.verdict.as_str(), "violated");
        let why = answer.verdict.why().unwrap();
        assert!(why.contains(prose), "{why}");
    }

    #[test]
    fn a_pool_that_was_never_exhausted_is_valid_with_a_remark() {
        let (pools, changes, found) = history(6, 3, 4);
        let answer = answer(&Evidence {
            pools: &pools,
            changes: &changes,
            found: Some(&found),
        });
        assert_eq!(answer.verdict, Verdict::Valid);
        assert!(answer.remark.unwrap().contains("trivial"));
    }

    #[test]
    fn a_full_pool_is_exhausted_and_one_with_a_free_address_is_not() {
        let (one, two) = (keeps(1, [0, 5]), keeps(2, [3, 8]));
        let full = [one.clone(), two.clone(), exhausted([10, 20])];
        assert_valid(&full);
        assert_eq!(
            judge(&full).remark.as_deref(),
            Some("a pool was called exhausted once")
        );
        assert_reported(
            &[one.clone(), exhausted([10, 20]), exhausted([30, 40])],
            "worker 9 (9_0) was told at 20.000 ms that pool-0 is exhausted, but since it had asked, \
             at 10.000 ms, at most 1 of its 2 addresses can have been taken",
        );
        let [mut elsewhere, mut full] = [two.clone(), keeps(3, [0, 5])];
        (elsewhere.row, full.row) = (1, 1);
        let changes = [one.clone(), elsewhere.clone(), full, exhausted([10, 20])];
        assert_reported(&changes, "at most 1 of its 2");
        assert_reported(&[one, elsewhere, exhausted([10, 20])], "at most 1 of its 2");
    }

    #[test]
    fn an_address_is_taken_at_the_earliest_when_it_was_asked_for() {
        let one = keeps(1, [0, 5]);
        assert_valid(&[one.clone(), keeps(2, [19, 30]), exhausted([10, 20])]);
        let later = keeps(2, [21, 30]);
        assert_reported(&[one, later, exhausted([10, 20])], "at most 1 of its 2");
    }

    #[test]
    fn an_address_is_free_at_the_latest_when_its_release_has_returned() {
        let one = keeps(1, [0, 5]);
        let still = gives_back(2, [0, 5, 6, 11]);
        assert_valid(&[one.clone(), still.clone(), exhausted([10, 20])]);
        let before = gives_back(2, [0, 5, 6, 9]);
        assert_reported(
            &[one.clone(), before.clone(), exhausted([10, 20])],
            "at most 1 of its 2",
        );
        // Given back and taken anew, it was still one address.
        let again = keeps(3, [12, 15]);
        assert_reported(&[still, again, exhausted([10, 20])], "at most 1 of its 2");
        for (outcome, settled) in [
            (Outcome::indeterminate("2013", ""), Settled::TookEffect),
            (
                refused(0, 0, 0, [0, 1], "1213").acquire.outcome,
                Settled::NoEffect,
            ),
        ] {
            let mut unclear = before.clone();
            let release = unclear.release.as_mut().unwrap();
            release.outcome = outcome;
            release.settled = Some(settled);
            unclear.restored = Restored::Yes;
            assert_valid(&[one.clone(), unclear, exhausted([10, 20])]);
        }
    }

    #[test]
    fn all_must_have_been_taken_at_one_moment() {
        let moments = [
            gives_back(1, [0, 1, 11, 12]),
            gives_back(2, [13, 14, 15, 16]),
        ];
        let [first, then] = moments.clone();
        assert_reported(&[first, then, exhausted([10, 20])], "at most 1 of its 2");
        let [first, mut then] = moments;
        then.acquire.invoked = 12_000_000;
        assert_valid(&[first, then, exhausted([10, 20])]);
        // Full once more before and after, but not while it asked.
        let around = [
            gives_back(1, [0, 1, 2, 3]),
            gives_back(2, [0, 1, 2, 3]),
            gives_back(3, [30, 31, 32, 33]),
            gives_back(4, [30, 31, 32, 33]),
            exhausted([10, 20]),
        ];
        assert_reported(&around, "at most 0 of its 2");
    }

    #[test]
    fn an_indeterminate_change_may_have_an_address_and_a_failed_one_has_none() {
        let one = keeps(1, [0, 5]);
        for settled in [Settled::Unknown, Settled::NoEffect, Settled::TookEffect] {
            let mut unclear = keeps(2, [0, 5]);
            unclear.acquire.outcome = Outcome::indeterminate("2013", "");
            unclear.acquire.settled = Some(settled);
            assert_valid(&[one.clone(), unclear, exhausted([10, 20])]);
        }
        let failed = refused(2, 0, 0, [0, 5], "attempts-exhausted");
        assert_reported(
            &[one.clone(), failed.clone(), exhausted([10, 20])],
            "at most 1 of its 2",
        );
        assert!(judge(&[one, failed]).remark.unwrap().contains("trivial"));
    }

    #[test]
    fn without_the_whole_history_nothing_is_reported() {
        let evidence = Evidence {
            pools: &[],
            changes: &[exhausted([10, 20])],
            found: None,
        };
        assert_eq!(answer(&evidence).verdict.as_str(), "unknown");
    }
}
