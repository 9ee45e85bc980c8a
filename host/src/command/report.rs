//! `runner report DIR`: everything that a run tells, from its folder alone.

use super::output::Output;
use super::{CommandError, exit_code};
use crate::report::{RunReport, TrialReport};
use crate::run_dir::{RunDir, RunDirError};
use std::path::PathBuf;
use std::process::ExitCode;

/// What to report, and where to.
pub struct ReportOptions {
    /// The folder of the run.
    pub run: PathBuf,
    pub output: Output,
}

/// Reports a run that has been, whole or cut short. Writes nothing into its folder.
pub fn report(options: &ReportOptions) -> Result<ExitCode, CommandError> {
    let (folder, plan) = RunDir::open(&options.run)?;
    let mut report = RunReport::new(plan, options.run.clone());
    for planned in report.plan.trials.clone() {
        if let Some(record) = folder.trial(&planned.name).load()? {
            let judgement = record.judge(&report.plan.workload);
            let (end, conditions) = (record.end.as_ref(), record.conditions);
            let trial = TrialReport::new(&planned, &record.history, end, conditions, judgement);
            report.add(trial);
        }
    }
    if report.trials.is_empty() {
        return Err(CommandError::RunDir(RunDirError::NotARun {
            path: options.run.clone(),
            why: "no strategy of its plan has a history".to_owned(),
        }));
    }
    options.output.check()?;
    options.output.show(&report)?;
    Ok(exit_code(&report))
}
