//! A case, simulated and judged, with nothing written.

use super::case::Case;
use super::outcome::{Simulated, whole_from};
use super::simulation::Simulation;
use crate::capability::strategy::Strategy;
use crate::record::journal::Journal;
use crate::trial::TrialError;
use contend_dst::Recording;
use std::sync::Arc;

/// Simulates the case with this strategy, and asks every checker.
pub fn simulate(
    case: &Case,
    strategy: &Arc<dyn Strategy>,
    recording: Recording,
) -> Result<Simulated, TrialError> {
    let journal = Arc::new(Journal::in_memory());
    let ran = Simulation::new(case, strategy, journal.clone(), recording).run()?;
    let changes = journal.take();
    let (workload, found) = (&case.workload, ran.record.found.as_ref().ok());
    let whole_from = Some(whole_from(case));
    Ok(Simulated {
        judgement: workload.kind.judge(workload, &changes, found, whole_from),
        changes,
        let_go: ran.let_go,
        total_time: ran.total_time,
        statements: ran.statements,
        events: ran.log.into_entries().into_iter().map(Into::into).collect(),
    })
}
