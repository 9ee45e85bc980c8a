//! Parts of the runner's own cost, without targets.

use super::context::{
    LIMITS, capabilities, cas_component, folder, load_cas, load_cas_for_simulations,
};
use super::report::Figure;
use super::spread::Spread;
use super::stub::Stub;
use contend::capability::strategy::Strategy;
use contend::check::synthetic;
use contend::record::journal::{self, Journal};
use contend::wasm::{Engine, WasmStrategy};
use std::sync::Arc;
use std::time::Instant;

const ROUNDS: u32 = 9;
const INSTANCES: u32 = 2_000;
const LINES: u32 = 50_000;

pub fn instantiate() -> Figure {
    instances_made("An instance made", load_cas, "")
}

pub fn instantiate_simulated() -> Figure {
    instances_made(
        "An instance of a simulation made",
        load_cas_for_simulations,
        " It is one for simulations.",
    )
}

fn instances_made(name: &'static str, load: fn(u32) -> WasmStrategy, engine: &str) -> Figure {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let strategy = load(INSTANCES);
    let rounds = (0..ROUNDS).map(|_| {
        let stub = Arc::new(Stub::answering());
        let given = (0..INSTANCES).map(|_| capabilities(stub.clone(), stub.session()));
        let given: Vec<_> = given.collect();
        runtime.block_on(async {
            let mut instances = Vec::new();
            let began = Instant::now();
            for capabilities in given {
                let made = strategy.instantiate(capabilities).await;
                instances.push(made.expect("an instance"));
            }
            let took = began.elapsed();
            assert_eq!(instances.len(), INSTANCES as usize);
            for instance in instances {
                instance.end().await;
            }
            took.as_secs_f64() * 1e6 / f64::from(INSTANCES)
        })
    });
    Figure::new(name, Spread::new(rounds, "µs")).method(format!(
        "{INSTANCES} instances of `cas.wasm` that live at the same time; {ROUNDS} rounds in one \
         engine.{engine}"
    ))
}

pub fn load() -> Figure {
    let path = cas_component();
    let rounds = (0..ROUNDS).map(|_| {
        // A new engine each time: one engine loads the same bytes once.
        let engine = Engine::new(LIMITS, 1).expect("an engine");
        let began = Instant::now();
        let strategy = engine.load(&path).expect("a strategy");
        let took = began.elapsed();
        assert!(strategy.digest().starts_with("sha256:"));
        took.as_secs_f64() * 1e3
    });
    Figure::new("A component loaded", Spread::new(rounds, "ms"))
        .method("`cas.wasm` read, found compiled, checked against the contract and linked.")
}

pub fn append() -> Figure {
    let change = synthetic::change(7, 123, 45, [10_000_000, 10_700_000, 21_000_000, 21_700_000]);
    let rounds = (0..ROUNDS).map(|_| {
        let folder = folder();
        let path = folder.path().join("history.jsonl");
        let journal = Journal::create(&path).expect("a journal");
        let began = Instant::now();
        for _ in 0..LINES {
            journal.append(&change).expect("a line");
        }
        let took = began.elapsed();
        let history = journal::read(&path).expect("a history");
        assert!(!history.torn && history.changes.len() == LINES as usize);
        took.as_secs_f64() * 1e6 / f64::from(LINES)
    });
    Figure::new(
        "A change appended to the history",
        Spread::new(rounds, "µs"),
    )
    .method(format!(
        "{LINES} changes to a file on the disk, one write call each; the kernel's cache takes them."
    ))
}
