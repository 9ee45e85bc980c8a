//! What ten thousand workers cost in memory while they wait.

use super::arena::{arena, folder, load_cas};
use super::child;
use super::process::{maps, megabytes};
use super::report::Figure;
use super::spread::Spread;
use super::stub::Stub;
use contend::record::journal::Journal;
use contend::worker::Worker;
use contend::workload::volume_state::VolumeState;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

pub const CHILD: &str = "idle-workers";

const ROUNDS: u32 = 3;
const WORKERS: u32 = 10_000;
const MOST_MEGABYTES: f64 = 400.0;

#[derive(Serialize, Deserialize)]
struct Measured {
    before: f64,
    after: f64,
    page_tables: f64,
    maps: usize,
    most_maps: usize,
}

pub fn measure() -> Figure {
    let rounds: Vec<Measured> = (0..ROUNDS).map(|_| child::run(CHILD)).collect();
    let spread = |of: fn(&Measured) -> f64| Spread::new(rounds.iter().map(of), "MB");
    let (maps, most) = (rounds[0].maps, rounds[0].most_maps);
    Figure::new("10,000 idle workers: resident memory of the process", spread(|m| m.after))
        .at_most(MOST_MEGABYTES)
        .method(format!(
            "A process with {WORKERS} real workers, each with its own instance of `cas.wasm`, each \
             suspended inside a call to the database that never answers. Everything of the process \
             that is resident counts: program, engine, compiled component, memories, stacks, tasks. \
             Database connections do not (see the next figure), nor do the kernel's page tables."
        ))
        .detail(format!(
            "Of it, {} came with the engine and the workers. Page tables: {}. Mappings: {maps} of the {most} \
             that this kernel allows",
            spread(|m| m.after - m.before),
            spread(|m| m.page_tables)
        ))
}

pub fn child() -> serde_json::Value {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    serde_json::to_value(runtime.block_on(idle())).expect("numbers")
}

async fn idle() -> Measured {
    let before = megabytes("VmRSS");
    let stub = Arc::new(Stub::silent());
    let workload = VolumeState {
        rows: WORKERS,
        pause_ms: 0,
        ..VolumeState::default()
    };
    let folder = folder();
    let journal = Journal::create(&folder.path().join("history.jsonl"));
    let journal = Arc::new(journal.expect("a journal"));
    let strategy = Arc::new(load_cas(WORKERS));
    let (arena, _stopper) = arena(workload, strategy, stub.clone(), journal);
    let mut workers = Vec::new();
    for number in 0..WORKERS {
        let worker = Worker::prepare(arena.clone(), number, Arc::default()).await;
        workers.push(tokio::spawn(worker.run()));
    }
    while stub.executed() < u64::from(WORKERS) {
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
    }
}
