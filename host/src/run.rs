//! Runs and searches: carried out, judged, and reported from what they recorded.

mod cancel_flag;
pub mod claim;
mod error;
mod judged;
mod opened;
mod remarks;
pub mod search;

pub use self::cancel_flag::CancelFlag;
pub use self::error::RunError;
pub use self::judged::{Judged, reported, run_trial};
pub use self::opened::Opened;

use crate::console::Screen;
use crate::plan::Plan;
use crate::plan::resolve::ResolvedPlan;
use crate::report::{self, RunReport, TrialReport};
use crate::run_dir::{RunDir, RunDirError};
use crate::trial::interrupts::Interrupts;
use crate::trial::{Shared, Trial};
use std::path::Path;
use std::time::SystemTime;
use tokio::runtime::Runtime;

pub fn runtime() -> Result<Runtime, RunError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(RunError::Runtime)
}

/// A run, as far as it came.
pub struct CarriedOut {
    pub report: RunReport,
    /// The error, if something went wrong.
    pub ran: Result<(), RunError>,
}

/// Runs each strategy of the plan on fresh data, judges and writes. An error if there is not even a
/// folder of the run.
pub fn carry_out(
    resolved: &ResolvedPlan,
    out: Option<&Path>,
    screen: &Screen,
) -> Result<CarriedOut, RunError> {
    let plan = &resolved.plan;
    claim::allow_open_files(plan)?;
    runtime()?.block_on(async {
        let interrupts = Interrupts::listen().map_err(RunError::Runtime)?;
        let tenancy = claim::reserve(plan, true).await?;
        let shared = Shared {
            interrupts: &interrupts,
            lab: resolved.lab.as_ref(),
            tenancy: &tenancy,
        };
        let carried_out = carry_out_as(resolved, shared, out, screen).await;
        tenancy.end().await;
        carried_out
    })
}

async fn carry_out_as(
    resolved: &ResolvedPlan,
    shared: Shared<'_>,
    out: Option<&Path>,
    screen: &Screen,
) -> Result<CarriedOut, RunError> {
    let plan = &resolved.plan;
    claim::find_lock_service(plan).await?;
    let folder = new_folder(out, plan)?;
    let mut report = RunReport::new(plan.clone(), folder.path().to_owned());
    let ran = run_trials(resolved, shared, &folder, screen, &mut report).await;
    Ok(CarriedOut { report, ran })
}

/// Runs the trials in turn, and reports each from its folder alone, whatever became of it. Ends
/// early when one can't be run, or when the user cancels.
async fn run_trials(
    resolved: &ResolvedPlan,
    shared: Shared<'_>,
    folder: &RunDir,
    screen: &Screen,
    report: &mut RunReport,
) -> Result<(), RunError> {
    let plan = &resolved.plan;
    for (planned, strategy) in plan.trials.iter().zip(&resolved.strategies) {
        if shared.interrupts.any() {
            break;
        }
        let trial = Trial {
            plan,
            planned,
            strategy: strategy.clone(),
            shared,
        };
        let judged = run_trial(&trial, screen, folder).await;
        let written = match judged.report {
            Some(trial) => {
                report.add(trial);
                folder.write_results(&report::csv::write(report))
            }
            None => Ok(()),
        };
        judged.ran.and(written.map_err(RunError::from))?;
        if let Some(why) = report.trials.last().and_then(TrialReport::always_died) {
            let strategy = planned.name.clone();
            return Err(RunError::AlwaysDies { strategy, why });
        }
    }
    Ok(())
}

/// The folder that the user named, or else `results/runs/TIME-WORKLOAD`, with a number behind it if
/// another run began in the same second.
fn new_folder(out: Option<&Path>, plan: &Plan) -> Result<RunDir, RunDirError> {
    if let Some(root) = out {
        return RunDir::create(root, plan);
    }
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let name = format!("{}-{}", now.replace(':', ""), plan.workload_name);
    let folder = Path::new("results").join("runs");
    let mut root = folder.join(&name);
    let mut number = 1;
    loop {
        match RunDir::create(&root, plan) {
            Err(RunDirError::Taken(_)) => number += 1,
            done => return done,
        }
        root = folder.join(format!("{name}-{number}"));
    }
}
