//! The ratio of simulated time to real time of a workload.

use super::{case, measure, strategy, workload};
use crate::report::Figure;
use crate::spread::Spread;

const HELL: &str = "seed-5x100";
const LOW_CONTENTION: &str = "seed-400x1";
const LEAST_HELL: f64 = 10.0;
const LEAST_LOW_CONTENTION: f64 = 500.0;

pub fn measure_hell_of_cas() -> Figure {
    let what = "Hell (5×100), compare-and-swap: simulated time over processor time";
    figure(what, HELL, "cas", 1).at_least(LEAST_HELL)
}

pub fn measure_hell_of_for_update() -> Figure {
    figure("The same, FOR UPDATE", HELL, "for-update", 1).at_least(LEAST_HELL)
}

pub fn measure_low_contention() -> Figure {
    let what = "Low contention (400×1), compare-and-swap: simulated time over processor time";
    figure(what, LOW_CONTENTION, "cas", 3).at_least(LEAST_LOW_CONTENTION)
}

fn figure(what: &'static str, name: &str, solution: &str, rounds: u32) -> Figure {
    let case = case(workload(name), None);
    let strategy = strategy(solution, &case);
    let rounds: Vec<_> = (0..rounds).map(|_| measure(&case, &strategy)).collect();
    let times = rounds.iter().map(|m| m.simulated_s / m.cpu_s);
    let spread = |of: fn(&super::Measured) -> f64, unit| Spread::new(rounds.iter().map(of), unit);
    let (simulated, took) = (spread(|m| m.simulated_s, "s"), spread(|m| m.cpu_s, "s"));
    let rate = spread(|m| m.statements as f64 / m.cpu_s, "statements a second");
    Figure::new(what, Spread::new(times, "times"))
        .method(format!(
            "`{name}` with `{solution}.wasm` and seed 1, as published, background load included. \
             Simulated time is from the moment when the workers are let go to the end of the last \
             one; processor time is that of all of it, judgement included."
        ))
        .detail(format!("Absolute: {simulated} simulated in {took}, {rate}"))
}
