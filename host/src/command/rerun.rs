//! `runner rerun RUN`: runs a run again, and compares.

mod places;

use super::CommandError;
use super::compare::{Shown, side, tell};
use super::exit::Exit;
use super::opened::Opened;
use super::output::check_name;
use super::progress::Screen;
use super::recorded::{AtHand, find_by_name};
use super::resolve::{ResolvedPlan, check_is_used, engine};
use super::run::{CarriedOut, allow_open_files, carry_out, runtime};
use super::with_lab::check_schedule;
use crate::explore::token::MODEL;
use crate::plan::{Plan, PlannedTrial};
use crate::report::comparison::Comparison;
use crate::run_dir::ANY_SIZE_MIB;
use crate::wasm::{CONTRACT_VERSION, PACKAGE};
use crate::workload::kinds;
use std::path::PathBuf;
use std::sync::Arc;

pub use self::places::Places;

/// The run to repeat.
pub struct RerunOptions {
    /// The folder of a run, or a bundle of it.
    pub run: PathBuf,
    pub unpacked_mib: u64,
    /// The places to run, so far as they are not the run's own.
    pub places: Places,
    /// Run the strategies of these names as they are now, whatever their digests.
    pub other_components: bool,
    pub out: Option<PathBuf>,
    pub shown: Shown,
}

const NO_COMPONENT: &str = "run what has its name now with --other-components, or take a bundle that \
                            has it";

/// Runs the same plan with the same seed and settings, and holds what comes of it against what was
/// recorded. Exit code: 0 if the verdicts agree, and in the simulator the histories too; 1 if
/// something differs; 2 if it could not be run; 3 if that can't be told, as of a run that was cut.
pub fn rerun(options: &RerunOptions) -> Result<Exit, CommandError> {
    check_name(options.out.as_deref())?;
    let run = Opened::open(&options.run, options.unpacked_mib)?;
    let recorded = side("recorded", &run)?;
    let mut plan = Plan {
        runner_version: env!("CARGO_PKG_VERSION").to_owned(),
        contract: format!("{PACKAGE}@{CONTRACT_VERSION}"),
        ..run.plan.clone()
    };
    if let Some(world) = &mut plan.simulated {
        world.model = Some(MODEL);
    }
    let lab = places::find(&mut plan, &options.places)?;
    check_is_used(&plan)?;
    check_schedule(&plan.faults, lab.as_ref())?;
    let quiet = matches!(options.shown, Shown::Nothing);
    let resolved = resolve(plan, &run, options.other_components, &Screen::new(quiet))?;
    allow_open_files(&resolved.plan)?;
    let carried_out = carry_out(&resolved, lab.as_ref(), options.out.as_deref(), quiet);
    let CarriedOut { report, ran } = runtime()?.block_on(carried_out)?;
    match ran {
        Err(error) if report.trials.is_empty() => Err(error),
        ran => {
            // Read back, as it would be later.
            let again = Opened::open(&report.folder, ANY_SIZE_MIB)?;
            let again = side("again", &again)?;
            let told = tell(&Comparison::new(&recorded, &again), options.shown);
            ran.and(told)
        }
    }
}

/// The plan with its strategies loaded, each of the recorded digest unless another may be.
fn resolve(
    mut plan: Plan,
    run: &Opened,
    may_be_others: bool,
    screen: &Screen,
) -> Result<ResolvedPlan, CommandError> {
    let engine = engine(&plan, plan.workload.workers())?;
    let at_hand = AtHand::look();
    let mut strategies = Vec::new();
    for planned in &mut plan.trials {
        let path = match may_be_others {
            true => find_by_name(planned)?,
            false => at_hand
                .find(planned, run)
                .ok_or_else(|| no_component(planned))?,
        };
        let compiling = screen.waiting(format!("compiling {}", planned.name));
        let strategy = engine.load(&path)?;
        drop(compiling);
        if !may_be_others && strategy.digest() != planned.digest {
            return Err(no_component(planned));
        }
        let kind = kinds::of_world(strategy.world());
        if let Some(kind) = kind.filter(|kind| kind.name() != plan.workload.kind.name()) {
            return Err(CommandError::OtherKind {
                strategy: planned.name.clone(),
                kind,
                given: "the recorded run's workload is not".to_owned(),
            });
        }
        // A bundle is unpacked for this run only: there, the recorded path says more.
        if run
            .component(&planned.digest)
            .is_none_or(|within| within != path)
        {
            planned.component = std::path::absolute(&path).unwrap_or(path);
        }
        if planned.digest != strategy.digest() {
            planned.reference = None;
        }
        planned.digest = strategy.digest().to_owned();
        planned.imports = strategy.imports().to_vec();
        strategies.push(Arc::new(strategy));
    }
    Ok(ResolvedPlan { plan, strategies })
}

fn no_component(planned: &PlannedTrial) -> CommandError {
    CommandError::NoComponent {
        strategy: planned.name.clone(),
        digest: planned.digest.clone(),
        remedy: NO_COMPONENT,
    }
}
