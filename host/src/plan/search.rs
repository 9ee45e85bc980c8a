//! The plan of a search: what stays the same in all its simulations, and what each seed may draw.

use super::options::PlanOptions;
use super::resolve::{ResolvedPlan, SPARE_INSTANCES, parse_url, resolve};
use super::{Plan, PlanError, PlannedTrial, SimulatedWorld, in_range};
use crate::backend::url::{DatabaseUrl, LockUrl};
use crate::console::Screen;
use crate::model::fault_class::FaultClasses;
use crate::workload::Workload;
use serde::Serialize;
use std::thread::available_parallelism;
use std::time::Duration;

/// Options of a search.
#[derive(Clone)]
pub struct SearchOptions {
    pub plan: PlanOptions,
    pub seeds: u64,
    pub time: Option<Duration>,
    /// The fault classes from which each seed draws.
    pub faults: FaultClasses,
    /// A seed, or the token of a violation.
    pub replay: Option<String>,
    /// Threads; as many as there are processors if not said.
    pub jobs: Option<usize>,
}

/// The numbers that vary; the others are as the user gave them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Varied {
    pub rows: bool,
    pub workers: bool,
    pub changes: bool,
    pub pause: bool,
    pub hold: bool,
}

/// No seed draws more workers on all rows together.
const MOST_WORKERS: u32 = 12;

/// A trillion: more than a century of them can do.
const MOST_SEEDS: u64 = 1_000_000_000_000;
const MOST_JOBS: u64 = 1_024;

/// A search that can begin.
pub struct ResolvedSearch<'a> {
    pub options: &'a SearchOptions,
    pub resolved: ResolvedPlan,
    pub world: SimulatedWorld,
    pub varied: Varied,
    /// The fault classes that the simulations of each trial can suffer.
    pub classes: Vec<FaultClasses>,
    pub jobs: usize,
}

impl Varied {
    /// The parameters that neither a flag nor a workload file fixes.
    fn new(options: &PlanOptions) -> Self {
        if options.workload.is_some() {
            return Self::default();
        }
        let flags = &options.flags;
        Self {
            rows: flags.rows.is_none(),
            workers: flags.workers_per_row.is_none(),
            changes: flags.changes_per_worker.is_none(),
            pause: flags.pause_ms.is_none(),
            hold: flags.hold_ms.is_none(),
        }
    }

    /// The most workers that any seed of this workload can have.
    pub fn most_workers(&self, usual: &Workload) -> u32 {
        usual.workers().max(MOST_WORKERS)
    }
}

/// Decides a search in the simulator, and loads its strategies.
pub fn resolve_search<'a>(
    options: &'a SearchOptions,
    screen: &Screen,
) -> Result<ResolvedSearch<'a>, PlanError> {
    let processors = available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.unwrap_or(processors);
    in_range("seeds", options.seeds, 1, MOST_SEEDS)?;
    in_range("jobs", jobs as u64, 1, MOST_JOBS)?;
    if !matches!(parse_url(&options.plan.database)?, DatabaseUrl::Sim(_)) {
        return Err(PlanError::OnlySimulated);
    }
    let varied = Varied::new(&options.plan);
    let workers = |workload: &Workload| {
        // Each thread has instances of its own.
        let of_one = varied.most_workers(workload) + SPARE_INSTANCES;
        of_one.saturating_mul(jobs as u32)
    };
    let resolved = resolve(&options.plan, &workers, screen)?;
    let plan = &resolved.plan;
    let classes = plan
        .trials
        .iter()
        .map(|planned| classes(options, plan, planned));
    let classes = classes.collect::<Result<_, _>>()?;
    Ok(ResolvedSearch {
        options,
        world: plan.simulated.clone().ok_or(PlanError::OnlySimulated)?,
        resolved,
        varied,
        classes,
        jobs,
    })
}

/// The classes of faults that can happen in this strategy's simulations: a lock service that it does not
/// ask can suffer what it will, and one in memory suffers nothing. Nothing asked for is ignored: if none
/// of the faults can happen, that is an error.
fn classes(
    options: &SearchOptions,
    plan: &Plan,
    planned: &PlannedTrial,
) -> Result<FaultClasses, PlanError> {
    let has_locks = planned.takes_locks() && matches!(plan.locks, LockUrl::Sim(_));
    let asked = &options.faults;
    let can = asked.filtered(|class| has_locks || !class.is_of_locks());
    match asked.as_slice().is_empty() || !can.as_slice().is_empty() {
        true => Ok(can),
        false => Err(PlanError::NoSuchFault {
            faults: asked.to_string(),
            strategy: planned.name.clone(),
        }),
    }
}
