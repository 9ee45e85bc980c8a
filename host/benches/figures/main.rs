//! The runner's own figures: what it costs, as ratios and differences within one run.
//!
//! `make bench` prints them and writes `results/bench.md`. A target that is missed is told and is no
//! error; work that was not really done is.

mod arena;
mod change_through_wasm;
mod checkers;
mod child;
mod idle_workers;
mod native_cas;
mod parts;
mod process;
mod report;
mod runner_cpu;
mod session_memory;
mod spread;
mod stub;

/// What runs in a process of its own, since its memory is measured.
const CHILDREN: &[(&str, fn() -> serde_json::Value)] = &[
    (idle_workers::CHILD, idle_workers::child),
    (session_memory::CHILD, session_memory::child),
    (checkers::IN_ORDER, || checkers::child(false)),
    (checkers::SHUFFLED, || checkers::child(true)),
];

fn main() {
    if child::answer(CHILDREN) {
        return;
    }
    let figures = [
        change_through_wasm::measure,
        runner_cpu::measure,
        idle_workers::measure,
        session_memory::measure,
        checkers::measure_in_order,
        checkers::measure_memory,
        checkers::measure_shuffled,
        parts::instantiate,
        parts::compile,
        parts::append,
    ];
    let measured: Vec<_> = figures
        .into_iter()
        .map(|measure| {
            let figure = measure();
            eprintln!("{}", figure.line());
            figure
        })
        .collect();
    report::write(&measured);
}
