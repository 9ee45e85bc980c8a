//! The cost of WebAssembly: a change through `cas.wasm` against the same strategy in Rust.

use super::context::{capabilities, load_cas, load_cas_for_simulations};
use super::native_cas::NativeCas;
use super::process::cpu_seconds;
use super::report::Figure;
use super::spread::Spread;
use super::stub::Stub;
use contend::capability::strategy::{Call, Instance, Strategy, Transition};
use contend::model::marker::Marker;
use contend::wasm::WasmStrategy;
use contend::workload::volume_state::row_id;
use std::sync::Arc;

const ROUNDS: u32 = 15;
const CHANGES: u32 = 100_000;
const MOST_MICROS: f64 = 1.5;

pub fn measure() -> Figure {
    figure(
        "A change through Wasm instead of native Rust",
        load_cas,
        "the runner's engine",
    )
    .at_most(MOST_MICROS)
}

pub fn measure_simulated() -> Figure {
    figure(
        "The same in an engine for simulations",
        load_cas_for_simulations,
        "an engine for simulations",
    )
}

fn figure(name: &'static str, load: fn(u32) -> WasmStrategy, engine: &str) -> Figure {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (wasm, native) = runtime.block_on(both(load));
    let more = wasm.iter().zip(&native).map(|(wasm, native)| wasm - native);
    let more = Spread::new(more, "µs more");
    let (wasm, native) = (Spread::new(wasm, "µs"), Spread::new(native, "µs"));
    Figure::new(name, more)
        .method(format!(
            "One change is an acquire and a release by `cas` on a database that answers every update \
             at once; the component runs in {engine} with all limits on, its rival is the \
             same strategy as a Rust type behind the same traits. {ROUNDS} rounds of {CHANGES} \
             changes each, the two in turn."
        ))
        .detail(format!(
            "Absolute: Wasm {wasm}, native {native} per change, of processor time, since nothing \
             waits"
        ))
}

async fn both(load: fn(u32) -> WasmStrategy) -> (Vec<f64>, Vec<f64>) {
    let stub = Arc::new(Stub::answering());
    let mut wasm = instance(&load(1), &stub).await;
    let mut native = instance(&NativeCas, &stub).await;
    // The first call makes the strategy's statement.
    micros_per_change(&mut *wasm, &stub, CHANGES).await;
    micros_per_change(&mut *native, &stub, CHANGES).await;
    let (mut of_wasm, mut of_native) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        of_wasm.push(micros_per_change(&mut *wasm, &stub, CHANGES).await);
        of_native.push(micros_per_change(&mut *native, &stub, CHANGES).await);
    }
    wasm.end().await;
    native.end().await;
    (of_wasm, of_native)
}

async fn instance(strategy: &dyn Strategy, stub: &Arc<Stub>) -> Box<dyn Instance> {
    let given = capabilities(stub.clone(), stub.session());
    strategy.instantiate(given).await.expect("an instance")
}

/// Processor time, mean of so many changes.
pub async fn micros_per_change(instance: &mut dyn Instance, stub: &Stub, changes: u32) -> f64 {
    let before = stub.executed();
    let began = cpu_seconds();
    for number in 0..changes {
        let marker = Marker { worker: 7, number };
        for (from, to) in [("available", "deleting"), ("deleting", "available")] {
            let transition = Transition {
                row: row_id(123),
                from: from.to_owned(),
                to: to.to_owned(),
                marker: marker.to_string(),
            };
            let answer = instance.call(Call::Change(transition)).await;
            answer.expect("alive").expect("no fault");
            assert!(instance.take_errors().is_empty());
        }
    }
    let used = cpu_seconds() - began;
    assert_eq!(stub.executed() - before, 2 * u64::from(changes));
    used * 1e6 / f64::from(changes)
}
