//! The runner's own figures: what it costs, as ratios and differences within one run.
//!
//! `make bench` prints them and writes `results/bench.md`. A target that is missed is printed and is no
//! error; work that was not really done is.

mod change_through_wasm;
mod checkers;
mod child;
mod context;
mod idle_workers;
mod languages;
mod native_cas;
mod parts;
#[expect(unsafe_code, reason = "libc reports what a process has used")]
mod process;
mod report;
mod runner_cpu;
mod session_memory;
mod simulator;
mod spread;
mod stub;
mod whole_runs;

use child::Child;
use report::Figure;
use simulator::{many_workers, smoke, thirty_cells, virtual_time, wide_area};

/// Figures that run in a process of their own, since its memory is measured or its cores are limited.
const CHILDREN: &[Child] = &[
    (runner_cpu::ON_ONE_CORE, runner_cpu::child),
    (idle_workers::REAL, idle_workers::child),
    (idle_workers::SIMULATED, idle_workers::child_simulated),
    (session_memory::CHILD, session_memory::child),
    (checkers::IN_ORDER, || checkers::child(false)),
    (checkers::SHUFFLED, || checkers::child(true)),
    many_workers::CHILDREN[0],
    many_workers::CHILDREN[1],
    many_workers::CHILDREN[2],
    many_workers::CHILDREN[3],
    (wide_area::CHILD, wide_area::child),
    languages::CHILDREN[0],
    languages::CHILDREN[1],
    languages::CHILDREN[2],
    languages::CHILDREN[3],
];

/// Measures one figure.
type Measure = fn() -> Figure;

/// In the order of the report.
const FIGURES: &[(&str, Measure)] = &[
    ("wasm", change_through_wasm::measure),
    ("wasm-simulated", change_through_wasm::measure_simulated),
    ("cpu", runner_cpu::measure),
    ("cpu-on-one-core", runner_cpu::measure_on_one_core),
    ("main-job", whole_runs::main_job_cpu),
    ("main-job-memory", whole_runs::main_job_memory),
    ("idle", idle_workers::measure),
    ("idle-simulated", idle_workers::measure_simulated),
    ("session", session_memory::measure),
    ("checkers", checkers::measure_in_order),
    ("checkers-memory", checkers::measure_memory),
    ("checkers-shuffled", checkers::measure_shuffled),
    ("instantiate", parts::instantiate),
    ("instantiate-simulated", parts::instantiate_simulated),
    ("load", parts::load),
    ("append", parts::append),
    ("sim-statements", smoke::measure_statements),
    ("sim-for-update", smoke::measure_statements_of_for_update),
    ("sim-seeds", smoke::measure_seeds),
    ("check-seeds", whole_runs::seeds_without_faults),
    ("check-seeds-with-faults", whole_runs::seeds_with_faults),
    ("sim-hell", virtual_time::measure_hell_of_cas),
    (
        "sim-hell-for-update",
        virtual_time::measure_hell_of_for_update,
    ),
    ("sim-low-contention", virtual_time::measure_low_contention),
    ("sim-cells", thirty_cells::measure_all),
    ("sim-workers", many_workers::measure_memory),
    ("sim-growth", many_workers::measure_growth),
    ("sim-nodes", wide_area::measure_nodes),
];

fn main() {
    if child::answer(CHILDREN) {
        return;
    }
    // `cargo bench --bench figures -- wasm cpu` measures these alone, and writes nothing.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    if wanted == [languages::ARGUMENT] {
        return languages::write();
    }
    let known = |wanted: &String| FIGURES.iter().any(|(name, _)| name == wanted);
    assert!(wanted.iter().all(known), "no such figure: {wanted:?}");
    let measured: Vec<Figure> = FIGURES
        .iter()
        .filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name))
        .map(|(_, measure)| measure())
        .inspect(|figure| eprintln!("{}", figure.line()))
        .collect();
    if wanted.is_empty() {
        report::write(&measured);
    }
}
