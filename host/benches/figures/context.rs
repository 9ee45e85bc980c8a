//! The context of workers and instances, as in a trial.

use contend::backend::clock::RealClock;
use contend::backend::lock_memory::MemoryLocks;
use contend::capability::database::{Database, Session, Target};
use contend::capability::printed::Unread;
use contend::capability::sql_policy::SqlPolicy;
use contend::capability::strategy::{Capabilities, Strategy};
use contend::record::journal::Journal;
use contend::wasm::{Engine, Limits, WasmStrategy};
use contend::worker::TrialContext;
use contend::workload::Workload;
use contend::workload::stop::Stopper;
use contend::workload::volume_state::TABLES;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const HOUR_NS: u64 = 3_600_000_000_000;

/// The runner's defaults.
pub const LIMITS: Limits = Limits {
    memory_bytes: 64 << 20,
    computing: Duration::from_secs(1),
};

pub fn cas_component() -> PathBuf {
    component("cas")
}

/// The component that `runner build --all` made.
pub fn component(strategy: &str) -> PathBuf {
    let path = format!("../target/strategies/{strategy}.wasm");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    assert!(
        path.is_file(),
        "run `make bench`, which builds the strategies"
    );
    path
}

pub fn load_cas(instances: u32) -> WasmStrategy {
    let engine = Engine::new(LIMITS, instances).expect("an engine");
    engine.load(&cas_component()).expect("a strategy")
}

pub fn load_cas_for_simulations(instances: u32) -> WasmStrategy {
    load_for_simulations("cas", instances)
}

pub fn load_for_simulations(strategy: &str, instances: u32) -> WasmStrategy {
    let engine = Engine::for_simulations(LIMITS, instances).expect("an engine");
    engine.load(&component(strategy)).expect("a strategy")
}

/// A folder on the disk that the build is on.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}

pub fn capabilities(database: Arc<dyn Database>, session: Box<dyn Session>) -> Capabilities {
    let clock = Arc::new(RealClock::new());
    Capabilities {
        sql_policy: Arc::new(SqlPolicy::new(TABLES, database.dialect())),
        database,
        locks: Arc::new(MemoryLocks::new(clock.clone())),
        clock,
        settings: Arc::default(),
        printed: Arc::new(Unread),
        shares: Default::default(),
        endpoint: Target::Endpoint,
        first_session: Some(session),
        worker: 0,
        generation: 0,
        seed: 1,
        counts_statements: false,
    }
}

/// A context as a trial has it, with its clock running. Keep the stopper: without it,
/// no stop could be requested, which the workers notice.
pub fn context(
    workload: Workload,
    strategy: Arc<dyn Strategy>,
    database: Arc<dyn Database>,
    journal: Arc<Journal>,
) -> (Arc<TrialContext>, Stopper) {
    let clock = Arc::new(RealClock::new());
    clock.start();
    let locks = Arc::new(MemoryLocks::new(clock.clone()));
    let (context, stopper) = TrialContext::new(workload, strategy, database, locks, clock, journal);
    let context = TrialContext {
        change_timeout_ns: HOUR_NS,
        ..context
    };
    (Arc::new(context), stopper)
}
