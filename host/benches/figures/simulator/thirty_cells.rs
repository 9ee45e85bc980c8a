//! The whole published table.

use super::{case, measure, strategy, workload};
use crate::report::Figure;
use crate::spread::Spread;
use contend::model::sim_locks::SimLocks;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

const MOST_SECONDS: f64 = 600.0;
const CORES: usize = 2;

/// The largest first, so that the cores end at about the same time.
const WORKLOADS: [&str; 5] = [
    "seed-5x100",
    "seed-100x5",
    "seed-100x3",
    "seed-100x1",
    "seed-400x1",
];

const SOLUTIONS: [(&str, Option<SimLocks>); 6] = [
    ("for-update", None),
    ("cas", None),
    ("lock-change", Some(SimLocks::Lease)),
    ("lock-change", Some(SimLocks::File)),
    ("lock-operation", Some(SimLocks::Lease)),
    ("lock-operation", Some(SimLocks::File)),
];

pub fn measure_all() -> Figure {
    let solutions = SOLUTIONS.into_iter();
    let cells = WORKLOADS.map(|name| solutions.clone().map(move |solution| (name, solution)));
    let cells: Vec<_> = cells.into_iter().flatten().collect();
    let count = cells.len();
    let left = Mutex::new(cells.into_iter());
    let began = Instant::now();
    let work = || loop {
        let cell = left.lock().expect("no panic while held").next();
        let Some((name, (solution, locks))) = cell else {
            return;
        };
        let case = case(workload(name), locks);
        measure(&case, &strategy(solution, &case));
    };
    thread::scope(|scope| {
        for _ in 0..CORES {
            scope.spawn(work);
        }
    });
    let took = began.elapsed().as_secs_f64();
    Figure::new(
        "The five published workloads × the six solutions",
        Spread::new([took], "s"),
    )
    .at_most(MOST_SECONDS)
    .method(format!(
        "All {count} cells with seed 1, each simulated and judged, {CORES} at a time; by the wall."
    ))
}
