//! `runner --strategy …`: the main job.

use super::decide::{Decided, decide};
use super::output::Output;
use super::{CommandError, exit_code, machine, trial};
use crate::backend::open_database;
use crate::backend::url::DatabaseUrl;
use crate::plan::Plan;
use crate::plan::workload_file::WorkloadOptions;
use crate::report::{self, RunReport, TrialReport};
use crate::run_dir::RunDir;
use crate::workload::volume_state;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

pub struct RunOptions {
    pub strategies: Vec<String>,
    pub workload: Option<String>,
    pub flags: WorkloadOptions,
    pub database: String,
    pub locks: String,
    pub settings: Vec<String>,
    pub memory_mib: u64,
    pub computing_ms: u64,
    pub out: Option<PathBuf>,
    pub output: Output,
}

/// Plans, runs each strategy on fresh data, judges, writes and shows.
pub fn run(options: &RunOptions) -> Result<ExitCode, CommandError> {
    let decided = decide(options)?;
    allow_open_files(decided.plan.workload.workers())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Runtime)?;
    runtime.block_on(run_all(options, decided))
}

async fn run_all(options: &RunOptions, decided: Decided) -> Result<ExitCode, CommandError> {
    let plan = &decided.plan;
    refuse_taken_tables(plan).await?;
    options.output.reserve()?;
    let root = options.out.clone().unwrap_or_else(|| default_folder(plan));
    let folder = RunDir::create(&root, plan, &machine::describe())?;
    let mut report = RunReport::new(plan.clone(), folder.path().to_owned());
    let quiet = options.output.quiet || !std::io::stderr().is_terminal();
    for (planned, strategy) in plan.trials.iter().zip(&decided.strategies) {
        let trial_folder = folder.create_trial(&planned.name)?;
        let ran = trial::run(plan, planned, strategy.clone(), &trial_folder, quiet).await;
        // Whatever became of it, what was recorded is judged and shown, from the folder alone.
        let Some(record) = trial_folder.load()? else {
            ran?;
            continue;
        };
        let judgement = record.judge(plan.workload.rows);
        trial_folder.write_findings(&record, &judgement)?;
        let trial = TrialReport::new(planned, &record.history, record.end.as_ref(), judgement);
        let dead = trial.always_died();
        let interrupted = trial.interrupted();
        report.trials.push(trial);
        folder.write_results(&report::csv::write(&report))?;
        ran?;
        if let Some(why) = dead {
            options.output.show(&report)?;
            let strategy = planned.name.clone();
            return Err(CommandError::AlwaysDies { strategy, why });
        }
        if interrupted {
            break;
        }
    }
    options.output.show(&report)?;
    Ok(exit_code(report.verdicts()))
}

/// A database that the user named may hold tables of these names that are not ours.
async fn refuse_taken_tables(plan: &Plan) -> Result<(), CommandError> {
    if !matches!(plan.database, DatabaseUrl::SqliteFile(_)) {
        return Ok(());
    }
    let error = |fault| CommandError::Backend {
        what: plan.database.to_string(),
        fault,
    };
    let database = open_database(&plan.database, Path::new(""))
        .await
        .map_err(error)?;
    let taken = volume_state::exists(&*database).await;
    database.close().await;
    match taken.map_err(error)? {
        true => Err(CommandError::TablesTaken(plan.database.to_string())),
        false => Ok(()),
    }
}

/// Each worker's connection is a few open files; the usual soft limit is for a few hundred of them.
fn allow_open_files(workers: u32) -> Result<(), CommandError> {
    const PER_WORKER: u64 = 4;
    const BESIDE: u64 = 200;
    let needed = u64::from(workers) * PER_WORKER + BESIDE;
    let allowed = rlimit::increase_nofile_limit(needed).unwrap_or(needed);
    if allowed >= needed {
        return Ok(());
    }
    Err(CommandError::OpenFiles {
        workers,
        needed,
        allowed,
    })
}

/// `results/runs/TIME-WORKLOAD`, with a number behind it if two runs begin in one second.
fn default_folder(plan: &Plan) -> PathBuf {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let name = format!("{}-{}", now.replace(':', ""), plan.workload_name);
    let folder = Path::new("results").join("runs");
    (1..)
        .map(|number| match number {
            1 => folder.join(&name),
            _ => folder.join(format!("{name}-{number}")),
        })
        .find(|path| !path.exists())
        .unwrap_or_else(|| folder.join(&name))
}
