//! A case, simulated and judged, with nothing written.

use super::case::Case;
use super::outcome::{Simulated, whole_from};
use super::simulation::{Simulation, SimulationError};
use crate::capability::printed::Unread;
use crate::capability::strategy::Strategy;
use crate::record::journal::Journal;
use contend_dst::Recording;
use std::sync::Arc;

/// Simulates the case with this strategy, and asks every checker.
pub fn simulate(
    case: &Case,
    strategy: &Arc<dyn Strategy>,
    recording: Recording,
) -> Result<Simulated, SimulationError> {
    let journal = Arc::new(Journal::in_memory());
    let (kept, printed) = (journal.clone(), Arc::new(Unread));
    let simulation = Simulation::set(case, strategy, kept, printed, recording, Arc::default)?;
    let ran = simulation.run()?;
    let changes = journal.take();
    let (workload, found) = (&case.workload, ran.found.as_ref().ok());
    Ok(Simulated {
        judgement: workload.judge_simulated(&changes, found, whole_from(case)),
        changes,
        let_go: ran.let_go,
        total_time: ran.total_time,
        statements: ran.statements,
        events: ran.log.into_entries().into_iter().map(Into::into).collect(),
    })
}
