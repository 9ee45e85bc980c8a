//! One simulation: fresh data, all workers ready, let go, wait, read what is in the database.

mod crashable;
mod ready;

use self::crashable::CrashableStrategy;
use self::ready::{Ready, get_ready, result_of, run_for};
use super::case::Case;
use super::outcome::whole_from;
use crate::backend::lock_memory::MemoryLocks;
use crate::capability::beside::Beside;
use crate::capability::budget::Shares;
use crate::capability::clock::Clock;
use crate::capability::database::Database;
use crate::capability::lock::LockService;
use crate::capability::printed::Printed;
use crate::capability::sql_policy::SqlPolicy;
use crate::capability::strategy::Strategy;
use crate::model::background::Background;
use crate::model::change::Nanos;
use crate::model::counters::NodeCounters;
use crate::model::end::Ended;
use crate::model::fault::Fault;
use crate::model::found::Found;
use crate::model::membership::Membership;
use crate::model::sim_fault::{Harm, SimFaultEvent};
use crate::model::stuck::Stuck;
use crate::record::journal::Journal;
use crate::sim::clock::SimClock;
use crate::sim::cluster::Cluster;
use crate::sim::database::SimDatabase;
use crate::sim::event::Actor;
use crate::sim::kernel::{Executor, Kernel, Log};
use crate::sim::locks;
use crate::sim::logged_locks::LoggedLocks;
use crate::sim::random::Purpose;
use crate::sim::world::World;
use crate::worker::background::{self, Generated, Generators};
use crate::worker::posts::Posts;
use crate::worker::settle;
use crate::worker::stop::{self, Stop, Stopper};
use crate::worker::stuck::stuck;
use crate::worker::watched::Watched;
use crate::worker::{Arena, Worker};
use crate::workload::ip_allocation::AllocationAccess;
use crate::workload::volume_state::RowAccess;
use contend_dst::{JoinHandle, Random, Recording, Stuck as Standstill};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

const NANOS_PER_S: u64 = 1_000_000_000;

/// No simulation goes on for longer, whatever its workers do: a year.
const HORIZON: Nanos = 365 * 86_400 * NANOS_PER_S;

/// Workers do not begin in the very same nanosecond, but within this.
const START_WITHIN: Nanos = 1_000_000;

/// Changes under way may take so long to finish when the time is up.
const GRACE: Nanos = 5 * NANOS_PER_S;

/// When the faults have been undone, nodes that were away come back within this.
const RECOVERY: Nanos = 60 * NANOS_PER_S;

/// Why there is no result. A strategy is at fault in none of these.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    #[error("the simulated database could not be set up: {0}")]
    SetUp(Fault),
    #[error("a change could not be recorded: {0}")]
    Unrecorded(io::Error),
    #[error(
        "the simulation came to a standstill {}: the model is at fault; please report it with the \
         command that led here",
        match .0 { Standstill::ForEver => "(nothing left to happen)", Standstill::OutOfTime => "(a year went by)" }
    )]
    Stuck(Standstill),
}

/// What was found when a simulation was over; its changes are in the journal.
pub struct Ran {
    pub how: Ended,
    /// What stood still, where that ended it.
    pub stuck: Option<Stuck>,
    /// Simulated, from the moment when the workers were let go to the end of the last one.
    pub total_time: Nanos,
    pub found: Result<Found, Fault>,
    pub background: Option<Background>,
    /// What became of each fault of the schedule, in the order of time.
    pub faults: Vec<SimFaultEvent>,
    pub counters: Vec<NodeCounters>,
    pub nodes: Membership,
    pub server: BTreeMap<String, String>,
    /// SQL statements that the nodes executed for workers, generators and checks.
    pub statements: u64,
    pub log: Log,
    /// When the workers were let go, on the log's clock.
    pub let_go: Nanos,
}

/// A simulation with its workers ready.
pub struct Simulation {
    case: Case,
    executor: Executor,
    world: World,
    clock: Arc<SimClock>,
    database: Arc<SimDatabase>,
    arena: Arc<Arena>,
    stopper: Arc<Stopper>,
    workers: Vec<Worker>,
    generators: Option<Generators>,
    before: Vec<NodeCounters>,
    server: BTreeMap<String, String>,
}

