//! One strategy's turn: fresh data, all workers ready, let go, wait, read what is in the database.

use super::CommandError;
use super::progress::{self, Counters};
use super::supervise::supervise;
use crate::backend::clock::RealClock;
use crate::backend::{open_database, open_lock_service};
use crate::capability::clock::Clock;
use crate::capability::database::Database;
use crate::capability::gate::Gate;
use crate::model::data::Data;
use crate::model::end::{End, Ended};
use crate::model::fault::Fault;
use crate::plan::{Plan, PlannedTrial};
use crate::record::journal::Journal;
use crate::run_dir::{RunDirError, TrialDir};
use crate::strategy::Strategy;
use crate::worker::stop::{self, Stopper};
use crate::worker::{Arena, Worker};
use crate::workload::volume_state::{self, RowAccess};
use futures_util::stream::{self, StreamExt};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::task::JoinSet;

/// Workers that are made ready at the same time.
const PREPARED_AT_ONCE: usize = 32;

/// Runs the trial and writes what happened and what was found, but judges nothing. An error means
/// that it could not be run or not be recorded to its end.
pub async fn run(
    plan: &Plan,
    planned: &PlannedTrial,
    strategy: Arc<dyn Strategy>,
    folder: &TrialDir,
    quiet: bool,
) -> Result<(), CommandError> {
    let backend_error = |what: String| move |fault: Fault| CommandError::Backend { what, fault };
    let clock = Arc::new(RealClock::new());
    let database = open_database(&plan.database, &folder.database_path())
        .await
        .map_err(backend_error(plan.database.to_string()))?;
    let locks = open_lock_service(&plan.locks, clock.clone())
        .map_err(backend_error(plan.locks.to_string()))?;
    let workload = &plan.workload;
    volume_state::prepare(&*database, workload.rows, workload.audit)
        .await
        .map_err(backend_error("the tables could not be made".to_owned()))?;
    let path = folder.history_path();
    let journal = Journal::create(&path).map_err(|source| RunDirError::Io { path, source })?;
    let (stopper, stop) = stop::channel();
    let arena = Arc::new(Arena {
        workload: workload.clone(),
        strategy,
        database: database.clone(),
        gate: Arc::new(Gate::new(volume_state::TABLES, database.dialect())),
        locks,
        clock: clock.clone(),
        settings: Arc::new(plan.settings.clone()),
        seed: plan.seed,
        change_timeout_ns: plan.change_timeout_s.saturating_mul(1_000_000_000),
        stop,
        journal: Arc::new(journal),
        rows: RowAccess::default(),
    });
    let (workers, counters) = prepare(&arena).await;
    let all = u64::from(workload.workers()) * u64::from(workload.changes_per_worker);
    let bar = tokio::spawn(progress::show(planned.name.clone(), counters, all, quiet));

    clock.start();
    let (how, broken) = let_go(workers, &stopper, plan.time_limit_s).await;
    let total_time = clock.now();

    bar.abort();
    let (data, data_unread) = match read_data(plan, &*database).await {
        Ok(data) => (Some(data), None),
        Err(fault) => (None, Some(fault.to_string())),
    };
    database.close().await;
    if let Some(data) = &data {
        folder.write_data(data)?;
    }
    folder.write_end(&End {
        how,
        total_time,
        data_unread,
    })?;
    match broken {
        None => Ok(()),
        Some(why) => Err(CommandError::Unrecorded {
            strategy: planned.name.clone(),
            why,
            folder: folder.history_path(),
        }),
    }
}

async fn prepare(arena: &Arc<Arena>) -> (Vec<Worker>, Counters) {
    let mut counters = Counters::default();
    let prepared = (0..arena.workload.workers())
        .map(|number| Worker::prepare(arena.clone(), number, counters.add()))
        .collect::<Vec<_>>();
    let workers = stream::iter(prepared)
        .buffered(PREPARED_AT_ONCE)
        .collect()
        .await;
    (workers, counters)
}

/// Runs all workers to their end. Says how that came about, and what broke if something did.
async fn let_go(
    workers: Vec<Worker>,
    stopper: &Stopper,
    time_limit_s: Option<u64>,
) -> (Ended, Option<String>) {
    let mut running = JoinSet::new();
    for worker in workers {
        running.spawn(worker.run());
    }
    let cause = OnceLock::new();
    let supervised = supervise(stopper, time_limit_s.map(Duration::from_secs), &cause);
    tokio::pin!(supervised);
    let mut broken = None;
    loop {
        let ended = tokio::select! {
            ended = running.join_next() => ended,
            never = &mut supervised => match never {},
        };
        let why = match ended {
            None => break,
            Some(Ok(Ok(()))) => continue,
            Some(Ok(Err(error))) => error.to_string(),
            Some(Err(panic)) => format!("a worker broke down: {panic}"),
        };
        broken.get_or_insert(why);
        stopper.finish();
        stopper.abandon();
    }
    let how = match broken {
        Some(_) => Ended::Failed,
        None => cause.get().copied().unwrap_or(Ended::Completed),
    };
    (how, broken)
}

async fn read_data(plan: &Plan, database: &dyn Database) -> Result<Data, Fault> {
    volume_state::read_data(database, plan.workload.rows, plan.workload.audit).await
}
