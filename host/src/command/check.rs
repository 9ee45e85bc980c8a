//! `runner check STRATEGY…`: many simulations, each from its own seed, until one goes wrong.

mod cancel_flag;
pub(super) mod command_line;

pub(super) use self::cancel_flag::CancelFlag;
use super::CommandError;
use super::exit::Exit;
use super::judged::tell_refusals;
use super::options::PlanOptions;
use super::output::{self, print};
use super::progress::Screen;
use super::resolve::{self, ResolvedPlan};
use super::settings::{self, unread};
use super::terminal;
use crate::backend::url::DatabaseUrl;
use crate::capability::strategy::Strategy;
use crate::explore::case::Case;
use crate::explore::examine::{Examined, Found, SeedSearch};
use crate::explore::search::Seeds;
use crate::explore::shape::Varied;
use crate::explore::simulate::simulate;
use crate::explore::token::{Replay, Token};
use crate::model::fault_class::FaultClasses;
use crate::model::verdict::Verdict;
use crate::plan::workload_file::{self, WorkloadOptions};
use crate::plan::{Plan, PlanError, PlannedTrial, SimulatedWorld};
use crate::report::check::{CheckReport, Checked, Witness, json, text};
use crate::report::html;
use crate::wasm::clean;
use crate::workload::Kind;
use contend_dst::Recording;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

/// Options of a check.
#[derive(Clone)]
pub struct CheckOptions {
    pub plan: PlanOptions,
    pub seeds: u64,
    pub time: Option<Duration>,
    /// The fault classes from which each seed draws.
    pub faults: FaultClasses,
    /// A seed, or the token of a violation.
    pub replay: Option<String>,
    pub html: Option<PathBuf>,
    pub json: bool,
    pub quiet: bool,
    /// Threads; as many as there are processors if not said.
    pub jobs: Option<usize>,
}

/// Defaults, where neither flag nor file says another.
const FIRST_SEED: u64 = 1;
const CHANGE_TIMEOUT_S: u64 = 60;

/// Longer than a lease of ten seconds, and than what the checker `progress` asks for.
const STUCK_AFTER_S: u64 = 20;

/// A trillion: more than a century of them can do.
const MOST_SEEDS: u64 = 1_000_000_000_000;
const MOST_JOBS: u64 = 1_024;

/// Instances of each thread beyond one for each worker: a replacement may be made before the dead
/// one is gone.
const SPARE_INSTANCES: u32 = 8;

/// The workload of a check that names none: small, so that many seeds are tried, and with enough
/// workers on a row for each to meet others on other nodes.
pub(super) fn small_workload(kind: Kind) -> WorkloadOptions {
    let of_every_kind = WorkloadOptions {
        changes_per_worker: Some(3),
        pause_ms: Some(1),
        hold_ms: Some(2),
        ..WorkloadOptions::default()
    };
    let of_kind = workload_file::part(kind.small()).unwrap_or_default();
    of_kind.or(of_every_kind)
}

/// Checks each strategy in turn, and shows what came of it; at Ctrl-C what came of it so far.
pub fn check(options: &CheckOptions) -> Result<Exit, CommandError> {
    let report = run(options, &CancelFlag::listen()?)?;
    show(options, &report)?;
    Ok(Exit::of_check(&report))
}

/// The same with nothing shown or written, until all is tried or the user cancels.
pub(super) fn run(
    options: &CheckOptions,
    cancel: &CancelFlag,
) -> Result<CheckReport, CommandError> {
    let (resolved, jobs) = resolve(options)?;
    let ResolvedPlan { plan, strategies } = &resolved;
    let world = plan.simulated.as_ref().ok_or(CommandError::OnlySimulated)?;
    for planned in &plan.trials {
        check_faults(options, planned, &Case::planned(plan, planned, world))?;
    }
    let replayed = replayed(options, plan, world)?;
    output::check_new(options.html.as_deref(), "--html")?;
    let seeds = Seeds {
        first: replayed.unwrap_or(plan.seed),
        count: replayed.map_or(options.seeds, |_| 1),
        time: options.time.filter(|_| replayed.is_none()),
        jobs,
    };
    let screen = Screen::new(options.quiet);
    let mut checked = Vec::new();
    for (planned, strategy) in plan.trials.iter().zip(strategies) {
        let case = Case::planned(plan, planned, world);
        let check = Check {
            options,
            plan,
            planned,
            case: &case,
            seeds: &seeds,
            cancel,
        };
        checked.push(check.run(strategy.clone(), &screen)?);
    }
    Ok(CheckReport { checked })
}

