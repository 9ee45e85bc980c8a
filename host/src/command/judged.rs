//! A trial and what is to be said of it: run, read back from its folder, judged, written.

use super::output::note;
use super::trial::Turn;
use super::{CommandError, settings, simulated, trial};
use crate::capability::strategy::Strategy;
use crate::plan::{Plan, PlannedTrial};
use crate::report::TrialReport;
use crate::run_dir::{RunDir, TrialDir};
use crate::wasm::clean_lines;

/// A trial that was run, as far as it came.
pub struct Judged {
    /// Absent if nothing was recorded.
    pub report: Option<TrialReport>,
    /// What went wrong first, if something did: it is the reason of the rest.
    pub ran: Result<(), CommandError>,
}

/// Runs the trial, and reports it from its folder alone, whatever became of it.
pub async fn run(turn: &Turn<'_>, folder: &RunDir) -> Judged {
    let Turn { plan, planned, .. } = *turn;
    let trial_folder = match folder.create_trial(&planned.name) {
        Ok(trial_folder) => trial_folder,
        Err(error) => return Judged::nothing(Err(error.into())),
    };
    let ran = match &plan.simulated {
        Some(world) => simulated::run(turn, world, &trial_folder).await,
        None => trial::run(turn, &trial_folder).await,
    };
    if let Err(error) = &ran
        && let Err(unwritten) = trial_folder.end_as_failed(&error.to_string())
    {
        note(&format!(
            "note: the end of {} is not on record: {unwritten}",
            planned.name
        ));
    }
    tell_refusals(&planned.name, &*turn.strategy);
    let judged = judge(plan, planned, &trial_folder);
    let conditions = judged.report.as_ref().and_then(|it| it.conditions.as_ref());
    if let Some(conditions) = conditions {
        settings::warn(&planned.name, &conditions.settings_unread);
    }
    Judged {
        ran: ran.and(judged.ran),
        ..judged
    }
}

/// Says what the strategy asked for in vain: its author should know why it does not work.
pub fn tell_refusals(name: &str, strategy: &dyn Strategy) {
    for refusal in strategy.take_refusals() {
        note(&clean_lines(&format!("note: {name} {refusal}")));
    }
}

fn judge(plan: &Plan, planned: &PlannedTrial, folder: &TrialDir) -> Judged {
    let record = match folder.load() {
        Ok(Some(record)) => record,
        Ok(None) => return Judged::nothing(Ok(())),
        Err(error) => return Judged::nothing(Err(error.into())),
    };
    let judgement = record.judge(&plan.workload);
    let written = folder.write_findings(&record, &judgement);
    let (history, end) = (&record.history, record.end.as_ref());
    let conditions = record.conditions.clone();
    Judged {
        report: Some(
            TrialReport::new(planned, history, end, conditions, judgement)
                .started(record.started.clone()),
        ),
        ran: written.map_err(CommandError::from),
    }
}

impl Judged {
    pub fn nothing(ran: Result<(), CommandError>) -> Self {
        Self { report: None, ran }
    }
}