impl Simulation {
    /// Makes the world and its tables, and every worker's instance with its session. `watched`
    /// gives each worker what it is watched by.
    pub fn set(
        case: &Case,
        strategy: &Arc<dyn Strategy>,
        journal: Arc<Journal>,
        printed: Arc<dyn Printed>,
        recording: Recording,
        watched: impl FnMut() -> Arc<Watched>,
    ) -> Result<Self, SimulationError> {
        let kernel = Kernel::new(recording);
        let clock = Arc::new(SimClock::new(kernel.clone()));
        let cluster = Arc::new(Cluster::new(kernel.clone(), &case.topology, case.seed));
        let database = SimDatabase::new(cluster.clone(), case.autocommit_as_text)
            .counting_found_rows(case.counts_found_rows);
        let database = Arc::new(database);
        let shares = Shares::new(case.workload.workers(), None);
        database.divide(&shares);
        let sim_locks = case.locks.map(|kind| {
            locks::open(
                kind,
                kernel.clone(),
                clock.clone(),
                &case.topology,
                case.seed,
            )
        });
        let locks: Arc<dyn LockService> = match &sim_locks {
            Some(locks) => locks.clone(),
            None => {
                let locks = Arc::new(MemoryLocks::new(clock.clone()));
                match recording {
                    // For a timeline; the course of a simulation shows in the rest as well.
                    Recording::Keep => Arc::new(LoggedLocks::new(locks, kernel.clone())),
                    Recording::Off | Recording::Digest => locks,
                }
            }
        };
        let world = World::new(kernel.clone(), cluster, sim_locks, case.faults.clone());
        let is_crash = |harm: &Harm| matches!(harm, Harm::CrashWorker { .. });
        let strategy = match case.faults.iter().any(|fault| is_crash(&fault.what)) {
            true => Arc::new(CrashableStrategy {
                strategy: strategy.clone(),
                crashes: world.crashes.clone(),
            }),
            false => strategy.clone(),
        };
        let (stopper, stop) = stop::channel();
        let arena = Arc::new(Arena {
            workload: case.workload.clone(),
            strategy,
            database: database.clone(),
            sql_policy: Arc::new(SqlPolicy::new(
                case.workload.kind().tables(),
                database.dialect(),
            )),
            locks,
            clock: clock.clone(),
            beside: Beside::Here,
            settings: Arc::new(case.settings.clone()),
            printed,
            shares,
            seed: case.seed,
            change_timeout_ns: case.change_timeout_s.saturating_mul(NANOS_PER_S),
            stop,
            journal,
            posts: Posts::new(case.workload.workers()),
            patience_ns: settle::PATIENCE,
            rows: RowAccess::default(),
            allocations: AllocationAccess::default(),
        });
        let mut executor = Executor::new(kernel);
        let Ready {
            workers,
            generators,
            counters,
            server,
        } = get_ready(&mut executor, &world, &arena, watched)?;
        Ok(Self {
            case: case.clone(),
            executor,
            world,
            clock,
            database,
            arena,
            stopper: Arc::new(stopper),
            workers,
            generators: Some(generators),
            before: counters,
            server,
        })
    }

    /// Ends the simulation before its time, from any thread.
    pub fn stopper(&self) -> Arc<Stopper> {
        self.stopper.clone()
    }

    /// Lets the workers go, and runs to the end.
    pub fn run(mut self) -> Result<Ran, SimulationError> {
        let let_go = self.clock.start();
        self.world.begin_schedule();
        let (background_stopper, background_stop) = stop::channel();
        let background = self.start_background(&background_stop);
        let running = self.start_workers(background_stopper);
        let out_of_time = self.start_time_limit();
        let stood_still = self.start_watch();
        let stuck = SimulationError::Stuck;
        self.executor.run(&self.world, HORIZON).map_err(stuck)?;
        for worker in &running {
            result_of(worker)?.map_err(SimulationError::Unrecorded)?;
        }
        let generated = background.iter().map(result_of);
        let background = background::total(&generated.collect::<Result<Vec<_>, _>>()?);
        let stood_still = stood_still.take();
        let is_stopped = self.arena.stop.is_requested();
        let how = match (&stood_still, out_of_time.load(Relaxed), is_stopped) {
            (Some(_), ..) => Ended::Stuck,
            (None, true, _) => Ended::TimeLimit,
            (None, false, true) => Ended::Interrupted,
            (None, false, false) => Ended::Completed,
        };
        let total_time = self.clock.now();
        let faults = self.world.fates();
        let left = self.read_what_is_left()?;
        Ok(Ran {
            how,
            stuck: stood_still,
            total_time,
            found: left.found,
            background,
            faults,
            counters: since(&left.counters, &self.before),
            nodes: self.database.membership(),
            server: self.server,
            statements: self.world.cluster.statements(),
            log: self.world.kernel.take_log(),
            let_go,
        })
    }

