//! The cost of very many workers that compete: memory, and processor time as their number grows.

use super::{case, measure, strategy};
use crate::child::{self, Child};
use crate::process::{maps, megabytes};
use crate::report::Figure;
use crate::spread::Spread;
use contend::workload::Workload;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

pub const CHILDREN: [Child; 4] = [
    ("simulated-workers-100", || child(100)),
    ("simulated-workers-1000", || child(1_000)),
    ("simulated-workers-10000", || child(10_000)),
    ("simulated-workers-100000", || child(100_000)),
];

const MOST_MEGABYTES: f64 = 2_000.0;
const WORKERS_PER_ROW: u32 = 2;
const CHANGES_PER_WORKER: u32 = 3;

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Measured {
    workers: u32,
    micros_per_change: f64,
    statements_per_change: f64,
    peak: f64,
    maps: usize,
}

pub fn measure_memory() -> Figure {
    let [.., most] = all();
    Figure::new(
        "100,000 workers in one simulated run: peak memory of the process",
        Spread::new([most.peak], "MB"),
    )
    .at_most(MOST_MEGABYTES)
    .method(format!(
        "A process that simulates and judges {} workers with `cas.wasm`, {WORKERS_PER_ROW} on each \
         row, {CHANGES_PER_WORKER} changes each, checked on three nodes: the most that was ever \
         resident.",
        most.workers
    ))
    .detail(format!("Mappings: {}", most.maps))
}

/// n·log n for all changes is log n for one.
pub fn measure_growth() -> Figure {
    let all = all();
    let [fewest, .., most] = all;
    let logarithms = f64::from(most.workers).ln() / f64::from(fewest.workers).ln();
    let grown = most.micros_per_change / fewest.micros_per_change;
    let each = all.map(|m| {
        let (workers, micros, each) = (m.workers, m.micros_per_change, m.statements_per_change);
        format!("{micros:.0} µs and {each:.1} statements with {workers}")
    });
    Figure::new(
        "Processor time of a change, 100,000 workers over 100",
        Spread::new([grown], "times"),
    )
    .at_most(logarithms)
    .method(
        "The same with other numbers of workers, in a process each; making the instances and \
         judging are included, and loading the component is not. The target is n·log n.",
    )
    .detail(format!("A change took {}", each.join(", ")))
}

/// Measured once, for both figures.
fn all() -> [Measured; 4] {
    static ALL: OnceLock<[Measured; 4]> = OnceLock::new();
    *ALL.get_or_init(|| CHILDREN.map(|(name, _)| child::run(name)))
}

fn child(workers: u32) -> serde_json::Value {
    let case = case(
        Workload {
            rows: workers / WORKERS_PER_ROW,
            workers_per_row: WORKERS_PER_ROW,
            changes_per_worker: CHANGES_PER_WORKER,
            ..Workload::default()
        },
        None,
    );
    let strategy = strategy("cas", &case);
    let measured = measure(&case, &strategy);
    let changes = measured.changes as f64;
    let measured = Measured {
        workers,
        micros_per_change: measured.cpu_s * 1e6 / changes,
        statements_per_change: measured.statements as f64 / changes,
        peak: megabytes("VmHWM"),
        maps: maps().0,
    };
    serde_json::to_value(measured).expect("numbers")
}
