//! One strategy's turn: fresh data, all workers ready, let go, wait, read what is in the database.

use super::CommandError;
use super::conditions::{Before, Server};
use super::faults::Schedule;
use super::probe::Probe;
use super::progress::{Counters, Screen};
use super::settings::unread;
use super::stage::{Stage, backend_error};
use super::supervise::{GRACE, Interrupts, supervise};
use crate::backend::tenancy::Tenancy;
use crate::capability::clock::Clock;
use crate::capability::strategy::Strategy;
use crate::lab::Lab;
use crate::model::background::Background;
use crate::model::end::{End, Ended};
use crate::model::fault::Fault;
use crate::model::found::Found;
use crate::model::stuck::Stuck;
use crate::plan::{Plan, PlannedTrial};
use crate::run_dir::{RunDirError, TrialDir};
use crate::worker::background::{self, Generated, Generators};
use crate::worker::stop::{self, Stopper};
use crate::worker::stuck;
use crate::worker::{Arena, Worker, dealing};
use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt};
use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::task::{JoinError, JoinHandle, JoinSet, spawn_blocking};

/// Workers that are made ready at the same time.
const PREPARED_AT_ONCE: usize = 32;

const NANOS_PER_MS: u64 = 1_000_000;
const NANOS_PER_S: u64 = 1_000_000_000;

/// One strategy's turn, and what it may touch.
pub struct Turn<'a> {
    pub plan: &'a Plan,
    pub planned: &'a PlannedTrial,
    pub strategy: Arc<dyn Strategy>,
    pub interrupts: &'a Interrupts,
    pub lab: Option<&'a Lab>,
    pub screen: &'a Screen,
    /// What the run has of its database.
    pub tenancy: &'a Tenancy,
}

/// Runs the trial and writes what happened and what was found, but judges nothing. An error means
/// that it could not be run or not be recorded to its end.
pub async fn run(turn: &Turn<'_>, folder: &TrialDir) -> Result<(), CommandError> {
    let name = &turn.planned.name;
    let waiting = turn.screen.waiting(format!("{name}: making the tables"));
    let stage = Stage::set(turn, folder).await?;
    drop(waiting);
    let ran = run_on(&stage, turn, folder).await;
    // Whatever happened: closing also drops what was made for this trial alone.
    stage.database.close().await;
    ran
}

async fn run_on(stage: &Stage, turn: &Turn<'_>, folder: &TrialDir) -> Result<(), CommandError> {
    let Turn {
        plan,
        planned,
        interrupts,
        lab,
        screen,
        ..
    } = *turn;
    let workload = &plan.workload;
    let name = &planned.name;
    let workers = workload.workers();
    let waiting = screen.waiting(format!("{name}: making {workers} workers ready"));
    let Stage {
        clock,
        database,
        arena,
        stopper,
    } = stage;
    let mut counters = Counters::default();
    let ready = tokio::select! {
        workers = prepare(arena, &mut counters) => Some(workers),
        () = interrupts.reached(1) => None,
    };
    let generators = Generators::prepare(workload.clone(), &**database, clock.clone()).await;
    let generators = generators.map_err(backend_error("the background load"))?;
    let before = Before::read(&**database, servers(lab)).await;
    let before = before.map_err(backend_error(&plan.database))?;
    let all = workload.changes();
    drop(waiting);
    let bar = screen.changes(name, counters.clone(), all);

    clock.start();
    let probe = Probe::start(clock.clone());
    let (background_stopper, background_stop) = stop::channel();
    let generators = generators.into_tasks(&background_stop);
    let generators = generators.into_iter().map(tokio::spawn).collect();
    let schedule = Schedule::begin(lab, &plan.faults, clock.clone());
    let still = OnceLock::new();
    let (how, mut broken) = match ready {
        Some(workers) => tokio::select! {
            ended = let_go(workers, stopper, plan.time_limit_s, interrupts) => ended,
            never = watch(arena, plan, stopper, &still) => match never {},
        },
        None => (Ended::Interrupted, None),
    };
    let (how, stuck) = match (how, still.into_inner()) {
        (Ended::Failed, _) => (how, None),
        (_, Some(stuck)) => (Ended::Stuck, Some(stuck)),
        (how, None) => (how, None),
    };
    let total_time = clock.now();
    let usage = before.usage();
    let lateness = probe.end().await;
    background_stopper.finish();

    drop(bar);
    let waiting = screen.waiting(format!("{name}: reading what the nodes have"));
    let background = end_of(generators, &background_stopper).await;
    let background = unless_broken(background, &mut broken);
    let faults = unless_broken(schedule.end().await, &mut broken);
    // What is left in the database is read from all nodes, and the next trial needs them too.
    let mended = match lab {
        Some(lab) if !plan.faults.is_empty() => mend(lab.clone()).await,
        _ => Ok(()),
    };
    let mut conditions = before
        .conditions(&**database, usage, background, faults, lateness)
        .await;
    conditions.settings_unread = unread(plan, planned, &*turn.strategy);
    let found = workload.read_found(&**database, &**clock).await;
    drop(waiting);
    let end = End {
        how,
        total_time,
        changes: counters.sum(),
        effects: None,
        data_unread: None,
        stuck,
    };
    folder.write_conditions(&conditions)?;
    keep(folder, found, end)?;
    mended?;
    match broken {
        None => Ok(()),
        Some(why) => Err(CommandError::Unrecorded {
            strategy: planned.name.clone(),
            why,
            folder: folder.history_path(),
        }),
    }
}

