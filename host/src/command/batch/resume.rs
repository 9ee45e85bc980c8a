//! State of each cell when a batch begins or resumes.

use crate::plan::cells::Cell;
use crate::report::{CellReport, csv};
use crate::run::reported;
use crate::run_dir::batch::{BatchDir, Found};
use crate::run_dir::{RunDir, RunDirError, TrialRecord};
use std::time::Duration;

pub enum Standing {
    Waiting,
    /// Begun by a runner before, and not finished.
    Cut,
    Done {
        report: Box<CellReport>,
        took: Duration,
    },
}

impl Standing {
    pub fn report(&self) -> Option<&CellReport> {
        match self {
            Self::Done { report, .. } => Some(report),
            Self::Waiting | Self::Cut => None,
        }
    }
}

/// Looks at the folder of each cell, and changes none but to complete what a finished run lacks. An
/// error if there is a run of another batch.
pub fn survey(folder: &BatchDir, cells: &[Cell]) -> Result<Vec<Standing>, RunDirError> {
    let mut found = Vec::new();
    for cell in cells {
        found.push(match folder.look(&cell.folder, &cell.plan)? {
            Found::Nothing => Standing::Waiting,
            Found::Cut => Standing::Cut,
            Found::Finished { folder, record } => finished(cell, &folder, &record)?,
        });
    }
    Ok(found)
}

fn finished(cell: &Cell, folder: &RunDir, record: &TrialRecord) -> Result<Standing, RunDirError> {
    let judgement = record.judge(&cell.plan.workload);
    let is_complete = folder.has_results();
    if !is_complete {
        let trial = folder.trial(&cell.planned().name);
        trial.write_findings(record, &judgement)?;
    }
    let trial = reported(cell.planned(), record, judgement);
    let took = Duration::from_nanos(trial.summary.total_time_ns);
    let report = Box::new(super::report(
        cell,
        folder.path().to_owned(),
        Some(trial),
        None,
    ));
    if !is_complete {
        folder.write_results(&csv::write_cells(std::slice::from_ref(&report)))?;
    }
    Ok(Standing::Done { report, took })
}
