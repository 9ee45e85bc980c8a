//! The number of statements and seeds that one core simulates in a second.

use super::{case, measure, strategy, workload};
use crate::report::Figure;
use crate::spread::Spread;
use contend::explore::case::Case;

const ROUNDS: u64 = 7;
const SEEDS: u64 = 30;
const LEAST_STATEMENTS: f64 = 500_000.0;
const LEAST_STATEMENTS_OF_FOR_UPDATE: f64 = 400_000.0;
const LEAST_SEEDS: f64 = 100.0;

/// Result of one round, by the second of processor time.
struct Round {
    statements: f64,
    seeds: f64,
    statements_per_seed: f64,
}

pub fn measure_statements() -> Figure {
    statements(
        "cas",
        "SQL statements simulated by a core, compare-and-swap",
    )
    .at_least(LEAST_STATEMENTS)
}

pub fn measure_statements_of_for_update() -> Figure {
    statements("for-update", "The same, FOR UPDATE").at_least(LEAST_STATEMENTS_OF_FOR_UPDATE)
}

pub fn measure_seeds() -> Figure {
    let rounds = rounds("cas");
    let seeds = rounds.iter().map(|round| round.seeds);
    Figure::new(
        "Seeds of the smoke workload that a core simulates",
        Spread::new(seeds, "a second"),
    )
    .at_least(LEAST_SEEDS)
    .method(format!(
        "`cas.wasm`, seed after seed as above, each with its judgement and with instances, tables \
         and sessions of its own. {ROUNDS} rounds of {SEEDS} seeds."
    ))
    .detail(format!("A seed has {}", of_a_seed(&rounds)))
}

fn statements(name: &str, what: &'static str) -> Figure {
    let rounds = rounds(name);
    let statements = rounds.iter().map(|round| round.statements);
    Figure::new(what, Spread::new(statements, "a second"))
        .method(format!(
            "The smoke workload with `{name}.wasm`, without faults and with nothing written: what \
             `runner check {name} --workload smoke --faults none --jobs 1` does. Processor time of \
             all of it: host calls, plans, locks, replication, virtual time, making instances, \
             history, audit, judgement. Statements of workers and of their checks are counted, each \
             once. {ROUNDS} rounds of {SEEDS} seeds."
        ))
        .detail(format!("A seed has {}", of_a_seed(&rounds)))
}

fn of_a_seed(rounds: &[Round]) -> Spread {
    let statements = rounds.iter().map(|round| round.statements_per_seed);
    Spread::new(statements, "statements")
}

fn rounds(name: &str) -> Vec<Round> {
    let of_seed = |seed| Case {
        seed,
        ..case(workload("smoke"), None)
    };
    let strategy = strategy(name, &of_seed(0));
    let round = |number| {
        let seeds = number * SEEDS..(number + 1) * SEEDS;
        let measured: Vec<_> = seeds
            .map(|seed| measure(&of_seed(seed), &strategy))
            .collect();
        let statements = measured.iter().map(|m| m.statements).sum::<u64>() as f64;
        let cpu_s: f64 = measured.iter().map(|m| m.cpu_s).sum();
        Round {
            statements: statements / cpu_s,
            seeds: SEEDS as f64 / cpu_s,
            statements_per_seed: statements / SEEDS as f64,
        }
    };
    (0..ROUNDS).map(round).collect()
}