    fn start_background(&mut self, stop: &Stop) -> Vec<JoinHandle<Generated>> {
        let tasks = self.generators.take().map(|all| all.into_tasks(stop));
        (0..)
            .zip(tasks.into_iter().flatten())
            .map(|(number, task)| self.executor.spawn(Actor::Generator(number), task))
            .collect()
    }

    /// The last worker that ends stops the background load.
    fn start_workers(&mut self, background: Stopper) -> Vec<JoinHandle<io::Result<()>>> {
        let workers = std::mem::take(&mut self.workers);
        let left = Arc::new(AtomicU32::new(workers.len() as u32));
        let background = Arc::new(background);
        let mut random = Random::new(self.case.seed, Purpose::Start);
        let mut running = Vec::with_capacity(workers.len());
        for (number, worker) in (0..).zip(workers) {
            let begins = self.world.kernel.sleep(random.below(START_WITHIN));
            let (left, background) = (left.clone(), background.clone());
            let work = async move {
                begins.await;
                let ran = worker.run().await;
                if left.fetch_sub(1, Relaxed) == 1 {
                    background.finish();
                }
                ran
            };
            running.push(self.executor.spawn(Actor::Worker(number), work));
        }
        running
    }

    fn start_time_limit(&mut self) -> Arc<AtomicBool> {
        let reached = Arc::new(AtomicBool::new(false));
        if let Some(limit) = self.case.time_limit_s {
            let kernel = self.world.kernel.clone();
            let (stopper, reached) = (self.stopper.clone(), reached.clone());
            let limit = async move {
                kernel.sleep(limit.saturating_mul(NANOS_PER_S)).await;
                reached.store(true, Relaxed);
                stopper.finish();
                kernel.sleep(GRACE).await;
                stopper.abandon();
            };
            self.executor.spawn_beside(Actor::Host, limit);
        }
        reached
    }

    /// Ends the simulation when nothing can move any more. What was broken comes back first.
    fn start_watch(&mut self) -> JoinHandle<Stuck> {
        let (arena, stopper) = (self.arena.clone(), self.stopper.clone());
        let quiet = self.case.stuck_after_s.saturating_mul(NANOS_PER_S);
        let from = whole_from(&self.case);
        self.executor.spawn_beside(Actor::Host, async move {
            let found = stuck(&arena, quiet, from).await;
            stopper.stuck();
            found
        })
    }

    fn read_what_is_left(&mut self) -> Result<Left, SimulationError> {
        let had_faults = !self.case.faults.is_empty();
        self.world.make_whole();
        let kernel = self.world.kernel.clone();
        let (database, clock) = (self.database.clone(), self.clock.clone());
        let workload = self.case.workload.clone();
        let left = self.executor.spawn(Actor::Host, async move {
            if had_faults {
                kernel.sleep(RECOVERY).await;
            }
            Left {
                counters: database.counters().await,
                found: workload.read_found(&*database, &*clock).await,
            }
        });
        run_for(&mut self.executor, &self.world, &left)
    }
}

struct Left {
    found: Result<Found, Fault>,
    counters: Vec<NodeCounters>,
}

fn since(now: &[NodeCounters], before: &[NodeCounters]) -> Vec<NodeCounters> {
    let grown = |now: &NodeCounters| {
        let then = before.iter().find(|then| then.node == now.node);
        then.map_or_else(|| now.clone(), |then| now.since(then))
    };
    now.iter().map(grown).collect()
}
