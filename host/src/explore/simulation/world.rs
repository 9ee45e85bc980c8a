//! The simulated world of a trial: virtual time, one thread, one seed.

use super::Simulation;
use super::crashable::CrashableStrategy;
use crate::backend::lock_memory::MemoryLocks;
use crate::capability::budget::Shares;
use crate::capability::clock::Clock;
use crate::capability::database::Database;
use crate::capability::lock::LockService;
use crate::capability::strategy::Strategy;
use crate::model::change::Nanos;
use crate::model::conditions::{Conditions, Simulated};
use crate::model::sim_fault::{FaultAction, SimFault};
use crate::sim::clock::SimClock;
use crate::sim::cluster::Cluster;
use crate::sim::database::SimDatabase;
use crate::sim::event::Actor;
use crate::sim::kernel::Kernel;
use crate::sim::locks;
use crate::sim::logged_locks::LoggedLocks;
use crate::sim::random::Purpose;
use crate::sim::world::World as Sim;
use crate::trial::world::{Role, Work, World};
use crate::trial::{TrialError, backend_error, begins_with};
use crate::worker::{TrialContext, Worker};
use crate::workload::site::Site;
use crate::workload::stop::Stopper;
use contend_dst::{Random, Recording, Spawner};
use futures_util::FutureExt;
use std::cell::Cell;
use std::sync::Arc;

/// Workers do not begin in the very same nanosecond, but within this.
const START_WITHIN: Nanos = 1_000_000;

/// The time within which nodes that were away come back, after the faults have been undone.
const RECOVERY: Nanos = 60_000_000_000;

/// A simulated world.
pub(super) struct SimWorld {
    pub(super) simulation: Simulation,
    pub(super) sim: Sim,
    spawner: Spawner,
    clock: Arc<SimClock>,
    database: Arc<SimDatabase>,
    shares: Shares,
    /// The time when the workers were let go, since the simulation began.
    pub(super) let_go: Cell<Nanos>,
    /// From then until they and the background load had ended.
    pub(super) total_time: Cell<Nanos>,
}

impl SimWorld {
    pub(super) fn new(simulation: Simulation, kernel: &Kernel, spawner: Spawner) -> Self {
        let case = &simulation.case;
        let clock = Arc::new(SimClock::new(kernel.clone()));
        let cluster = Arc::new(Cluster::new(kernel.clone(), &case.topology, case.seed));
        let database = SimDatabase::new(cluster.clone(), case.autocommit_as_text)
            .counting_found_rows(case.counts_found_rows);
        let shares = Shares::new(case.workload.workers(), None);
        database.divide(&shares);
        let open = |kind| {
            let (kernel, clock) = (kernel.clone(), clock.clone());
            locks::open(kind, kernel, clock, &case.topology, case.seed)
        };
        let locks = case.locks.map(open);
        Self {
            sim: Sim::new(kernel.clone(), cluster, locks, case.faults.clone()),
            simulation,
            spawner,
            clock,
            database: Arc::new(database),
            shares,
            let_go: Cell::default(),
            total_time: Cell::default(),
        }
    }

    fn locks(&self) -> Arc<dyn LockService> {
        if let Some(locks) = &self.sim.locks {
            return locks.clone();
        }
        let locks = Arc::new(MemoryLocks::new(self.clock.clone()));
        match self.simulation.recording {
            // For a timeline; the course of a simulation shows in the rest as well.
            Recording::Keep => Arc::new(LoggedLocks::new(locks, self.sim.kernel.clone())),
            Recording::Off | Recording::Digest => locks,
        }
    }

    fn strategy(&self) -> Arc<dyn Strategy> {
        let strategy = self.simulation.strategy.clone();
        let crashes = &self.sim.crashes;
        let is_crash = |fault: &SimFault| matches!(fault.what, FaultAction::CrashWorker { .. });
        match self.simulation.case.faults.iter().any(is_crash) {
            true => Arc::new(CrashableStrategy {
                strategy,
                crashes: crashes.clone(),
            }),
            false => strategy,
        }
    }
}

impl World for SimWorld {
    type Gauges = ();
    type Faults = ();

    /// Whatever hangs goes on when the fault that is in its way ends.
    const PATIENCE: Nanos = Nanos::MAX;

    fn database(&self) -> &dyn Database {
        &*self.database
    }

    /// A panic ends the simulation, so a task never returns one.
    fn spawn<T: Send + 'static>(
        &self,
        role: Role,
        task: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Result<T, String>> {
        let actor = match role {
            Role::Worker(number) => Actor::Worker(number),
            Role::Generator(number) => Actor::Generator(number),
        };
        self.spawner.spawn(actor, task).map(Ok)
    }

    async fn context(&self) -> Result<(TrialContext, Stopper), TrialError> {
        let simulation = &self.simulation;
        let case = &simulation.case;
        let (context, stopper) = TrialContext::new(
            case.workload.clone(),
            self.strategy(),
            self.database.clone(),
            self.locks(),
            self.clock.clone(),
            simulation.journal.clone(),
        );
        let site = Site {
            check_reads: case.session.freshness(),
            ..Site::clone(&context.site)
        };
        let context = TrialContext {
            site: Arc::new(site),
            begins_with: begins_with(case.session, &*self.database)
                .map_err(backend_error(&"sim"))?,
            settings: Arc::new(case.settings.clone()),
            printed: simulation.printed.clone(),
            watched: simulation.watched.clone(),
            shares: self.shares,
            seed: case.seed,
            change_timeout_ns: case.change_timeout_s.saturating_mul(1_000_000_000),
            ..context
        };
        Ok((context, stopper))
    }

    async fn workers(&self, context: &Arc<TrialContext>) -> Vec<Work> {
        let mut workers = Vec::new();
        // One after the other, so that the proxy deals its nodes in this order.
        for number in context.workload.dealing_order() {
            let worker = Worker::prepare(context.clone(), number);
            let worker = self.spawner.spawn(Actor::Worker(number), worker).await;
            workers.push((number, worker));
        }
        workers.sort_by_key(|(number, _)| *number);
        let mut random = Random::new(context.seed, Purpose::Start);
        let work = workers.into_iter().map(|(_, worker)| {
            let (kernel, begins) = (self.sim.kernel.clone(), random.below(START_WITHIN));
            let work = async move {
                kernel.sleep(begins).await;
                worker.run().await
            };
            work.boxed()
        });
        work.collect()
    }

    fn start(&self) -> ((), ()) {
        self.let_go.set(self.clock.start());
        self.sim.begin_schedule();
        ((), ())
    }

    async fn stopped(&self, (): (), _: &mut Conditions) {}

    async fn heal(&self, (): (), conditions: &mut Conditions) -> Result<(), TrialError> {
        self.total_time.set(self.clock.now());
        let faults = self.sim.fates();
        self.sim.make_whole();
        if !faults.is_empty() {
            self.clock.sleep(RECOVERY).await;
        }
        conditions.simulated = Some(Simulated {
            faults,
            ..Simulated::default()
        });
        Ok(())
    }
}
