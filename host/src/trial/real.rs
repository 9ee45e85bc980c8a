//! The real world: servers, the machine's clock, tasks on threads.

use super::faults::Schedule;
use super::homes::Homes;
use super::probe::Probe;
use super::room;
use super::usage::UsedBefore;
use super::world::{Role, Step, Work, World};
use super::{NANOS_PER_S, Trial, TrialError, backend_error, begins_with};
use crate::backend::clock::RealClock;
use crate::backend::host_threads;
use crate::backend::url::DatabaseUrl;
use crate::backend::{open_locks_of_run, run_id};
use crate::capability::beside::Beside;
use crate::capability::budget::Shares;
use crate::capability::database::Database;
use crate::capability::statement::Statement;
use crate::model::conditions::Conditions;
use crate::plan::Plan;
use crate::record::printed::PrintedFile;
use crate::run_dir::TrialDir;
use crate::worker::dealing::{self, Opened};
use crate::worker::{TrialContext, Worker, try_set_up};
use crate::workload::site::Site;
use crate::workload::stop::Stopper;
use futures_util::TryFutureExt;
use futures_util::stream::{self, StreamExt};
use std::fmt::Display;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Workers that are made ready at the same time.
const PREPARED_AT_ONCE: usize = 32;

/// Servers, and the lab that they may be of.
pub struct RealWorld<'a> {
    trial: &'a Trial<'a>,
    folder: &'a TrialDir,
    clock: Arc<RealClock>,
    database: Arc<dyn Database>,
    homes: Homes,
    /// The resources that each instance may use, given what this process can have.
    shares: Shares,
    /// Settings of each session of a worker, applied when it is opened.
    begins_with: Arc<[Statement]>,
    hears: &'a dyn Fn(Step<'_>),
}

impl<'a> RealWorld<'a> {
    /// Opens the database, if it has room for the workers. `hears` is called with each step of the trial.
    pub async fn open(
        trial: &'a Trial<'a>,
        folder: &'a TrialDir,
        hears: &'a dyn Fn(Step<'_>),
    ) -> Result<Self, TrialError> {
        let (plan, tenancy) = (trial.plan, trial.shared.tenancy);
        let (url, fresh) = (&plan.database, folder.database_path());
        let homes = Homes::start().map_err(TrialError::Runtime)?;
        let opening = tenancy.open(url, &plan.nodes, plan.session_options(), &fresh);
        let database = opening.await.map_err(backend_error(url))?;
        let begins_with = match ready(&*database, plan).await {
            Ok(begins_with) => begins_with,
            Err(error) => {
                database.close().await;
                return Err(error);
            }
        };
        let files = rlimit::Resource::NOFILE.get_soft().ok();
        let shares = Shares::new(plan.workload.workers(), files);
        database.divide(&shares);
        Ok(Self {
            trial,
            folder,
            clock: Arc::new(RealClock::new()),
            database,
            homes,
            shares,
            begins_with,
            hears,
        })
    }
}