pub(super) fn resolve(options: &CheckOptions) -> Result<(ResolvedPlan, usize), CommandError> {
    let processors = available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.unwrap_or(processors);
    in_range("seeds", options.seeds, MOST_SEEDS)?;
    in_range("jobs", jobs as u64, MOST_JOBS)?;
    let mut asked = options.plan.clone();
    let database = resolve::parse_url::<DatabaseUrl>(&asked.database)?;
    if !matches!(database, DatabaseUrl::Sim(_)) {
        return Err(CommandError::OnlySimulated);
    }
    asked.defaults.change_timeout_s = Some(CHANGE_TIMEOUT_S);
    asked.defaults.stuck_after_s = Some(STUCK_AFTER_S);
    let (mut plan, components) =
        resolve::plan_and_components(&asked, FIRST_SEED, options.quiet, small_workload)?;
    let most = varied(options).most_workers(&plan.workload);
    let workers = most.max(plan.workload.workers()) + SPARE_INSTANCES;
    let engine = resolve::engine(&plan, workers.saturating_mul(jobs as u32))?;
    let screen = Screen::new(options.quiet);
    let loaded = resolve::load(components, &engine, &plan.settings, &screen)?;
    let (trials, strategies) = loaded.into_iter().unzip();
    plan.trials = trials;
    Ok((ResolvedPlan { plan, strategies }, jobs))
}

fn in_range(key: &'static str, value: u64, most: u64) -> Result<(), PlanError> {
    match (1..=most).contains(&value) {
        true => Ok(()),
        false => Err(PlanError::OutOfRange {
            key,
            value,
            least: 1,
            most,
        }),
    }
}

/// The seed to be told again, if one was asked for. Refuses a token of another simulation.
fn replayed(
    options: &CheckOptions,
    plan: &Plan,
    world: &SimulatedWorld,
) -> Result<Option<u64>, CommandError> {
    let Some(given) = &options.replay else {
        return Ok(None);
    };
    let refused = |why: String| CommandError::Replay {
        given: given.clone(),
        why,
    };
    let [planned] = &plan.trials[..] else {
        return Err(refused("it is of one strategy; name that one".to_owned()));
    };
    match given.parse().map_err(refused)? {
        Replay::Seed(seed) => Ok(Some(seed)),
        Replay::Exactly(asked) => {
            let case = Case::planned(plan, planned, world);
            let here = token(options, plan, planned, &case, asked.seed);
            let differences = asked.differences(&here);
            match differences.is_empty() {
                true => Ok(Some(asked.seed)),
                false => Err(refused(differences.join(", and "))),
            }
        }
    }
}

/// Everything but the seed and the component is the plan, what bounds an instance included.
fn token(
    options: &CheckOptions,
    plan: &Plan,
    planned: &PlannedTrial,
    case: &Case,
    seed: u64,
) -> Token {
    let case = Case {
        seed: 0,
        ..case.clone()
    };
    let bounds = (plan.memory_mib, plan.computing_ms);
    let decides = (case, varied(options), &options.faults, bounds);
    Token::new(seed, &planned.digest, &decides)
}

/// The parameters that seeds may draw: all that neither a flag nor a workload file fixes.
fn varied(options: &CheckOptions) -> Varied {
    if options.plan.workload.is_some() {
        return Varied::default();
    }
    let flags = &options.plan.flags;
    Varied {
        rows: flags.rows.is_none(),
        workers: flags.workers_per_row.is_none(),
        changes: flags.changes_per_worker.is_none(),
        pause: flags.pause_ms.is_none(),
        hold: flags.hold_ms.is_none(),
    }
}

