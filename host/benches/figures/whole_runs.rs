//! The cost of whole commands, each in a process of its own.

use super::process::children_cpu_seconds;
use super::report::Figure;
use super::spread::Spread;
use std::path::Path;
use std::process::Command;

const ROUNDS: usize = 5;
const SEEDS: u32 = 300;
const MAIN_JOB: &str = "--strategy cas --rows 400 --workers-per-row 2";

/// The processor time of a command, and the JSON that it printed.
struct Used {
    cpu_s: f64,
    answer: serde_json::Value,
}

pub fn main_job_cpu() -> Figure {
    let rounds: Vec<_> = (0..ROUNDS).map(|_| run(MAIN_JOB).cpu_s).collect();
    Figure::new(
        "Processor time of the job of `make run`",
        Spread::new(rounds, "s"),
    )
    .at_most(3.0)
    .method(format!(
        "`runner {MAIN_JOB}`: 800 workers with 10 changes each on SQLite in a file. User and system time of the \
         process, from its start to its end, the compiling of the component not included where it was \
         compiled before. {ROUNDS} rounds."
    ))
}

pub fn main_job_memory() -> Figure {
    let peak = |used: &Used| {
        let usage = &used.answer["trials"][0]["conditions"]["usage"];
        usage["runner_peak_kib"].as_f64().expect("KiB") / 1024.0
    };
    let rounds: Vec<_> = (0..ROUNDS).map(|_| peak(&run(MAIN_JOB))).collect();
    Figure::new("The same: peak memory", Spread::new(rounds, "MiB"))
        .at_most(80.0)
        .method("As the run itself reports it in its JSON.")
}

pub fn seeds_without_faults() -> Figure {
    seeds(
        "Seeds of `runner check cas` a second and core, without faults",
        "none",
        1_500.0,
    )
}

pub fn seeds_with_faults() -> Figure {
    seeds("The same with all faults", "all", 700.0)
}

fn seeds(what: &'static str, faults: &str, least: f64) -> Figure {
    let options = format!("check cas --seeds {SEEDS} --jobs 1 --faults {faults}");
    let rounds: Vec<_> = (0..ROUNDS)
        .map(|_| f64::from(SEEDS) / run(&options).cpu_s)
        .collect();
    Figure::new(what, Spread::new(rounds, "a second"))
        .at_least(least)
        .method(format!(
            "`runner {options}`, by the second of the whole process's user and system time, its start \
             included. {ROUNDS} rounds."
        ))
}

/// Runs the runner in the repository, with its results elsewhere. It must end with the verdict `valid`.
fn run(options: &str) -> Used {
    let out = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    command
        .args(options.split(' '))
        .arg("--json")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    if !options.starts_with("check") {
        command.arg("--out").arg(out.path().join("run"));
    }
    let before = children_cpu_seconds();
    let ended = command.output().expect("the runner");
    let cpu_s = children_cpu_seconds() - before;
    assert!(ended.status.success(), "{options}: {ended:?}");
    let answer = serde_json::from_slice(&ended.stdout).expect("JSON");
    Used { cpu_s, answer }
}
