//! The memory of very many workers while they wait.

use super::child;
use super::context::{context, load_cas, load_cas_for_simulations};
use super::process::{maps, megabytes};
use super::report::Figure;
use super::spread::Spread;
use super::stub::Stub;
use contend::record::journal::Journal;
use contend::wasm::WasmStrategy;
use contend::worker::Worker;
use contend::workload::Workload;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;

pub const REAL: &str = "idle-workers";
pub const SIMULATED: &str = "idle-simulated-workers";

const ROUNDS: u32 = 3;
const REAL_WORKERS: u32 = 10_000;
const SIMULATED_WORKERS: u32 = 100_000;
const MOST_MEGABYTES: f64 = 400.0;
const MOST_MEGABYTES_SIMULATED: f64 = 2_500.0;

#[derive(Serialize, Deserialize)]
struct Measured {
    before: f64,
    after: f64,
    page_tables: f64,
    maps: usize,
    most_maps: usize,
    micros_per_worker: f64,
}

pub fn measure() -> Figure {
    figure(
        "10,000 idle workers: resident memory of the process",
        REAL,
        MOST_MEGABYTES,
        format!(
            "A process with {REAL_WORKERS} real workers, each with its own instance of `cas.wasm`, each \
             suspended inside a call to the database that never answers. Everything of the process \
             that is resident counts: program, engine, compiled component, memories, stacks, tasks. \
             Database connections do not (see the next figure), nor do the kernel's page tables."
        ),
    )
}

pub fn measure_simulated() -> Figure {
    figure(
        "100,000 idle workers of a simulation: resident memory of the process",
        SIMULATED,
        MOST_MEGABYTES_SIMULATED,
        format!(
            "The same with {SIMULATED_WORKERS} workers in an engine for simulations, on one thread."
        ),
    )
}

fn figure(name: &'static str, child: &str, most: f64, method: String) -> Figure {
    let rounds: Vec<Measured> = (0..ROUNDS).map(|_| child::run(child)).collect();
    let spread = |of: fn(&Measured) -> f64, unit| Spread::new(rounds.iter().map(of), unit);
    let (maps, most_maps) = (rounds[0].maps, rounds[0].most_maps);
    Figure::new(name, spread(|m| m.after, "MB"))
        .at_most(most)
        .method(method)
        .detail(format!(
            "Of it, {} came with the engine and the workers. Page tables: {}. Mappings: {maps} of the \
             {most_maps} that this kernel allows. A worker was made ready in {}",
            spread(|m| m.after - m.before, "MB"),
            spread(|m| m.page_tables, "MB"),
            spread(|m| m.micros_per_worker, "µs")
        ))
}

pub fn child() -> serde_json::Value {
    let runtime = Builder::new_multi_thread();
    run(runtime, idle(REAL_WORKERS, load_cas))
}

/// On one thread, as a simulation is.
pub fn child_simulated() -> serde_json::Value {
    let runtime = Builder::new_current_thread();
    run(runtime, idle(SIMULATED_WORKERS, load_cas_for_simulations))
}

fn run(mut runtime: Builder, idle: impl Future<Output = Measured>) -> serde_json::Value {
    let runtime = runtime.enable_all().build().expect("a runtime");
    serde_json::to_value(runtime.block_on(idle)).expect("numbers")
}

async fn idle(count: u32, load: fn(u32) -> WasmStrategy) -> Measured {
    let before = megabytes("VmRSS");
    let stub = Arc::new(Stub::silent());
    let workload = Workload {
        rows: count,
        pause_ms: 0,
        ..Workload::default()
    };
    let journal = Arc::new(Journal::in_memory());
    let strategy = Arc::new(load(count));
    let (context, _stopper) = context(workload, strategy, stub.clone(), journal);
    let mut ready = Vec::new();
    let began = Instant::now();
    for number in 0..count {
        ready.push(Worker::prepare(context.clone(), number).await);
    }
    let micros_per_worker = began.elapsed().as_secs_f64() * 1e6 / f64::from(count);
    let workers = ready.into_iter().map(|worker| tokio::spawn(worker.run()));
    let workers: Vec<_> = workers.collect();
    while stub.executed() < u64::from(count) {
        let ended = workers.iter().find(|worker| worker.is_finished());
        assert!(
            ended.is_none(),
            "a worker ended, though it was never answered"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (maps, most_maps) = maps();
    assert!(maps < most_maps);
    assert!(workers.iter().all(|worker| !worker.is_finished()));
    Measured {
        before,
        after: megabytes("VmRSS"),
        page_tables: megabytes("VmPTE"),
        maps,
        most_maps,
        micros_per_worker,
    }
}
