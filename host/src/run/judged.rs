//! A trial and what is to be said of it: run, read back from its folder, judged, written.

use super::{RunError, remarks};
use crate::capability::budget::Shares;
use crate::console::{Screen, note};
use crate::explore::case::Case;
use crate::explore::simulation::Simulation;
use crate::model::verdict::Judgement;
use crate::plan::{Plan, PlannedTrial, SimulatedWorld, settings};
use crate::record::printed::PrintedFile;
use crate::report::TrialReport;
use crate::run_dir::{RunDir, RunDirError, TrialDir, TrialRecord};
use crate::trial::real::RealWorld;
use crate::trial::record::Record;
use crate::trial::world::Step;
use crate::trial::{self, Rules, Trial, TrialError};
use contend_dst::Recording;
use std::any::Any;
use std::cell::RefCell;
use std::sync::Arc;
use tokio::task::spawn_blocking;

const NANOS_PER_MS: u64 = 1_000_000;

/// A trial that was run, as far as it came.
pub struct Judged {
    /// Absent if nothing was recorded.
    pub report: Option<TrialReport>,
    /// The first error, if something went wrong: it is the reason of the rest.
    pub ran: Result<(), RunError>,
}

/// Runs the trial, and reports it from its folder alone, whatever became of it.
pub async fn run_trial(trial: &Trial<'_>, screen: &Screen, folder: &RunDir) -> Judged {
    let Trial { plan, planned, .. } = *trial;
    let trial_folder = match folder.create_trial(&planned.name) {
        Ok(trial_folder) => trial_folder,
        Err(error) => return Judged::nothing(Err(error.into())),
    };
    let ran = match &plan.simulated {
        Some(world) => simulate(trial, world, screen, &trial_folder).await,
        None => run_on_servers(trial, screen, &trial_folder).await,
    };
    let ran = ran.map_err(|error| match error {
        TrialError::Unrecorded(why) => RunError::Unrecorded {
            strategy: planned.name.clone(),
            why,
            folder: trial_folder.history_path(),
        },
        error => error.into(),
    });
    if let Err(error) = &ran
        && let Err(unwritten) = trial_folder.end_as_failed(&error.to_string())
    {
        note(&format!(
            "note: the end of {} is not on record: {unwritten}",
            planned.name
        ));
    }
    remarks::refusals(&planned.name, &*trial.strategy);
    let judged = judge(plan, planned, &trial_folder);
    let conditions = judged.report.as_ref().and_then(|it| it.conditions.as_ref());
    if let Some(conditions) = conditions {
        remarks::unread(&planned.name, &conditions.settings_unread);
    }
    Judged {
        ran: ran.and(judged.ran),
        ..judged
    }
}

async fn run_on_servers(
    trial: &Trial<'_>,
    screen: &Screen,
    folder: &TrialDir,
) -> Result<(), TrialError> {
    let plan = trial.plan;
    let shown: RefCell<Option<Box<dyn Any>>> = RefCell::default();
    let hears = |step: Step<'_>| {
        // The one before is gone before the next is drawn.
        shown.take();
        shown.replace(Some(show(trial, screen, step)));
    };
    hears(Step::SetUp);
    let world = RealWorld::open(trial, folder, &hears).await?;
    let last_fault = plan.faults.iter().map(|fault| fault.at_ms).max();
    let rules = Rules {
        workload: &plan.workload,
        interrupts: trial.shared.interrupts,
        time_limit_s: plan.time_limit_s,
        stuck_after_s: plan.stuck_after_s,
        whole_from: last_fault.unwrap_or(0).saturating_mul(NANOS_PER_MS),
    };
    trial::run(&world, &rules, |record| write(trial, record, folder)).await
}

async fn simulate(
    trial: &Trial<'_>,
    world: &SimulatedWorld,
    screen: &Screen,
    folder: &TrialDir,
) -> Result<(), TrialError> {
    let workers = trial.plan.workload.workers();
    let printed = PrintedFile::new(folder.printed_path(), workers, &Shares::new(workers, None));
    let case = Case::planned(trial.plan, trial.planned, world);
    let history = folder.begin_history()?;
    let simulation = Simulation {
        printed: Arc::new(printed),
        interrupts: trial.shared.interrupts.clone(),
        ..Simulation::new(&case, &trial.strategy, history, Recording::Off)
    };
    let shown = show(trial, screen, Step::Run(&simulation.watched));
    let ran = spawn_blocking(move || simulation.run().map(|ran| ran.record)).await;
    drop(shown);
    let record = ran.map_err(|panic| TrialError::Unrecorded(panic.to_string()))??;
    Ok(write(trial, record, folder)?)
}

/// Shows how far the trial has come, until the result is dropped.
fn show(trial: &Trial<'_>, screen: &Screen, step: Step<'_>) -> Box<dyn Any> {
    let (name, workload) = (&trial.planned.name, &trial.plan.workload);
    let what = match step {
        Step::SetUp => "making the tables".to_owned(),
        Step::Prepare => format!("making {} workers ready", workload.workers()),
        Step::Run(watched) => {
            return Box::new(screen.changes(name, watched.clone(), workload.changes()));
        }
        Step::Read => "reading what the nodes have".to_owned(),
    };
    Box::new(screen.waiting(format!("{name}: {what}")))
}

fn write(trial: &Trial<'_>, mut record: Record, folder: &TrialDir) -> Result<(), RunDirError> {
    let unread = settings::unread(trial.plan, trial.planned, &*trial.strategy);
    record.conditions.settings_unread = unread;
    record.write(folder)
}

fn judge(plan: &Plan, planned: &PlannedTrial, folder: &TrialDir) -> Judged {
    let record = match folder.load() {
        Ok(Some(record)) => record,
        Ok(None) => return Judged::nothing(Ok(())),
        Err(error) => return Judged::nothing(Err(error.into())),
    };
    let judgement = record.judge(&plan.workload);
    let written = folder.write_findings(&record, &judgement);
    Judged {
        report: Some(reported(planned, &record, judgement)),
        ran: written.map_err(RunError::from),
    }
}

/// The report of a trial that was read from its folder.
pub fn reported(planned: &PlannedTrial, record: &TrialRecord, judgement: Judgement) -> TrialReport {
    let (end, conditions) = (record.end.as_ref(), record.conditions.clone());
    let report = TrialReport::new(planned, &record.history, end, conditions, judgement);
    report.started(record.started.clone())
}

impl Judged {
    pub fn nothing(ran: Result<(), RunError>) -> Self {
        Self { report: None, ran }
    }
}