/// The kinds of faults that can happen in this strategy's simulations: a lock service that nobody asks
/// can suffer what it will, and one in memory suffers nothing.
fn can_suffer(options: &CheckOptions, planned: &PlannedTrial, case: &Case) -> FaultClasses {
    let has_locks = planned.takes_locks() && case.locks.is_some();
    let faults = &options.faults;
    faults.filtered(|class| has_locks || !class.is_of_locks())
}

/// Nothing asked for is ignored: if none of the faults can happen to a strategy, that is an error.
fn check_faults(
    options: &CheckOptions,
    planned: &PlannedTrial,
    case: &Case,
) -> Result<(), CommandError> {
    let can = can_suffer(options, planned, case);
    match options.faults.as_slice().is_empty() || !can.as_slice().is_empty() {
        true => Ok(()),
        false => Err(CommandError::NoSuchFault {
            faults: options.faults.to_string(),
            strategy: planned.name.clone(),
        }),
    }
}

/// One strategy's turn.
struct Check<'a> {
    options: &'a CheckOptions,
    plan: &'a Plan,
    planned: &'a PlannedTrial,
    case: &'a Case,
    seeds: &'a Seeds,
    cancel: &'a CancelFlag,
}

impl Check<'_> {
    fn run(&self, strategy: Arc<dyn Strategy>, screen: &Screen) -> Result<Checked, CommandError> {
        let began = Instant::now();
        let classes = can_suffer(self.options, self.planned, self.case);
        let bar = screen.search(&self.planned.name);
        let search = SeedSearch {
            case: self.case,
            varied: varied(self.options),
            classes: &classes,
            simulate: &|case: &Case, recording: Recording| simulate(case, &strategy, recording),
            is_cancelled: &|| self.cancel.is_set(),
        };
        let examined = search.examine(self.seeds, &|progress| bar.update(progress))?;
        let Examined { mut tally, found } = examined;
        // Parts of them are what a strategy wrote.
        for message in tally.messages.values_mut() {
            *message = clean(message);
        }
        drop(bar);
        tell_refusals(&self.planned.name, &*strategy);
        let settings_unread = unread(self.plan, self.planned, &*strategy);
        settings::warn(&self.planned.name, &settings_unread);
        let was_interrupted = self.cancel.is_set();
        let verdict = match &found {
            Some(found) => Verdict::Violated(found.prose.clone()),
            None if tally.seeds == 0 && was_interrupted => {
                Verdict::Unknown("it was interrupted before its first seed".to_owned())
            }
            None if was_interrupted => Verdict::Unknown(format!(
                "it was interrupted after {} of {} seeds, none of which went wrong",
                tally.seeds, self.seeds.count
            )),
            None if tally.seeds == 0 => Verdict::Unknown("there was no time for a seed".to_owned()),
            // Some seeds that tell nothing are no reason to doubt those that do.
            None if tally.unknown < tally.seeds => Verdict::Valid,
            None => Verdict::Unknown(tally.unknown_why.clone().unwrap_or_default()),
        };
        Ok(Checked {
            strategy: self.planned.name.clone(),
            digest: self.planned.digest.clone(),
            settings_unread,
            verdict,
            tally,
            took_ns: began.elapsed().as_nanos() as u64,
            was_interrupted,
            witness: found.map(|found| self.witness(found)),
        })
    }

    fn witness(&self, found: Found) -> Witness {
        let token = token(self.options, self.plan, self.planned, self.case, found.seed);
        Witness {
            checker: found.checker,
            prose: found.prose,
            seed: found.seed,
            case: found.case.prose(),
            tries: found.tries,
            weaker: found.weaker,
            timeline: found.timeline,
            replay: command_line::of(self.options, self.planned, &token),
        }
    }
}

fn show(options: &CheckOptions, report: &CheckReport) -> Result<(), CommandError> {
    let written = match &options.html {
        Some(path) => output::new_file(path, "--html").and_then(|mut file| {
            let page = html::write(report);
            file.write_all(page.as_bytes())
                .map_err(|error| output::output_error(path, error.to_string()))
        }),
        None => Ok(()),
    };
    let shown = match (options.json, options.quiet) {
        (true, _) => print(&json(report)),
        (false, true) => Ok(()),
        (false, false) => print(text(report, terminal::width()).as_bytes()),
    };
    written.and(shown)
}
