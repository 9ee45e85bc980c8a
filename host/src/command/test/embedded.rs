//! Is it correct on the embedded database, with rivals?

use super::TestOptions;
use crate::backend::tenancy::Tenancy;
use crate::console::Screen;
use crate::exit::{CommandError, Refusal};
use crate::model::verdict::Verdict;
use crate::plan::command_line;
use crate::plan::options::{Defaults, PlanOptions, small_workload};
use crate::plan::resolve::{ResolvedPlan, resolve};
use crate::plan::workload_file::WorkloadOptions;
use crate::report::TrialReport;
use crate::report::conformance::{Case, Part, Status};
use crate::run::{RunError, run_trial, runtime};
use crate::run_dir::RunDir;
use crate::trial::interrupts::Interrupts;
use crate::trial::{Shared, Trial};
use crate::workload::{Kind, Workload, kinds};

/// Ends a trial that hangs.
const TIME_LIMIT_S: u64 = 60;
const CHANGE_TIMEOUT_S: u64 = 30;

/// Nothing in the runner's own process takes so long to come.
const STUCK_AFTER_S: u64 = 5;

/// One run on a fresh SQLite file, with locks in memory; nothing of it is kept. Faults that the workload's file
/// has for a simulated server are left out, and the summary says so.
pub fn part(
    options: &TestOptions,
    has_faults: bool,
    screen: &Screen,
) -> Result<Part, CommandError> {
    let resolved = resolved(options, screen)?;
    let trial = runtime()?.block_on(run(&resolved, screen))?;
    let Some(trial) = trial else {
        let summary = "nothing was recorded";
        return Ok(Part::new("embedded database", Status::Unknown, summary));
    };
    let summary = &trial.summary;
    let left_out = match has_faults {
        true => "; without the faults of its workload",
        false => "",
    };
    let summary = format!(
        "SQLite: {}, {} ok, {} failed, {} indeterminate{left_out}",
        resolved.plan.workload.size(),
        summary.ok,
        summary.failed,
        summary.indeterminate
    );
    Ok(match &trial.judgement.verdict {
        Verdict::Valid => Part::new("embedded database", Status::Passed, summary),
        Verdict::Unknown(why) => {
            let summary = format!("{summary}; {why}");
            Part::new("embedded database", Status::Unknown, summary)
        }
        Verdict::Violated(why) => {
            let mut part = Part::new("embedded database", Status::Failed, summary);
            part.cases.push(Case {
                name: "a run with rivals".to_owned(),
                done: String::new(),
                wrong: Some(why.clone()),
                calls: Vec::new(),
                again: again(options, &resolved),
            });
            part
        }
    })
}

fn numbers(kind: Kind) -> WorkloadOptions {
    WorkloadOptions {
        changes_per_worker: Some(5),
        ..small_workload(kind)
    }
}

fn resolved(options: &TestOptions, screen: &Screen) -> Result<ResolvedPlan, CommandError> {
    let asked = PlanOptions {
        database: "sqlite".to_owned(),
        locks: "memory".to_owned(),
        autocommit_writes: Default::default(),
        affected_rows: None,
        session: Default::default(),
        endpoint: None,
        flags: WorkloadOptions {
            // A schedule of the workload's file is for servers that can break.
            fault: Some(Vec::new()),
            ..WorkloadOptions::default()
        },
        defaults: Defaults {
            unnamed: numbers,
            ..Defaults::CHECK
        },
        ..options.search.plan.clone()
    };
    let mut resolved = resolve(&asked, &Workload::workers, screen)?;
    let plan = &mut resolved.plan;
    plan.change_timeout_s = plan.change_timeout_s.min(CHANGE_TIMEOUT_S);
    plan.stuck_after_s = match plan.stuck_after_s {
        0 => 0,
        asked => asked.min(STUCK_AFTER_S),
    };
    plan.time_limit_s = Some(plan.time_limit_s.unwrap_or(TIME_LIMIT_S).min(TIME_LIMIT_S));
    Ok(resolved)
}

async fn run(
    resolved: &ResolvedPlan,
    screen: &Screen,
) -> Result<Option<TrialReport>, CommandError> {
    let interrupts = Interrupts::listen().map_err(RunError::Runtime)?;
    let plan = &resolved.plan;
    let ([planned], [strategy]) = (&plan.trials[..], &resolved.strategies[..]) else {
        return Err(Refusal::OneStrategy.into());
    };
    let folder = tempfile::tempdir().map_err(RunError::Runtime)?;
    let run = RunDir::create(&folder.path().join("run"), plan)?;
    let trial = Trial {
        plan,
        planned,
        strategy: strategy.clone(),
        shared: Shared {
            interrupts: &interrupts,
            lab: None,
            tenancy: &Tenancy::Alone,
        },
    };
    let judged = run_trial(&trial, screen, &run).await;
    judged.ran?;
    Ok(judged.report)
}

/// A real database takes another course each time, so this shows it again as a rule and not surely.
fn again(options: &TestOptions, resolved: &ResolvedPlan) -> String {
    let strategy = resolved.plan.trials.first().map(command_line::strategy);
    let mut words = vec!["--strategy".to_owned()];
    words.extend(strategy);
    match &options.search.plan.workload {
        Some(workload) => words.extend(["--workload".to_owned(), workload.clone()]),
        None => {
            let kind = kinds::named(resolved.plan.workload.kind.name());
            let numbers = numbers(kind.unwrap_or_else(kinds::usual));
            words.extend(command_line::workload_flags(&numbers));
        }
    }
    for setting in &options.search.plan.settings {
        words.extend(["--set".to_owned(), setting.clone()]);
    }
    command_line::line(words)
}