/// Ends the trial when nothing can move any more, and notes what stood still. What the plan does to the
/// servers comes first. Never returns.
async fn watch(
    arena: &Arena,
    plan: &Plan,
    stopper: &Stopper,
    still: &OnceLock<Stuck>,
) -> Infallible {
    let quiet = plan.stuck_after_s.saturating_mul(NANOS_PER_S);
    let last_fault = plan.faults.iter().map(|fault| fault.at_ms).max();
    let from = last_fault.unwrap_or(0).saturating_mul(NANOS_PER_MS);
    let stuck = stuck::stuck(arena, quiet, from).await;
    still.get_or_init(|| stuck);
    stopper.stuck();
    std::future::pending().await
}

/// The processes whose work is to be counted beside the runner's own.
fn servers(lab: Option<&Lab>) -> Vec<Server> {
    let processes = lab.map(Lab::processes).unwrap_or_default();
    let server = |(name, pid)| Server { name, pid };
    processes.into_iter().map(server).collect()
}

/// Undoes what the schedule did to the lab.
async fn mend(lab: Lab) -> Result<(), CommandError> {
    let mended = spawn_blocking(move || lab.make_whole(&mut |_| {})).await;
    match mended {
        Ok(done) => Ok(done?),
        Err(panic) => Err(CommandError::Runtime(std::io::Error::other(panic))),
    }
}

/// What a task of ours came to. If it broke down, what it was to say is missing, and must not look
/// like nothing.
fn unless_broken<T: Default>(ended: Result<T, JoinError>, broken: &mut Option<String>) -> T {
    ended.unwrap_or_else(|panic| {
        broken.get_or_insert(format!("a task beside the workers broke down: {panic}"));
        T::default()
    })
}

/// Writes what was found and how it ended. The end is written also where the data can't be.
pub(super) fn keep(
    folder: &TrialDir,
    found: Result<Found, Fault>,
    mut end: End,
) -> Result<(), RunDirError> {
    let kept = match found {
        Ok(found) => {
            end.effects = found.effects();
            folder.write_found(&found)
        }
        Err(fault) => {
            end.data_unread = Some(fault.to_string());
            Ok(())
        }
    };
    if let Err(error) = &kept {
        end.data_unread = Some(error.to_string());
    }
    let written = folder.write_end(&end);
    kept.and(written)
}

/// What the background load came to. A statement of it that hangs is abandoned.
async fn end_of(
    generators: Vec<JoinHandle<Generated>>,
    stopper: &Stopper,
) -> Result<Option<Background>, JoinError> {
    let mut generators = try_join_all(generators);
    let ended = match tokio::time::timeout(GRACE, &mut generators).await {
        Ok(ended) => ended?,
        Err(_) => {
            stopper.abandon();
            generators.await?
        }
    };
    Ok(background::total(&ended))
}

async fn prepare(arena: &Arc<Arena>, counters: &mut Counters) -> Vec<Worker> {
    let sessions = dealing::open_sessions(arena, PREPARED_AT_ONCE).await;
    let prepared = (0..)
        .zip(sessions)
        .map(|(number, session)| {
            Worker::prepare_with(arena.clone(), number, counters.add(), session)
        })
        .collect::<Vec<_>>();
    let prepared = stream::iter(prepared).buffered(PREPARED_AT_ONCE);
    prepared.collect().await
}

/// Runs all workers to their end. Says how that came about, and what broke if something did.
async fn let_go(
    workers: Vec<Worker>,
    stopper: &Stopper,
    time_limit_s: Option<u64>,
    interrupts: &Interrupts,
) -> (Ended, Option<String>) {
    let mut running = JoinSet::new();
    for worker in workers {
        running.spawn(worker.run());
    }
    let cause = OnceLock::new();
    let time_limit = time_limit_s.map(Duration::from_secs);
    let supervised = supervise(stopper, time_limit, interrupts, &cause);
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
