//! Draws from each seed how large its simulation is.
//!
//! With one size for all, what goes wrong from a worker's seventh call on, with five rivals, or after
//! ten seconds, is in no seed. So most seeds are small, some are long, wide or slow, and all together
//! cost about what the usual size would: 18 changes a seed.

use crate::model::shape::Shape;
use crate::plan::search::Varied;
use crate::sim::random::Purpose;
use crate::workload::Workload;
use contend_dst::Random;

/// More workers on a row than this no seed draws.
const MOST_WORKERS_PER_ROW: u32 = 8;
/// No more rows.
const MOST_ROWS: u32 = 3;
/// No more changes of all workers, unless the usual shape has more.
const MOST_CHANGES: u32 = 72;

/// One in so many seeds holds for longer than any lease that is not renewed.
const SLOW: u64 = 128;
const SLOW_HOLD_MS: u64 = 12_000;

const WAITS_MS: [u64; 6] = [0, 1, 1, 2, 5, 20];

impl Varied {
    /// The parameters of a workload that a seed may not change.
    pub fn shape_of(workload: &Workload) -> Shape {
        Shape {
            rows: workload.rows,
            workers_per_row: workload.workers_per_row,
            changes_per_worker: workload.changes_per_worker,
            pause_ms: workload.pause_ms,
            hold_ms: workload.hold_ms,
        }
    }

    /// The workload of one seed. The same for the same seed.
    ///
    /// Given options bound the rest: with 100 rows no seed has more workers than the usual ones.
    pub fn draw(&self, seed: u64, usual: &Workload) -> Workload {
        let mut random = Random::new(seed, Purpose::Shape);
        let drawn = shape(&mut random);
        let mut workload = usual.clone();
        let most = self.most_workers(usual);
        if self.rows && usual.kind.draws_rows() {
            let per_row = if self.workers {
                1
            } else {
                usual.workers_per_row
            };
            workload.rows = drawn.rows.min((most / per_row).max(1));
        }
        if self.workers {
            let room = (most / workload.rows).max(1);
            workload.workers_per_row = drawn.workers_per_row.min(room);
        }
        if self.changes {
            let room = MOST_CHANGES / workload.workers().max(1);
            let room = room.max(usual.changes_per_worker);
            workload.changes_per_worker = drawn.changes_per_worker.min(room);
        }
        if self.pause {
            workload.pause_ms = drawn.pause_ms;
        }
        if self.hold {
            workload.hold_ms = drawn.hold_ms;
        }
        workload
    }
}

fn shape(random: &mut Random) -> Shape {
    let kind = random.below(16);
    let slow = random.below(SLOW) == 0;
    let mut between =
        |least: u32, most: u32| least + random.below(u64::from(most - least + 1)) as u32;
    let (rows, workers_per_row, changes_per_worker) = match kind {
        _ if slow => (1, 2, 2),
        0..8 => (between(1, 2), between(2, 3), between(2, 3)),
        8..13 => (between(1, MOST_ROWS), between(2, 4), between(2, 5)),
        13..15 => (1, between(2, 3), between(8, 24)),
        _ => (1, between(5, MOST_WORKERS_PER_ROW), between(2, 3)),
    };
    let mut wait = || WAITS_MS[random.below(WAITS_MS.len() as u64) as usize];
    let (pause_ms, hold_ms) = (wait(), wait());
    Shape {
        rows,
        workers_per_row,
        changes_per_worker,
        pause_ms,
        hold_ms: if slow { SLOW_HOLD_MS } else { hold_ms },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Varied = Varied {
        rows: true,
        workers: true,
        changes: true,
        pause: true,
        hold: true,
    };

    fn usual() -> Workload {
        Workload {
            rows: 2,
            workers_per_row: 3,
            changes_per_worker: 3,
            ..Workload::default()
        }
    }

    #[test]
    fn shapes_differ_and_cost_together_what_the_usual_one_would() {
        let drawn: Vec<_> = (0..10_000).map(|seed| ALL.draw(seed, &usual())).collect();
        let changes = |one: &Workload| u64::from(one.workers() * one.changes_per_worker);
        let mean = drawn.iter().map(changes).sum::<u64>() as f64 / drawn.len() as f64;
        assert!((14.0..=18.0).contains(&mean), "{mean}");
        let most = ALL.most_workers(&usual());
        assert!(drawn.iter().all(|one| one.workers() <= most));
        // The seventh call of a worker is in its fourth change.
        let long = drawn
            .iter()
            .filter(|one| one.changes_per_worker >= 8)
            .count();
        assert!((1_000..1_500).contains(&long), "{long}");
        assert!(drawn.iter().any(|one| one.workers_per_row == 8));
        assert!(drawn.iter().any(|one| one.hold_ms == SLOW_HOLD_MS));
        assert_eq!(ALL.draw(7, &usual()), ALL.draw(7, &usual()));
    }

    #[test]
    fn many_rows_of_the_user_make_no_seed_larger() {
        let usual = Workload {
            rows: 100,
            ..usual()
        };
        let varied = Varied { rows: false, ..ALL };
        for seed in 0..1_000 {
            let drawn = varied.draw(seed, &usual);
            assert!(drawn.workers() <= usual.workers() && drawn.changes_per_worker <= 3);
        }
    }

    #[test]
    fn given_option_stays() {
        for seed in 0..1_000 {
            assert_eq!(Varied::default().draw(seed, &usual()), usual());
            let pinned = Varied {
                changes: false,
                hold: false,
                ..ALL
            };
            let drawn = pinned.draw(seed, &usual());
            assert_eq!(
                (drawn.changes_per_worker, drawn.hold_ms),
                (usual().changes_per_worker, usual().hold_ms)
            );
        }
    }
}
