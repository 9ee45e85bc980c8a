//! Everything that is done before the workers are let go.

use super::{HORIZON, SimulationError};
use crate::model::counters::NodeCounters;
use crate::model::fault::Fault;
use crate::sim::event::Actor;
use crate::sim::kernel::Executor;
use crate::sim::world::World;
use crate::worker::background::Generators;
use crate::worker::watched::Watched;
use crate::worker::{Arena, Worker};
use contend_dst::{JoinHandle, Stuck};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a simulation has when its workers can be let go.
pub(super) struct Ready {
    pub(super) workers: Vec<Worker>,
    pub(super) generators: Generators,
    pub(super) counters: Vec<NodeCounters>,
    pub(super) server: BTreeMap<String, String>,
}

/// Makes the tables, the workers and the background load. No fault is under way yet, so whatever
/// fails here is no strategy's doing.
pub(super) fn get_ready(
    executor: &mut Executor,
    world: &World,
    arena: &Arc<Arena>,
    mut watched: impl FnMut() -> Arc<Watched>,
) -> Result<Ready, SimulationError> {
    let (database, workload) = (arena.database.clone(), arena.workload.clone());
    let made = executor.spawn(
        Actor::Host,
        async move { workload.prepare(&*database).await },
    );
    run_for(executor, world, &made)?.map_err(SimulationError::SetUp)?;
    let mut watched: Vec<_> = (0..arena.workload.workers())
        .map(|_| Some(watched()))
        .collect();
    let mut workers: Vec<Option<Worker>> = Vec::new();
    workers.resize_with(watched.len(), || None);
    // One after the other, so that the proxy deals its nodes in this order.
    for number in arena.workload.dealing_order() {
        let watched = watched[number as usize].take().unwrap_or_default();
        let worker = Worker::prepare(arena.clone(), number, watched);
        let worker = executor.spawn(Actor::Worker(number), worker);
        workers[number as usize] = Some(run_for(executor, world, &worker)?);
    }
    let (database, clock) = (arena.database.clone(), arena.clock.clone());
    let workload = arena.workload.clone();
    let beside = executor.spawn(Actor::Host, async move {
        let generators = Generators::prepare(workload, &*database, clock).await?;
        let server = database.describe().await?;
        Ok::<_, Fault>((generators, database.counters().await, server))
    });
    let beside = run_for(executor, world, &beside)?;
    let (generators, counters, server) = beside.map_err(SimulationError::SetUp)?;
    Ok(Ready {
        workers: workers.into_iter().flatten().collect(),
        generators,
        counters,
        server,
    })
}

/// Runs all tasks to their end, and gives what this one came to.
pub(super) fn run_for<T>(
    executor: &mut Executor,
    world: &World,
    task: &JoinHandle<T>,
) -> Result<T, SimulationError> {
    let stuck = SimulationError::Stuck;
    executor.run(world, HORIZON).map_err(stuck)?;
    result_of(task)
}

/// What a task came to that was run to its end. One without a result is an error, and not one fewer:
/// its worker's changes would be missing, and nobody would know.
pub(super) fn result_of<T>(task: &JoinHandle<T>) -> Result<T, SimulationError> {
    let stuck = SimulationError::Stuck(Stuck::ForEver);
    task.take().ok_or(stuck)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::kernel::Kernel;
    use contend_dst::Recording;

    #[test]
    fn a_task_without_a_result_is_an_error_and_not_left_out() {
        let mut executor = Executor::new(Kernel::new(Recording::Off));
        let tasks = [0, 1].map(|number| executor.spawn(Actor::Worker(number), async {}));
        let results: Result<Vec<()>, _> = tasks.iter().map(result_of).collect();
        let error = results.unwrap_err();
        assert!(matches!(error, SimulationError::Stuck(Stuck::ForEver)));
    }
}
