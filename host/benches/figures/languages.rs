//! The same strategy in each language: what its component costs.

use super::change_through_wasm::micros_per_change;
use super::child;
use super::context::{LIMITS, capabilities};
use super::process::megabytes;
use super::report;
use super::spread::Spread;
use super::stub::Stub;
use contend::capability::strategy::Strategy;
use contend::wasm::Engine;
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// By which argument these are asked for: they are published in a folder of their own.
pub const ARGUMENT: &str = "languages";

/// A process for each, since its memory is measured.
pub const CHILDREN: [child::Child; 4] = [
    ("cas-rust", || child("cas-rust")),
    ("cas-c", || child("cas-c")),
    ("cas-js", || child("cas-js")),
    ("cas-python", || child("cas-python")),
];

const ROUNDS: u32 = 5;
const WORKERS: u32 = 100;
const CHANGES: u32 = 2_000;

const COLUMNS: &str =
    "strategy,bytes,compile_ms,load_ms,instantiate_us,mb_per_worker,us_per_change";

#[derive(Serialize, Deserialize)]
struct Measured {
    bytes: u64,
    compile_ms: f64,
    load_ms: f64,
    instantiate_us: f64,
    mb_per_worker: f64,
    us_per_change: f64,
}

/// Measures all, and writes `results/languages`.
pub fn write() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/languages");
    let mut table = String::new();
    let mut csv = format!("{COLUMNS}\n");
    for (name, _) in CHILDREN {
        let rounds: Vec<Measured> = (0..ROUNDS).map(|_| round(name)).collect();
        let spread = |of: fn(&Measured) -> f64, unit| Spread::new(rounds.iter().map(of), unit);
        let columns = [
            spread(|m| m.compile_ms, "ms"),
            spread(|m| m.load_ms, "ms"),
            spread(|m| m.instantiate_us, "µs"),
            spread(|m| m.mb_per_worker, "MB"),
            spread(|m| m.us_per_change, "µs"),
        ];
        let bytes = rounds[0].bytes;
        let medians = columns.iter().map(|c| format!("{:.3}", c.median()));
        let cells = columns.iter().map(Spread::to_string);
        let (medians, cells) = (medians.collect::<Vec<_>>(), cells.collect::<Vec<_>>());
        writeln!(csv, "{name},{bytes},{}", medians.join(",")).expect("a string grows");
        let kilobytes = bytes as f64 / 1e3;
        writeln!(
            table,
            "| {name} | {kilobytes:.1} kB | {} |",
            cells.join(" | ")
        )
        .expect("a string grows");
        eprintln!("{name}: {kilobytes:.1} kB, {}", cells.join(", "));
    }
    std::fs::create_dir_all(&folder).expect("the folder of results");
    std::fs::write(folder.join("languages.csv"), csv).expect("the CSV");
    std::fs::write(folder.join("README.md"), text(&table)).expect("the README");
}

fn text(table: &str) -> String {
    let heading = report::heading("One strategy in four languages", "make languages");
    format!(
        "{heading}\
         Compare-and-swap, as `runner new` writes it in each language \
         ([strategies/examples](../../strategies/examples)), on a database that answers every update at \
         once.\n\n\
         | strategy | size | compiled | loaded again | an instance made | memory of a worker | a change |\n\
         |---|---|---|---|---|---|---|\n\
         {table}\n\
         Each is the median of {ROUNDS} rounds, with the least and the most of them; a round is a process \
         of its own. **Compiled:** read, compiled and linked for the first time, on all cores. **Loaded \
         again:** the same by another engine, which finds it compiled, as each later run does. **An \
         instance made:** one of {WORKERS} that live at the same time. **Memory of a worker:** how much \
         of the process is resident for each of these when each has made a change, and not what they \
         share. **A change:** an acquire and a release, processor time, mean of {CHANGES}. The numbers \
         are in [languages.csv](languages.csv).\n"
    )
}

/// In a process whose cache of compiled components is empty.
fn round(name: &str) -> Measured {
    let cache = super::context::folder();
    child::run_with(name, &[("XDG_CACHE_HOME", cache.path())])
}

fn child(name: &str) -> serde_json::Value {
    let path = component(name);
    let load = || {
        let began = Instant::now();
        let engine = Engine::new(LIMITS, WORKERS).expect("an engine");
        let strategy = engine.load(&path).expect("a strategy");
        (strategy, began.elapsed().as_secs_f64() * 1e3)
    };
    let (first, compile_ms) = load();
    drop(first);
    let (strategy, load_ms) = load();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().expect("a runtime");
    let measured = runtime.block_on(async {
        let stub = Arc::new(Stub::answering());
        let given = || capabilities(stub.clone(), stub.session());
        let given: Vec<_> = (0..WORKERS).map(|_| given()).collect();
        let before = megabytes("VmRSS");
        let mut instances = Vec::new();
        let began = Instant::now();
        for capabilities in given {
            instances.push(
                strategy
                    .instantiate(capabilities)
                    .await
                    .expect("an instance"),
            );
        }
        let instantiate_us = began.elapsed().as_secs_f64() * 1e6 / f64::from(WORKERS);
        for instance in &mut instances {
            micros_per_change(&mut **instance, &stub, 1).await;
        }
        let mb_per_worker = (megabytes("VmRSS") - before) / f64::from(WORKERS);
        let us_per_change = micros_per_change(&mut *instances[0], &stub, CHANGES).await;
        for instance in instances {
            instance.end().await;
        }
        Measured {
            bytes: std::fs::metadata(&path).expect("a file").len(),
            compile_ms,
            load_ms,
            instantiate_us,
            mb_per_worker,
            us_per_change,
        }
    });
    serde_json::to_value(measured).expect("numbers")
}

fn component(name: &str) -> PathBuf {
    let path = format!("../strategies/examples/{name}/target/strategies/{name}.wasm");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    assert!(path.is_file(), "run `make languages`, which builds it");
    path
}
