//! The life of a trial, in whichever world: set up, start, wait, stop, heal, read, record.
//!
//! A strategy with two workers and a time limit of 10 s, of which one hangs in its step:
//!
//! ```text
//! set up    tables; workers 0 and 1 with their sessions; the background load
//! start     the clock stands at 0, the faults' times count, all tasks are spawned
//! wait      worker 0 ends; at 10 s no change begins any more; at 15 s worker 1's step is abandoned
//! stop      both workers have ended: total time, what was used; the background load ends
//! heal      the faults in effect are undone
//! read      what each node has
//! record    conditions, data, `time-limit`
//! ```

mod error;
mod faults;
pub mod homes;
pub mod interrupts;
mod probe;
pub mod real;
pub mod record;
mod room;
mod usage;
mod wait;
pub mod world;

pub use self::error::{TrialError, backend_error};

use self::interrupts::Interrupts;
use self::record::Record;
use self::wait::wait;
use self::world::{Role, Step, World};
use crate::backend::session_options::SessionSettings;
use crate::backend::tenancy::Tenancy;
use crate::capability::database::Database;
use crate::capability::statement::Statement;
use crate::capability::strategy::Strategy;
use crate::lab::Lab;
use crate::model::background::Background;
use crate::model::change::Nanos;
use crate::model::conditions::Conditions;
use crate::model::counters::NodeCounters;
use crate::model::end::{End, Ended};
use crate::model::error::CallError;
use crate::plan::{Plan, PlannedTrial};
use crate::run_dir::RunDirError;
use crate::worker::background::{self, Generated, Generators};
use crate::workload::Workload;
use crate::workload::stop::{self, Stopper};
use futures_util::future::try_join_all;
use std::sync::Arc;

const NANOS_PER_S: u64 = 1_000_000_000;

/// The time that steps in flight have to finish before they are abandoned.
pub const GRACE: Nanos = 5 * NANOS_PER_S;

/// The statements that set these for a session. `rejected` for what the database does not have.
pub fn begins_with(
    session: SessionSettings,
    database: &dyn Database,
) -> Result<Arc<[Statement]>, CallError> {
    let statements = session.statements(database.dialect());
    let statements = statements.map_err(|why| CallError::rejected("unsupported", why))?;
    Ok(statements.into())
}

/// One strategy's trial, and what it may touch.
pub struct Trial<'a> {
    pub plan: &'a Plan,
    pub planned: &'a PlannedTrial,
    pub strategy: Arc<dyn Strategy>,
    pub shared: Shared<'a>,
}

/// The parts that all trials of a run share.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    pub interrupts: &'a Interrupts,
    pub lab: Option<&'a Lab>,
    /// The run's claim on its database.
    pub tenancy: &'a Tenancy,
}

/// The rules of a trial, decided before its world is made.
pub struct Rules<'a> {
    pub workload: &'a Workload,
    pub interrupts: &'a Interrupts,
    pub time_limit_s: Option<u64>,
    /// The time for which nothing may move; 0 for any time.
    pub stuck_after_s: u64,
    /// The moment from which nothing is broken any more, and what stands still counts.
    pub whole_from: Nanos,
}

/// Runs one trial and records it, but judges nothing. An error means that it could not be run or not be
/// recorded to its end. The database is closed in any case.
pub async fn run<W: World, R>(
    world: &W,
    rules: &Rules<'_>,
    record: impl FnOnce(Record) -> Result<R, RunDirError>,
) -> Result<R, TrialError> {
    let ran = live(world, rules, record).await;
    world.database().close().await;
    ran
}

async fn live<W: World, R>(
    world: &W,
    rules: &Rules<'_>,
    record: impl FnOnce(Record) -> Result<R, RunDirError>,
) -> Result<R, TrialError> {
    let (workload, database) = (rules.workload, world.database());
    world.enter(Step::SetUp);
    let made = workload.prepare(database).await;
    made.map_err(backend_error("the tables could not be made"))?;
    let (context, stopper) = world.context().await?;
    let (clock, context) = (context.clock.clone(), Arc::new(context));
    world.enter(Step::Prepare);
    let (workers, unless_stopped) = tokio::select! {
        biased;
        workers = world.workers(&context) => (workers, Ended::Completed),
        () = rules.interrupts.reached(1) => (Vec::new(), Ended::Interrupted),
    };
    let generators = Generators::prepare(workload.clone(), database, clock.clone()).await;
    let generators = generators.map_err(backend_error("the background load"))?;
    let server = database.describe().await;
    let mut conditions = Conditions {
        server: server.map_err(backend_error("the servers' settings could not be read"))?,
        ..Conditions::default()
    };
    let before = database.counters().await;

    world.enter(Step::Run(&context.watched));
    let (gauges, faults) = world.start();
    let (background_stopper, background_stop) = stop::channel();
    let generators = (0..).zip(generators.into_tasks(&background_stop));
    let generators = generators.map(|(number, task)| world.spawn(Role::Generator(number), task));
    let generators: Vec<_> = generators.collect();
    let (cause, broken) = wait(world, &context, &stopper, workers, rules).await;
    let (how, stuck) = match (&broken, cause) {
        (Some(_), _) => (Ended::Failed, None),
        (None, Some(cause)) => cause,
        (None, None) => (unless_stopped, None),
    };
    let total_time = clock.now();
    world.stopped(gauges, &mut conditions).await;

    world.enter(Step::Read);
    let patience = clock.sleep(W::PATIENCE);
    let background = end_of(generators, &background_stopper, patience).await;
    let no_background = background.map(|it| conditions.background = it).err();
    // What is left in the database is read from all nodes, and the next trial needs them too.
    let healed = world.heal(faults, &mut conditions).await;
    conditions.counters = growth(&before, &database.counters().await);
    conditions.nodes = database.membership();
    let found = workload.kind.read_final(database, &*clock, workload);
    let found = found.await.map(|found| found.after(&conditions));
    let end = End {
        how,
        total_time,
        changes: context.watched.sum(),
        effects: None,
        data_unread: None,
        stuck,
    };
    let recorded = record(Record {
        conditions,
        found,
        end,
    })?;
    healed?;
    match broken.or(no_background) {
        None => Ok(recorded),
        Some(why) => Err(TrialError::Unrecorded(why)),
    }
}

/// Ends the background load, which is abandoned after `patience`. If a generator panicked, its figures
/// are missing, and must not look like none: that is an error.
async fn end_of(
    generators: Vec<impl Future<Output = Result<Generated, String>>>,
    stopper: &Stopper,
    patience: impl Future<Output = ()>,
) -> Result<Option<Background>, String> {
    stopper.finish();
    let generators = try_join_all(generators);
    tokio::pin!(generators);
    let ended = tokio::select! {
        biased;
        ended = &mut generators => ended,
        () = patience => {
            stopper.abandon();
            generators.await
        }
    };
    let broke_down = |panic| format!("the background load broke down: {panic}");
    Ok(background::total(&ended.map_err(broke_down)?))
}

/// The growth of each node's counters; nothing of a node that did not answer before.
fn growth(before: &[NodeCounters], now: &[NodeCounters]) -> Vec<NodeCounters> {
    let grown = now.iter().filter_map(|now| {
        let then = before.iter().find(|then| then.node == now.node)?;
        Some(now.since(then))
    });
    grown.collect()
}

#[cfg(test)]
mod tests;
