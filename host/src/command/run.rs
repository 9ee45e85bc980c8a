//! `runner --strategy …`: the main job.

mod untried;

use crate::console::{Output, Screen, check_name, note};
use crate::exit::{CommandError, Exit, Required};
use crate::plan::options::PlanOptions;
use crate::plan::resolve::resolve;
use crate::report::{csv, json, text};
use crate::run::{CarriedOut, carry_out};
use crate::workload::Workload;
use std::path::Path;

/// Plans, runs each strategy on fresh data, judges, writes and shows.
pub fn run(
    asked: &PlanOptions,
    out: Option<&Path>,
    output: &Output,
    required: Required,
) -> Result<Exit, CommandError> {
    output.check()?;
    check_name(out)?;
    let screen = Screen::new(output.is_quiet());
    let resolved = resolve(asked, &Workload::workers, &screen)?;
    let CarriedOut { report, ran } = carry_out(&resolved, out, &screen)?;
    // Whatever broke in the end, what was measured before is shown.
    let shown = match report.trials.is_empty() {
        true => Ok(()),
        false => output.show(
            || csv::write(&report),
            || json::write(&report),
            || text::write(&report),
        ),
    };
    // Beside the results, which are the same as those of `runner report` later.
    if let Some(untried) = untried::note(output, &report) {
        note(&untried);
    }
    let exit = Exit::of_run(&report, required);
    exit.unless_failed(ran.and(shown.map_err(Into::into)))
}
