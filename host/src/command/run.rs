//! `runner --strategy …`: the main job.

use super::exit::{Exit, Required};
use super::options::PlanOptions;
use super::output::{Output, check_name};
use super::progress::Screen;
use super::resolve::{ResolvedPlan, resolve};
use super::with_lab::{check_schedule, on_the_lab};
use super::{CommandError, judged, machine, untried};
use crate::backend::clock::RealClock;
use crate::backend::open_lock_service;
use crate::backend::tenancy::{self, Tenancy};
use crate::capability::budget::{FILES_BESIDE, FILES_LEAST, Shares};
use crate::capability::database::Database;
use crate::lab::Lab;
use crate::plan::Plan;
use crate::report::{self, RunReport, TrialReport};
use crate::run_dir::{RunDir, RunDirError};
use crate::trial::interrupts::Interrupts;
use crate::trial::{Shared, Trial, backend_error};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::runtime::Runtime;

/// Options of a run, and the destinations of its results.
pub struct RunOptions {
    pub plan: PlanOptions,
    /// Run on the lab, in this folder or in the usual one.
    pub lab: Option<Option<PathBuf>>,
    pub out: Option<PathBuf>,
    pub output: Output,
    pub required: Required,
}

/// Plans, runs each strategy on fresh data, judges, writes and shows.
pub fn run(options: &RunOptions) -> Result<Exit, CommandError> {
    options.output.check()?;
    check_name(options.out.as_deref())?;
    let (plan, lab) = on_the_lab(&options.plan, options.lab.clone())?;
    let resolved = resolve(&plan, options.output.quiet)?;
    check_schedule(&resolved.plan.faults, lab.as_ref())?;
    allow_open_files(&resolved.plan)?;
    let (out, quiet) = (options.out.as_deref(), options.output.quiet);
    let carried_out = carry_out(&resolved, lab.as_ref(), out, quiet);
    let CarriedOut { report, ran } = runtime()?.block_on(carried_out)?;
    // Whatever broke in the end, what was measured before is shown.
    let shown = match report.trials.is_empty() {
        true => Ok(()),
        false => options.output.show(&report),
    };
    // Beside the results, which are the same as those of `runner report` later.
    if let Some(note) = untried::note(&options.output, &report) {
        eprint!("{note}");
    }
    let exit = Exit::of_run(&report, options.required);
    exit.unless_failed(ran.and(shown))
}

pub(super) fn runtime() -> Result<Runtime, CommandError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Runtime)
}

/// A run, as far as it came.
pub(super) struct CarriedOut {
    pub report: RunReport,
    /// The error, if something went wrong.
    pub ran: Result<(), CommandError>,
}

/// Runs each strategy of the plan on fresh data, judges and writes. An error if there is not even a
/// folder of the run.
pub(super) async fn carry_out(
    resolved: &ResolvedPlan,
    lab: Option<&Lab>,
    out: Option<&Path>,
    quiet: bool,
) -> Result<CarriedOut, CommandError> {
    let interrupts = Interrupts::listen().map_err(CommandError::Runtime)?;
    let plan = &resolved.plan;
    let tenancy = reserve(plan, true).await?;
    let screen = Screen::new(quiet);
    let shared = Shared {
        interrupts: &interrupts,
        lab,
        tenancy: &tenancy,
    };
    let carried_out = carry_out_as(resolved, shared, out, &screen).await;
    tenancy.end().await;
    carried_out
}

async fn carry_out_as(
    resolved: &ResolvedPlan,
    shared: Shared<'_>,
    out: Option<&Path>,
    screen: &Screen,
) -> Result<CarriedOut, CommandError> {
    let plan = &resolved.plan;
    find_lock_service(plan).await?;
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
) -> Result<(), CommandError> {
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
        let judged = judged::run(&trial, screen, folder).await;
        let written = match judged.report {
            Some(trial) => {
                report.add(trial);
                folder.write_results(&report::csv::write(report))
            }
            None => Ok(()),
        };
        judged.ran.and(written.map_err(CommandError::from))?;
        if let Some(why) = report.trials.last().and_then(TrialReport::always_died) {
            let strategy = planned.name.clone();
            return Err(CommandError::AlwaysDies { strategy, why });
        }
    }
    Ok(())
}

/// Claims the database for the run, before anything there is touched. Where the user named one, it
/// may be in use by another run, and it may hold tables of these names that are not ours, unless
/// that is known already.
pub(super) async fn reserve(plan: &Plan, looks_at_tables: bool) -> Result<Tenancy, CommandError> {
    let (url, options) = (&plan.database, plan.session_options());
    let is_taken = async |database: &dyn Database| match looks_at_tables {
        true => plan.workload.has_taken_tables(database).await,
        false => Ok(false),
    };
    let reserved = tenancy::reserve(url, &plan.nodes, options, is_taken).await;
    let reserved = reserved.map_err(backend_error(url))?;
    reserved.ok_or_else(|| CommandError::TablesTaken {
        database: url.to_string(),
        names: plan.workload.kind.tables(),
    })
}

/// A lock service that can't be had is told before there is a folder of the run. A simulated one is
/// made with its world.
pub(super) async fn find_lock_service(plan: &Plan) -> Result<(), CommandError> {
    if plan.simulated.is_some() {
        return Ok(());
    }
    let found = open_lock_service(&plan.locks, Arc::new(RealClock::new())).await;
    Ok(found.map(drop).map_err(backend_error(&plan.locks))?)
}

/// Each worker's connection is a few open files; the usual soft limit is for a few hundred of them.
pub(super) fn allow_open_files(plan: &Plan) -> Result<(), CommandError> {
    // What is simulated opens nothing.
    if plan.simulated.is_some() {
        return Ok(());
    }
    let workers = plan.workload.workers();
    let needed = u64::from(workers) * FILES_LEAST + FILES_BESIDE;
    // As many as let each worker take its whole share, or as many as there are.
    let allowed = rlimit::increase_nofile_limit(Shares::files_of(workers).max(needed))
        .or_else(|_| rlimit::Resource::NOFILE.get_soft())
        .map_err(CommandError::Runtime)?;
    if allowed >= needed {
        return Ok(());
    }
    Err(CommandError::OpenFiles {
        workers,
        needed,
        allowed,
    })
}

/// The folder that the user named, or else `results/runs/TIME-WORKLOAD`, with a number behind it if
/// another run began in the same second.
fn new_folder(out: Option<&Path>, plan: &Plan) -> Result<RunDir, RunDirError> {
    let machine = machine::describe();
    if let Some(root) = out {
        return RunDir::create(root, plan, &machine);
    }
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let name = format!("{}-{}", now.replace(':', ""), plan.workload_name);
    let folder = Path::new("results").join("runs");
    let mut root = folder.join(&name);
    let mut number = 1;
    loop {
        match RunDir::create(&root, plan, &machine) {
            Err(RunDirError::Taken(_)) => number += 1,
            done => return done,
        }
        root = folder.join(format!("{name}-{number}"));
    }
}
