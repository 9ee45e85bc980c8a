//! The time and the memory that the checkers take for a million changes.

use super::child;
use super::process::megabytes;
use super::report::Figure;
use super::spread::Spread;
use contend::check::{Evidence, judge, synthetic};
use contend::model::change::Change;
use contend::model::data::FinalRows;
use contend::model::verdict::Verdict;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use std::time::Instant;

pub const IN_ORDER: &str = "checkers-in-order";
pub const SHUFFLED: &str = "checkers-shuffled";

const ROUNDS: u32 = 5;
const WORKERS: u32 = 1000;
const ROWS: u32 = 500;
const CHANGES_PER_WORKER: u32 = 1000;
const MOST_SECONDS: f64 = 2.0;
const MOST_MEGABYTES: f64 = 500.0;

#[derive(Serialize, Deserialize)]
struct Measured {
    seconds: f64,
    data: f64,
    peak: f64,
}

pub fn measure_in_order() -> Figure {
    Figure::new("A million changes judged", seconds(&rounds(IN_ORDER)))
        .at_most(MOST_SECONDS)
        .method(format!(
            "A right history of {WORKERS} workers on {ROWS} rows with {CHANGES_PER_WORKER} changes \
             each, its audit of two million updates and two nodes, all in memory; every checker, on \
             one thread. Reading the files of a run is not included. {ROUNDS} processes."
        ))
}

pub fn measure_memory() -> Figure {
    let rounds = rounds(IN_ORDER);
    let peak = Spread::new(rounds.iter().map(|m| m.peak), "MB");
    let data = Spread::new(rounds.iter().map(|m| m.data), "MB");
    Figure::new("A million changes judged: peak memory of the process", peak)
        .at_most(MOST_MEGABYTES)
        .method("The most that was ever resident, history and data included.")
        .detail(format!(
            "Of it, {data} were there before judging began: history, data, program"
        ))
}

pub fn measure_shuffled() -> Figure {
    Figure::new("The same in random order", seconds(&rounds(SHUFFLED)))
        .at_most(MOST_SECONDS)
        .method(
            "History and audit shuffled, so that every look-up misses the processor's caches: worse \
             than any run writes them.",
        )
}

fn rounds(name: &str) -> Vec<Measured> {
    (0..ROUNDS).map(|_| child::run(name)).collect()
}

fn seconds(rounds: &[Measured]) -> Spread {
    Spread::new(rounds.iter().map(|m| m.seconds), "s")
}

pub fn child(shuffled: bool) -> serde_json::Value {
    let (mut changes, mut data) = synthetic::history(WORKERS, ROWS, CHANGES_PER_WORKER);
    assert_eq!(changes.len(), 1_000_000);
    if shuffled {
        shuffle(&mut changes, &mut data);
    }
    let before = megabytes("VmRSS");
    let began = Instant::now();
    let judgement = judge(&Evidence {
        rows: ROWS,
        changes: &changes,
        data: Some(&data),
    });
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(judgement.verdict, Verdict::Valid, "{judgement:#?}");
    assert_eq!(judgement.answers.len(), 5);
    let measured = Measured {
        seconds,
        data: before,
        peak: megabytes("VmHWM"),
    };
    serde_json::to_value(measured).expect("numbers")
}

fn shuffle(changes: &mut [Change], data: &mut FinalRows) {
    let mut random = Pcg64::seed_from_u64(1);
    let mut below = |end: usize| (random.next_u64() % end as u64) as usize;
    let effects = data.effects.as_mut().expect("an audit");
    for last in (1..changes.len()).rev() {
        changes.swap(last, below(last + 1));
    }
    for last in (1..effects.len()).rev() {
        effects.swap(last, below(last + 1));
    }
}
