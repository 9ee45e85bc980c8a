//! Interface between a trial and the world in which it takes place.

use super::TrialError;
use crate::capability::database::Database;
use crate::model::change::Nanos;
use crate::model::conditions::Conditions;
use crate::worker::TrialContext;
use crate::worker::watched::Counters;
use crate::workload::stop::Stopper;
use futures_util::future::BoxFuture;
use std::io;
use std::sync::Arc;

/// A worker that is ready; an error means that a change could not be recorded.
pub type Work = BoxFuture<'static, io::Result<()>>;

/// The owner of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Worker(u32),
    /// A generator of background load.
    Generator(u32),
}

/// The progress of a trial.
#[derive(Debug)]
pub enum Step<'a> {
    SetUp,
    Prepare,
    Run(&'a Counters),
    Read,
}

/// A world: real, simulated, or fake in tests. The last five are called in this order.
pub trait World {
    /// Measurements that are taken while the workers run.
    type Gauges;
    /// The faults that are injected meanwhile.
    type Faults;

    /// The time for which a statement of the background load may hang when the workers have ended.
    const PATIENCE: Nanos = super::GRACE;

    fn database(&self) -> &dyn Database;

    /// Runs a task. An error is the panic that ended it.
    fn spawn<T: Send + 'static>(
        &self,
        role: Role,
        task: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Result<T, String>>;

    /// Hears how far the trial has come.
    fn enter(&self, _: Step<'_>) {}

    /// Begins the history. Returns what the workers are given, and what stops them.
    fn context(&self) -> impl Future<Output = Result<(TrialContext, Stopper), TrialError>>;

    /// Makes the workers ready, with their sessions. May be dropped half-way.
    fn workers(&self, context: &Arc<TrialContext>) -> impl Future<Output = Vec<Work>>;

    /// Starts the clock, and what measures and breaks.
    fn start(&self) -> (Self::Gauges, Self::Faults);

    /// Notes what was measured, right after the last worker has ended.
    fn stopped(
        &self,
        gauges: Self::Gauges,
        conditions: &mut Conditions,
    ) -> impl Future<Output = ()>;

    /// Begins no further fault, notes what became of each, and undoes them all.
    fn heal(
        &self,
        faults: Self::Faults,
        conditions: &mut Conditions,
    ) -> impl Future<Output = Result<(), TrialError>>;
}
