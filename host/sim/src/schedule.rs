//! Schedules of faults, drawn from a seed.

use super::random::Purpose;
use crate::model::change::Nanos;
use crate::model::fault_class::FaultClass;
use crate::model::sim_fault::{Cut, FaultAction, SimFault};
use contend_dst::Random;

const MS: Nanos = 1_000_000;
const S: Nanos = 1_000 * MS;

/// The most faults of one schedule: more of them hide each other's work, and are shrunk away anyway.
const MOST: u64 = 3;

/// Targets of faults, with their times.
#[derive(Debug, Clone)]
pub struct Stage {
    pub nodes: u32,
    pub workers: u32,
    /// The duration of the run without faults.
    pub length: Nanos,
    /// The times at which workers wait for the answer to a call, without faults: faults are aimed at them.
    pub calls: Vec<Call>,
    pub has_locks: bool,
    /// A node can take the place of another.
    pub has_standbys: bool,
    /// After what time a lock is given to another, if its holder is not heard of.
    pub lease: Nanos,
}

/// A worker's call: a statement, or a lock that it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    pub worker: u32,
    pub sent: Nanos,
    pub answered: Nanos,
}

/// The number of faults of a seed.
pub fn count(seed: u64) -> u64 {
    Random::new(seed, Purpose::Faults).below(MOST + 1)
}

/// None to three faults of these kinds, in the order of time; the same for the same seed. Kinds that
/// nothing there can suffer are left out.
pub fn draw(seed: u64, classes: &[FaultClass], stage: &Stage) -> Vec<SimFault> {
    let possible = |class: &&FaultClass| stage.can_suffer(**class);
    let classes: Vec<_> = classes.iter().filter(possible).copied().collect();
    if classes.is_empty() {
        return Vec::new();
    }
    let mut random = Random::new(seed, Purpose::Faults);
    let count = random.below(MOST + 1);
    let mut faults: Vec<SimFault> = Vec::new();
    for _ in 0..count {
        let class = classes[random.below(classes.len() as u64) as usize];
        let hit = stage.moment(&faults, &mut random);
        let what = stage.harm(class, hit.worker, &mut random);
        faults.push(SimFault { at: hit.at, what });
    }
    faults.sort_by_key(|fault| fault.at);
    faults
}

/// The time, and the worker that is hit, if any.
struct Hit {
    at: Nanos,
    worker: u32,
}

impl Stage {
    /// Mostly while some worker waits for an answer. The run takes the same course as without faults
    /// until the first of them, so that one is where it was aimed at. A fault makes the run longer, so
    /// a later one may also come while it lasts.
    fn moment(&self, before: &[SimFault], random: &mut Random) -> Hit {
        let longest = before.iter().map(SimFault::over).max().unwrap_or(0);
        let worker = random.below(u64::from(self.workers)) as u32;
        let anywhere = random.below(self.length.max(1));
        let later = random.below(self.length.max(longest).max(1));
        let call = random.below(self.calls.len() as u64) as usize;
        let part = random.next_u64();
        match (random.below(8), self.calls.get(call)) {
            (0, _) | (_, None) => Hit {
                at: micros(anywhere),
                worker,
            },
            (1, _) if longest > 0 => Hit {
                at: micros(later),
                worker,
            },
            (_, Some(call)) => Hit {
                at: micros(call.sent + part % call.answered.saturating_sub(call.sent).max(1))
                    .max(call.sent),
                worker: call.worker,
            },
        }
    }

    fn can_suffer(&self, class: FaultClass) -> bool {
        match class {
            FaultClass::Partition | FaultClass::DelayApply => self.nodes > 1,
            FaultClass::Promote => self.has_standbys,
            class => self.has_locks || !class.is_of_locks(),
        }
    }

    fn harm(&self, class: FaultClass, worker: u32, random: &mut Random) -> FaultAction {
        let node = random.below(u64::from(self.nodes)) as u32;
        match class {
            FaultClass::Pause => FaultAction::PauseWorker {
                worker,
                lasts: self.pause(random),
            },
            FaultClass::CrashWorker => FaultAction::CrashWorker { worker },
            FaultClass::CrashNode => FaultAction::CrashNode {
                node,
                lasts: between(random, 2 * S, 15 * S),
            },
            FaultClass::Partition => FaultAction::Partition {
                nodes: self.side(node, random),
                // Shorter and longer than the time after which the others go on without them.
                lasts: between(random, S, 15 * S),
            },
            FaultClass::Cut => FaultAction::CutCommit {
                worker,
                cut: Cut::ALL[random.below(Cut::ALL.len() as u64) as usize],
            },
            FaultClass::DelayApply => FaultAction::DelayApply {
                node,
                lasts: between(random, 20 * MS, 3 * S),
            },
            FaultClass::Promote => FaultAction::Promote {
                lasts: between(random, 2 * S, 15 * S),
            },
            FaultClass::BlindProxy => FaultAction::BlindProxy {
                lasts: between(random, 2 * S, 10 * S),
            },
            FaultClass::LockRestart => FaultAction::RestartLocks {
                lasts: between(random, 100 * MS, 5 * S),
            },
            FaultClass::LockFailover => FaultAction::FailoverLocks,
            FaultClass::LockSkew => FaultAction::SkewLocks {
                ahead: between(random, self.lease / 2, 2 * self.lease),
            },
        }
    }

