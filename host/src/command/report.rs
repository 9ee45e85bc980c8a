//! `runner report RUN`: everything that a run or a batch recorded, from its folder or a bundle alone.

use crate::console::{Output, note};
use crate::exit::{CommandError, Exit, Required, message};
use crate::model::verdict::Verdict;
use crate::plan::PlannedTrial;
use crate::report::{CellReport, RunReport, csv, json, overview, text};
use crate::run::Opened;
use crate::run_dir::batch;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Reports a finished run or batch, whole or cut short, from its folder or from the bundle of a run. Writes nothing
/// into the folder.
pub fn report(
    folder: &Path,
    unpacked_mib: u64,
    output: &Output,
    required: Required,
) -> Result<Exit, CommandError> {
    output.check()?;
    if folder.is_dir()
        && let Some(cells) = batch::cells(folder)?
    {
        return report_batch(folder, &cells, unpacked_mib, output, required);
    }
    let report = Opened::open(folder, unpacked_mib)?.report()?;
    output.show(
        || csv::write(&report),
        || json::write(&report),
        || text::write(&report),
    )?;
    Ok(Exit::of_run(&report, required))
}

/// The table of all cells, and the reasons of each verdict.
fn report_batch(
    folder: &Path,
    cells: &[PathBuf],
    unpacked_mib: u64,
    output: &Output,
    required: Required,
) -> Result<Exit, CommandError> {
    let mut runs = Vec::new();
    for cell in cells {
        match Opened::open(cell, unpacked_mib)?.report() {
            Ok(run) => runs.push(run),
            Err(error) => note(&format!("note: {}", message(&error.into()))),
        }
    }
    let reports: Vec<_> = runs.iter().flat_map(cell_reports).collect();
    #[derive(Serialize)]
    struct Runs {
        runs: Vec<RunReport>,
    }
    let verdicts: Vec<_> = runs.iter().map(RunReport::verdict).collect();
    output.show(
        || csv::write_cells(&reports),
        || json::document(Some(&Verdict::worst(verdicts.iter())), &Runs { runs }),
        || overview::write_with_reasons(&reports, folder),
    )?;
    Ok(Exit::of_batch(reports.iter(), cells.len(), required))
}

/// A cell's run has one trial.
fn cell_reports(run: &RunReport) -> impl Iterator<Item = CellReport> {
    let of_trial = |planned: &PlannedTrial| CellReport {
        plan: run.plan.clone(),
        planned: planned.clone(),
        folder: run.folder.clone(),
        locks: planned
            .takes_locks()
            .then(|| run.plan.locks.scheme().to_owned()),
        trial: run
            .trials
            .iter()
            .find(|it| it.strategy == planned.name)
            .cloned(),
        error: None,
    };
    run.plan.trials.iter().map(of_trial)
}
