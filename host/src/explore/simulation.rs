//! One simulation: the life of a trial in a simulated world.

mod crashable;
mod world;

use self::world::SimWorld;
use super::case::Case;
use super::outcome::whole_from;
use crate::capability::printed::{Printed, Unread};
use crate::capability::strategy::Strategy;
use crate::model::change::Nanos;
use crate::record::journal::Journal;
use crate::sim::event::Actor;
use crate::sim::kernel::{Executor, Kernel, Log};
use crate::trial::interrupts::Interrupts;
use crate::trial::record::Record;
use crate::trial::{self, Rules, TrialError};
use crate::worker::watched::Counters;
use contend_dst::{Recording, Stuck};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// No simulation goes on for longer, whatever its workers do: a year.
const HORIZON: Nanos = 365 * 86_400 * 1_000_000_000;

/// The result of a simulation; its changes are in the journal.
pub struct Ran {
    pub record: Record,
    /// From the moment when the workers were let go until they and the background load had ended.
    pub total_time: Nanos,
    /// SQL statements that the nodes executed for workers, generators and checks.
    pub statements: u64,
    pub log: Log,
    /// The time when the workers were let go, on the log's clock.
    pub let_go: Nanos,
}

/// A simulation that has not begun.
pub struct Simulation {
    pub case: Case,
    pub strategy: Arc<dyn Strategy>,
    pub journal: Arc<Journal>,
    pub recording: Recording,
    pub printed: Arc<dyn Printed>,
    pub watched: Counters,
    pub interrupts: Interrupts,
}

impl Simulation {
    /// A simulation without a progress display, which no interrupt ends.
    pub fn new(
        case: &Case,
        strategy: &Arc<dyn Strategy>,
        journal: Arc<Journal>,
        recording: Recording,
    ) -> Self {
        Self {
            case: case.clone(),
            strategy: strategy.clone(),
            journal,
            recording,
            printed: Arc::new(Unread),
            watched: Counters::new(case.workload.workers()),
            interrupts: Interrupts::never(),
        }
    }

    /// Runs to the end, on this thread.
    pub fn run(self) -> Result<Ran, TrialError> {
        let began = Instant::now();
        let kernel = Kernel::new(self.recording);
        let mut executor = Executor::new(kernel.clone());
        let world = Rc::new(SimWorld::new(self, &kernel, executor.spawner()));
        let lives = world.clone();
        let trial = executor.spawn(Actor::Host, async move {
            let case = &lives.simulation.case;
            let rules = Rules {
                workload: &case.workload,
                interrupts: &lives.simulation.interrupts,
                time_limit_s: case.time_limit_s,
                stuck_after_s: case.stuck_after_s,
                whole_from: whole_from(case),
            };
            trial::run(&*lives, &rules, Ok).await
        });
        let ran = executor.run(&world.sim, HORIZON);
        ran.map_err(TrialError::Standstill)?;
        let recorded = trial.take();
        let mut record = recorded.ok_or(TrialError::Standstill(Stuck::ForEver))??;
        let statements = world.sim.cluster.statements();
        if let Some(simulated) = &mut record.conditions.simulated {
            simulated.statements = statements;
            simulated.took_ns = began.elapsed().as_nanos() as u64;
        }
        Ok(Ran {
            record,
            total_time: world.total_time.get(),
            statements,
            log: kernel.take_log(),
            let_go: world.let_go.get(),
        })
    }
}