    /// Longer than a lease. A worker that waits for the lock goes on when the lease ends, and is soon
    /// done: the pause that ends in that time is the one that shows what the lock is worth.
    fn pause(&self, random: &mut Random) -> Nanos {
        let longer = match random.below(4) {
            0 => random.below(self.lease.max(1)),
            _ => random.below(self.length.max(1)),
        };
        self.lease + (longer / MS * MS).max(MS)
    }

    /// The node, and any of the nodes behind it that are not all others.
    fn side(&self, node: u32, random: &mut Random) -> Vec<u32> {
        let size = 1 + random.below(u64::from(self.nodes - 1)) as u32;
        let mut side: Vec<_> = (0..size).map(|n| (node + n) % self.nodes).collect();
        side.sort_unstable();
        side
    }
}

fn between(random: &mut Random, least: Nanos, most: Nanos) -> Nanos {
    // In whole ms, which people can read.
    least + random.below((most - least) / MS) * MS
}

/// Rounded, for the same reason.
fn micros(at: Nanos) -> Nanos {
    at / 1_000 * 1_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const LENGTH: Nanos = 200 * MS;

    fn stage() -> Stage {
        let call = |worker| Call {
            worker,
            sent: u64::from(worker) * 30 * MS,
            answered: u64::from(worker) * 30 * MS + 7,
        };
        Stage {
            nodes: 3,
            workers: 6,
            length: LENGTH,
            calls: (0..6).map(call).collect(),
            has_locks: true,
            has_standbys: false,
            lease: 10 * S,
        }
    }

    #[test]
    fn most_faults_hit_a_worker_that_waits_for_an_answer() {
        let faults = (0..1_000).flat_map(|seed| draw(seed, &[FaultClass::CrashWorker], &stage()));
        let (aimed, others): (Vec<_>, Vec<_>) = faults.partition(|fault| match fault.what {
            FaultAction::CrashWorker { worker } => {
                let sent = u64::from(worker) * 30 * MS;
                (sent..sent + 7).contains(&fault.at)
            }
            _ => false,
        });
        assert!(
            aimed.len() > 3 * others.len(),
            "{} {}",
            aimed.len(),
            others.len()
        );
        assert!(others.len() * 10 > aimed.len());
        let none = Stage {
            calls: Vec::new(),
            ..stage()
        };
        assert!((0..100).any(|seed| !draw(seed, &FaultClass::ALL, &none).is_empty()));
    }

    #[test]
    fn a_seed_has_one_schedule_and_another_seed_another() {
        let all = FaultClass::ALL;
        assert_eq!(draw(7, &all, &stage()), draw(7, &all, &stage()));
        let schedules: Vec<_> = (0..100).map(|seed| draw(seed, &all, &stage())).collect();
        let different: BTreeSet<_> = schedules.iter().map(|s| format!("{s:?}")).collect();
        assert!(different.len() > 60, "{}", different.len());
        for many in 0..=3 {
            assert!(schedules.iter().any(|schedule| schedule.len() == many));
        }
        for (schedule, seed) in schedules.iter().zip(0..) {
            assert_eq!(count(seed), schedule.len() as u64);
        }
    }

    #[test]
    fn only_what_was_asked_for_and_can_be_suffered_is_drawn() {
        let kinds_of = |classes: &[FaultClass], stage: &Stage| {
            let faults = (0..500).flat_map(|seed| draw(seed, classes, stage));
            let actions = faults.map(|fault| {
                let text = fault.what.to_string();
                text.split(' ').next().unwrap().to_owned()
            });
            actions
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
        };
        assert_eq!(kinds_of(&FaultClass::ALL, &stage()).len(), 11);
        assert_eq!(kinds_of(&[FaultClass::Pause], &stage()), ["pause"]);
        let alone = Stage {
            nodes: 1,
            ..stage()
        };
        let (partition, delay) = (FaultClass::Partition, FaultClass::DelayApply);
        assert!(kinds_of(&[partition, delay], &alone).is_empty());
        let without = Stage {
            has_locks: false,
            ..stage()
        };
        assert!(kinds_of(&[FaultClass::LockSkew], &without).is_empty());
    }

    #[test]
    fn most_pauses_end_while_those_who_waited_for_the_lease_are_at_work() {
        let pauses = (0..2_000).flat_map(|seed| draw(seed, &[FaultClass::Pause], &stage()));
        let lasts: Vec<_> = pauses
            .filter_map(|fault| match fault.what {
                FaultAction::PauseWorker { lasts, .. } => Some(lasts),
                _ => None,
            })
            .collect();
        let soon = lasts.iter().filter(|lasts| **lasts < 10 * S + LENGTH);
        let soon = soon.count();
        assert!(
            soon * 4 > lasts.len() * 2 && soon * 10 < lasts.len() * 9,
            "{soon}"
        );
    }

    #[test]
    fn every_fault_hits_something_that_is_there() {
        for seed in 0..2_000 {
            for fault in draw(seed, &FaultClass::ALL, &stage()) {
                match fault.what {
                    FaultAction::PauseWorker { worker, lasts } => {
                        assert!(worker < 6 && lasts > 10 * S && lasts <= 20 * S);
                    }
                    FaultAction::CrashWorker { worker } | FaultAction::CutCommit { worker, .. } => {
                        assert!(worker < 6);
                    }
                    FaultAction::CrashNode { node, .. } | FaultAction::DelayApply { node, .. } => {
                        assert!(node < 3);
                    }
                    FaultAction::Partition { nodes, .. } => {
                        assert!(!nodes.is_empty() && nodes.len() < 3);
                        assert!(nodes.is_sorted() && nodes.iter().all(|node| *node < 3));
                    }
                    _ => {}
                }
            }
        }
    }
}
