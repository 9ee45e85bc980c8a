//! What a trial takes place on: fresh data, the lock service, the history, the clock.

use super::CommandError;
use super::trial::Turn;
use crate::backend::clock::RealClock;
use crate::backend::host_threads;
use crate::backend::url::DatabaseUrl;
use crate::backend::{open_locks_of_run, run_id};
use crate::capability::beside::Beside;
use crate::capability::budget::Shares;
use crate::capability::database::Database;
use crate::capability::sql_policy::SqlPolicy;
use crate::model::fault::Fault;
use crate::plan::Plan;
use crate::record::journal::Journal;
use crate::record::printed::PrintedFile;
use crate::run_dir::{RunDirError, TrialDir};
use crate::worker::Arena;
use crate::worker::posts::Posts;
use crate::worker::settle;
use crate::worker::stop::{self, Stopper};
use crate::workload::ip_allocation::AllocationAccess;
use crate::workload::volume_state::RowAccess;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

const ROOM_ASKED_EVERY: Duration = Duration::from_millis(500);
const ROOM_ASKED_AGAIN: u32 = 10;

/// Everything that is there before the workers come.
pub struct Stage {
    /// Not started yet.
    pub clock: Arc<RealClock>,
    pub database: Arc<dyn Database>,
    pub arena: Arc<Arena>,
    pub stopper: Stopper,
}

impl Stage {
    /// Opens database and lock service, makes the tables anew, and begins the history.
    pub async fn set(turn: &Turn<'_>, folder: &TrialDir) -> Result<Self, CommandError> {
        let plan = turn.plan;
        let fresh = folder.database_path();
        let opening =
            turn.tenancy
                .open(&plan.database, &plan.nodes, plan.session_options(), &fresh);
        let database = opening.await.map_err(backend_error(&plan.database))?;
        let set = Self::set_on(database.clone(), turn, folder).await;
        if set.is_err() {
            database.close().await;
        }
        set
    }

    async fn set_on(
        database: Arc<dyn Database>,
        turn: &Turn<'_>,
        folder: &TrialDir,
    ) -> Result<Self, CommandError> {
        let Turn {
            plan,
            planned,
            ref strategy,
            ..
        } = *turn;
        has_room(&*database, plan).await?;
        let clock = Arc::new(RealClock::new());
        let shares = shares(plan);
        database.divide(&shares);
        let run = run_id::new_name();
        let locks = open_locks_of_run(&plan.locks, clock.clone(), &run)
            .await
            .map_err(backend_error(&plan.locks))?;
        locks.divide(&shares);
        let beside = match &plan.database {
            // What this process has in itself answers when this process runs.
            DatabaseUrl::SqliteFresh | DatabaseUrl::SqliteMemory | DatabaseUrl::SqliteFile(_) => {
                Beside::Here
            }
            DatabaseUrl::Mysql(_) | DatabaseUrl::Sim(_) => {
                Beside::Threads(host_threads::handle().map_err(CommandError::Runtime)?)
            }
        };
        let workload = &plan.workload;
        workload
            .prepare(&*database)
            .await
            .map_err(backend_error("the tables could not be made"))?;
        let path = folder.history_path();
        let journal = Journal::create(&path).map_err(|source| RunDirError::Io { path, source })?;
        let (stopper, stop) = stop::channel();
        let arena = Arc::new(Arena {
            workload: plan.workload.clone(),
            strategy: strategy.clone(),
            database: database.clone(),
            sql_policy: Arc::new(SqlPolicy::new(workload.kind().tables(), database.dialect())),
            locks,
            clock: clock.clone(),
            beside,
            settings: Arc::new(plan.settings_of(planned)),
            printed: Arc::new(PrintedFile::new(
                folder.printed_path(),
                workload.workers(),
                &shares,
            )),
            shares,
            seed: plan.seed,
            change_timeout_ns: plan.change_timeout_s.saturating_mul(1_000_000_000),
            stop,
            journal: Arc::new(journal),
            posts: Posts::new(workload.workers()),
            patience_ns: settle::PATIENCE,
            rows: RowAccess::default(),
            allocations: AllocationAccess::default(),
        });
        Ok(Self {
            clock,
            database,
            arena,
            stopper,
        })
    }
}

/// Refuses a run that the servers have no room for, before it touches anything. Sessions of the trial
/// before may still be closing, so a full server is asked again for a while.
async fn has_room(database: &dyn Database, plan: &Plan) -> Result<(), CommandError> {
    let (workers, generators) = (plan.workload.workers(), plan.workload.background_generators);
    let needed = u64::from(workers) + u64::from(generators);
    let lacking = |room: Option<u64>| room.filter(|room| *room < needed);
    let mut room = lacking(database.room().await);
    for _ in 0..ROOM_ASKED_AGAIN {
        if room.is_none() {
            break;
        }
        tokio::time::sleep(ROOM_ASKED_EVERY).await;
        room = lacking(database.room().await);
    }
    match room {
        Some(room) => {
            let message = format!(
                "the servers have room for {room} more connections, and the run needs {needed}, one for each \
                 worker ({workers}) and each background generator ({generators}); raise max_connections, or \
                 make fewer"
            );
            let fault = Fault::rejected("too-many-connections", message);
            Err(backend_error(&plan.database)(fault))
        }
        None => Ok(()),
    }
}

/// What each instance may take, given what this process can have.
fn shares(plan: &Plan) -> Shares {
    let files = rlimit::Resource::NOFILE.get_soft().ok();
    Shares::new(plan.workload.workers(), files)
}

/// What could not be done, and the fault that says why.
pub fn backend_error(what: impl Display) -> impl FnOnce(Fault) -> CommandError {
    let what = what.to_string();
    move |fault| CommandError::Backend { what, fault }
}