impl World for RealWorld<'_> {
    type Gauges = (UsedBefore, Probe);
    type Faults = Schedule;

    fn database(&self) -> &dyn Database {
        &*self.database
    }

    fn spawn<T: Send + 'static>(
        &self,
        _: Role,
        task: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Result<T, String>> {
        tokio::spawn(task).map_err(|panic| panic.to_string())
    }

    fn enter(&self, step: Step<'_>) {
        (self.hears)(step);
    }

    async fn context(&self) -> Result<(TrialContext, Stopper), TrialError> {
        let (trial, plan, shares) = (self.trial, self.trial.plan, self.shares);
        let clock = self.clock.clone();
        let locks = open_locks_of_run(&plan.locks, clock.clone(), &run_id::new_name()).await;
        let locks = locks.map_err(backend_error(&plan.locks))?;
        locks.divide(&shares);
        let beside = match &plan.database {
            // What this process has in itself answers when this process runs.
            DatabaseUrl::SqliteFresh | DatabaseUrl::SqliteMemory | DatabaseUrl::SqliteFile(_) => {
                Beside::Here
            }
            DatabaseUrl::Mysql(_) | DatabaseUrl::Postgres(_) | DatabaseUrl::Sim(_) => {
                Beside::Threads(host_threads::handle().map_err(TrialError::Runtime)?)
            }
        };
        let (workload, path) = (plan.workload.clone(), self.folder.printed_path());
        let printed = PrintedFile::new(path, workload.workers(), &shares);
        let (strategy, database) = (trial.strategy.clone(), self.database.clone());
        let history = self.folder.begin_history()?;
        let (context, stopper) =
            TrialContext::new(workload, strategy, database, locks, clock, history);
        let site = Site {
            beside,
            check_reads: plan.session.freshness(),
            ..Site::clone(&context.site)
        };
        let context = TrialContext {
            site: Arc::new(site),
            begins_with: self.begins_with.clone(),
            settings: Arc::new(plan.settings_of(trial.planned)),
            printed: Arc::new(printed),
            shares,
            seed: plan.seed,
            change_timeout_ns: plan.change_timeout_s.saturating_mul(NANOS_PER_S),
            ..context
        };
        Ok((context, stopper))
    }

    async fn workers(&self, context: &Arc<TrialContext>) -> Vec<Work> {
        let home_of = |number| self.homes.of(number);
        let sessions = dealing::open_sessions(context, PREPARED_AT_ONCE, home_of).await;
        let prepared = sessions.into_iter().zip(0..).map(|(opened, number)| {
            let Opened { session, home } = opened;
            let worker = Worker::prepare_with(context.clone(), number, session);
            prepare_at(home, worker)
        });
        let prepared = stream::iter(prepared.collect::<Vec<_>>());
        prepared.buffered(PREPARED_AT_ONCE).collect().await
    }

    fn start(&self) -> (Self::Gauges, Schedule) {
        let (plan, lab) = (self.trial.plan, self.trial.shared.lab);
        let used = UsedBefore::read(lab);
        self.clock.start();
        let gauges = (used, Probe::start(&self.clock, &self.homes.handles()));
        (
            gauges,
            Schedule::begin(lab, &plan.faults, self.clock.clone()),
        )
    }

    async fn stopped(&self, (used, probe): Self::Gauges, conditions: &mut Conditions) {
        conditions.usage = used.usage();
        conditions.lateness = Some(probe.end().await);
    }

    async fn heal(&self, faults: Schedule, conditions: &mut Conditions) -> Result<(), TrialError> {
        let ended = faults.end().await.map(|ended| conditions.faults = ended);
        let (plan, lab) = (self.trial.plan, self.trial.shared.lab);
        if let Some(lab) = lab.filter(|_| !plan.faults.is_empty()).cloned() {
            let whole = spawn_blocking(move || lab.make_whole(&mut |_| {})).await;
            whole.map_err(broke_down("the healing of the lab"))??;
        }
        ended.map_err(broke_down("the schedule of faults"))
    }
}

/// Refuses what the servers have no room for, or do not have. Returns what the sessions of workers begin
/// with.
async fn ready(database: &dyn Database, plan: &Plan) -> Result<Arc<[Statement]>, TrialError> {
    room::check(database, plan).await?;
    let refused = || backend_error(&plan.database);
    let settings = begins_with(plan.session, database).map_err(refused())?;
    let tried = try_set_up(database, &settings).await;
    tried.map_err(refused())?;
    Ok(settings)
}

async fn prepare_at(home: Beside, worker: impl Future<Output = Worker> + Send + 'static) -> Work {
    let worker = home.run(worker).await;
    let lives = async move { home.run(worker.run()).await };
    Box::pin(lives)
}

/// Makes an error of the part that panicked, and of the panic.
fn broke_down<P: Display>(what: &'static str) -> impl FnOnce(P) -> TrialError {
    move |panic| TrialError::Unrecorded(format!("{what} broke down: {panic}"))
}
