//! The same seed and the same case give the same log of events, byte for byte: in another process, and
//! whatever was simulated before.

use crate::support::component;
use contend::capability::strategy::{Allocated, Call, Capabilities, Death, Instance, Strategy};
use contend::explore::case::Case;
use contend::explore::simulation::Simulation;
use contend::model::fault_class::FaultClass;
use contend::model::sim_locks::SimLocks;
use contend::model::topology::Topology;
use contend::record::journal::Journal;
use contend::sim::schedule::{self, Stage};
use contend::wasm::{Engine, Limits};
use contend::workload::Workload;
use contend_dst::Recording;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SEEDS: u64 = 100;

/// Set in the other process.
const CHILD: &str = "CONTEND_TEST_DIGESTS";

/// So few instances come out of a pool, and so many out of slots.
const POOLED: u32 = 16;
const IN_SLOTS: u32 = 2_000;

fn strategy(name: &str) -> Arc<dyn Strategy> {
    strategy_among(name, POOLED)
}

fn strategy_among(name: &str, instances: u32) -> Arc<dyn Strategy> {
    let limits = Limits {
        memory_bytes: 16 << 20,
        computing: Duration::from_secs(1),
    };
    let engine = Engine::for_simulations(limits, instances).unwrap();
    Arc::new(engine.load(&component(name)).unwrap())
}

/// Every kind of fault, and both kinds of regions, so that all of the model takes part.
fn case(seed: u64) -> Case {
    let workload = Workload {
        rows: 2,
        workers_per_row: 3,
        changes_per_worker: 3,
        pause_ms: 1,
        hold_ms: 2,
        background_generators: 2,
        ..Workload::default()
    };
    let stage = Stage {
        nodes: 3,
        workers: workload.workers(),
        length: 300_000_000,
        has_locks: true,
        has_standbys: false,
        lease: 10_000_000_000,
        calls: Vec::new(),
    };
    Case {
        seed,
        workload,
        topology: Topology {
            regions: 1 + (seed % 3) as u32,
            ..Topology::default()
        },
        locks: Some(SimLocks::ALL[seed as usize % SimLocks::ALL.len()]),
        settings: [].into(),
        faults: schedule::draw(seed, &FaultClass::ALL, &stage),
        autocommit_as_text: seed.is_multiple_of(2),
        counts_found_rows: false,
        session: Default::default(),
        change_timeout_s: 60,
        stuck_after_s: 0,
        time_limit_s: None,
    }
}

fn digest(seed: u64, strategy: &Arc<dyn Strategy>) -> String {
    let journal = Arc::new(Journal::in_memory());
    let case = case(seed);
    let simulation = Simulation::new(&case, strategy, journal, Recording::Digest);
    simulation.run().unwrap().log.digest()
}

fn digests() -> Vec<String> {
    let strategies = ["for-update", "lock-operation"].map(strategy);
    let digest = |seed: u64| digest(seed, &strategies[seed as usize % strategies.len()]);
    (0..SEEDS).map(digest).collect()
}

#[test]
fn the_same_seed_gives_the_same_events_in_another_process() {
    if std::env::var_os(CHILD).is_some() {
        for digest in digests() {
            println!("digest {digest}");
        }
        return;
    }
    let this = "determinism::the_same_seed_gives_the_same_events_in_another_process";
    let other = Command::new(std::env::current_exe().unwrap())
        .args([this, "--exact", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let told = String::from_utf8(other.stdout).unwrap();
    let theirs: Vec<_> = told
        .lines()
        .filter_map(|line| line.split_once("digest ").map(|(_, digest)| digest))
        .collect();
    let ours = digests();
    assert_eq!(ours, theirs);
    // They are of different logs, so that equal ones mean something.
    let different: BTreeSet<_> = ours.iter().collect();
    assert_eq!(different.len() as u64, SEEDS);
}

/// Seeds of one process share threads, instances' memory and parsed texts with those before them.
#[test]
fn seed_gives_the_same_events_whatever_was_simulated_before_it() {
    let events = |strategy: &Arc<dyn Strategy>, seeds: &mut dyn Iterator<Item = u64>| {
        let digests = seeds.map(|seed| (seed, digest(seed, strategy)));
        digests.collect::<BTreeMap<_, _>>()
    };
    let seeds = 0..SEEDS / 2;
    let pooled = strategy("for-update");
    let ascending = events(&pooled, &mut seeds.clone());
    assert_eq!(events(&pooled, &mut seeds.clone().rev()), ascending);
    let in_slots = strategy_among("for-update", IN_SLOTS);
    assert_eq!(events(&in_slots, &mut seeds.rev()), ascending);
}

/// A strategy that looks at the real clock, which none can that is a component.
struct Leaky(Arc<dyn Strategy>);

#[async_trait::async_trait]
impl Strategy for Leaky {
    async fn instantiate(&self, capabilities: Capabilities) -> Result<Box<dyn Instance>, Death> {
        let clock = capabilities.clock.clone();
        let instance = self.0.instantiate(capabilities).await?;
        Ok(Box::new(LeakyInstance { instance, clock }))
    }
}

struct LeakyInstance {
    instance: Box<dyn Instance>,
    clock: Arc<dyn contend::capability::clock::Clock>,
}

#[async_trait::async_trait]
impl Instance for LeakyInstance {
    async fn call(
        &mut self,
        call: Call,
    ) -> Result<Result<Option<Allocated>, contend::model::error::CallError>, Death> {
        let began = Instant::now();
        std::hint::black_box(vec![0u8; 100_000]);
        self.clock.sleep(began.elapsed().as_nanos() as u64).await;
        self.instance.call(call).await
    }

    fn take_errors(&mut self) -> Vec<contend::model::error::ErrorCount> {
        self.instance.take_errors()
    }

    async fn end(self: Box<Self>) {
        self.instance.end().await;
    }
}

/// The digest tells: with one look at the real clock, no two simulations are the same.
#[test]
fn a_look_at_the_real_clock_shows_in_the_digest() {
    let strategy = strategy("cas");
    assert_eq!(digest(1, &strategy), digest(1, &strategy));
    let leaky: Arc<dyn Strategy> = Arc::new(Leaky(strategy));
    assert_ne!(digest(1, &leaky), digest(1, &leaky));
}
