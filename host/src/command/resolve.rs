//! From what was asked for to a plan and its loaded strategies.

use super::CommandError;
use super::components;
use super::options::PlanOptions;
use super::progress::Screen;
use super::settings::check_are_read;
use crate::backend::secret_url::SecretUrl;
use crate::backend::session_options::AffectedRows;
use crate::backend::url::{AutocommitWrites, DatabaseUrl, LockUrl};
use crate::explore::token::MODEL;
use crate::plan::faults::{FaultOption, schedule, sim_schedule};
use crate::plan::home::Home;
use crate::plan::strategies::{self, ResolveError};
use crate::plan::variant::Variant;
use crate::plan::workload_file::{self, WorkloadOptions};
use crate::plan::{self, Plan, PlanError, PlannedTrial, SimulatedWorld, topology};
use crate::wasm::{CONTRACT_VERSION, Engine, LoadError, PACKAGE, WasmStrategy};
use crate::workload::{Kind, kinds};
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// An hour: the published waits reached half of one.
const DEFAULT_CHANGE_TIMEOUT_S: u64 = 3600;

/// Longer than a database's wait for a row lock (50 s), and than usual leases.
const DEFAULT_STUCK_AFTER_S: u64 = 60;

/// Instances beyond one for each worker: a replacement may be made before the dead one is gone.
const SPARE_INSTANCES: u32 = 8;

/// A plan, and the strategies of its trials, in their order.
pub struct ResolvedPlan {
    pub plan: Plan,
    pub strategies: Vec<Arc<WasmStrategy>>,
}

/// Decides everything, builds what is not built, and loads every strategy, so that nothing can turn
/// out to be wrong after the first trial.
pub fn resolve(options: &PlanOptions, quiet: bool) -> Result<ResolvedPlan, CommandError> {
    let (mut plan, components) =
        plan_and_components(options, fresh_seed(), quiet, |_| WorkloadOptions::default())?;
    let engine = engine(&plan, plan.workload.workers())?;
    let loaded = load(components, &engine, &plan.settings, &Screen::new(quiet))?;
    let (trials, strategies) = loaded.into_iter().unzip();
    plan.trials = trials;
    Ok(ResolvedPlan { plan, strategies })
}

/// The plan without its trials, and the components that these are to be of. Where no workload is named,
/// its kind is that of the strategies, and its numbers are these.
pub fn plan_and_components(
    options: &PlanOptions,
    seed: u64,
    quiet: bool,
    numbers: impl Fn(Kind) -> WorkloadOptions,
) -> Result<(Plan, Vec<components::Found>), CommandError> {
    let (plan, found) = match options.workload {
        Some(_) => {
            let plan = plan(options, seed)?;
            (plan, components::find(&options.strategies, quiet)?)
        }
        None => {
            let found = components::find(&options.strategies, quiet)?;
            let mut options = options.clone();
            let kind = components::kind_of(&found).unwrap_or_else(kinds::usual);
            let numbers = WorkloadOptions {
                kind: Some(kind),
                ..numbers(kind)
            };
            options.defaults = numbers.or(options.defaults);
            (plan(&options, seed)?, found)
        }
    };
    let fitting = components::fitting(found, &[&plan], options.workload.is_some())?;
    Ok((plan, fitting))
}

/// The plan without its trials. The seed is this one if neither flags nor file say another.
pub fn plan(options: &PlanOptions, seed: u64) -> Result<Plan, CommandError> {
    let (file_name, from_file) = read_workload(options, Home::find().as_ref())?;
    let from_file = from_file.or(options.defaults.clone());
    let chosen = options.flags.clone().or(from_file.clone());
    let workload = chosen.workload()?;
    let database = parse_url::<DatabaseUrl>(&options.database)?;
    let affected_rows = affected_rows(&database, options.affected_rows)?;
    let simulated = simulated(&database, &chosen, workload.workers())?;
    let changed = workload != from_file.workload()?;
    chosen.seed.map_or(Ok(()), plan::check_seed)?;
    let plan = Plan {
        runner_version: env!("CARGO_PKG_VERSION").to_owned(),
        contract: format!("{PACKAGE}@{CONTRACT_VERSION}"),
        workload_name: match file_name {
            Some(name) if !changed => name,
            _ => plan::workload_name(&workload),
        },
        workload,
        trials: Vec::new(),
        database,
        nodes: nodes(&options.nodes)?,
        autocommit_writes: options.autocommit_writes,
        affected_rows,
        locks: parse_url::<LockUrl>(&options.locks)?,
        settings: plan::settings(&options.settings)?,
        seed: chosen.seed.unwrap_or(seed),
        memory_mib: options.memory_mib,
        computing_ms: options.computing_ms,
        change_timeout_s: chosen.change_timeout_s.unwrap_or(DEFAULT_CHANGE_TIMEOUT_S),
        stuck_after_s: chosen.stuck_after_s.unwrap_or(DEFAULT_STUCK_AFTER_S),
        faults: match simulated {
            Some(_) => Vec::new(),
            None => schedule(asked_faults(&chosen)).map_err(PlanError::Fault)?,
        },
        simulated,
        time_limit_s: chosen.time_limit_s,
        repetition: 1,
    };
    plan.validate()?;
    check_is_used(&plan)?;
    Ok(plan)
}

/// SQLite counts the rows that it found, and has no choice.
fn affected_rows(
    database: &DatabaseUrl,
    asked: Option<AffectedRows>,
) -> Result<AffectedRows, CommandError> {
    match (database, asked) {
        (DatabaseUrl::Mysql(_) | DatabaseUrl::Sim(_), asked) => Ok(asked.unwrap_or_default()),
        (_, Some(AffectedRows::Changed)) => Err(CommandError::Url(
            "--affected-rows changed is for --db mysql://… and sim: SQLite counts the rows that it \
             found, changed or not"
                .to_owned(),
        )),
        (_, _) => Ok(AffectedRows::Found),
    }
}

fn asked_faults(chosen: &WorkloadOptions) -> &[FaultOption] {
    chosen.fault.as_deref().unwrap_or_default()
}

/// The simulated world, if the database is one of it. A workload file's `[sim]` says nothing where it
/// is not, so that one file can be run in both worlds.
fn simulated(
    database: &DatabaseUrl,
    chosen: &WorkloadOptions,
    workers: u32,
) -> Result<Option<SimulatedWorld>, PlanError> {
    let DatabaseUrl::Sim(options) = database else {
        return Ok(None);
    };
    let topology = topology::topology(options, chosen.sim.as_ref()).map_err(PlanError::Sim)?;
    let faults = sim_schedule(asked_faults(chosen), topology.nodes, workers);
    Ok(Some(SimulatedWorld {
        model: Some(MODEL),
        topology,
        faults: faults.map_err(PlanError::Fault)?,
    }))
}

/// Nothing asked for is ignored: what is for servers only is refused without one, and so is what is
/// of another world.
pub(super) fn check_is_used(plan: &Plan) -> Result<(), CommandError> {
    let wrong = |told: &str| Err(CommandError::Url(told.to_owned()));
    let is_mysql = matches!(plan.database, DatabaseUrl::Mysql(_));
    if !is_mysql && !plan.nodes.is_empty() {
        return wrong("--node names the servers behind --db mysql://…, or is left out");
    }
    let is_sim = plan.simulated.is_some();
    if !is_mysql && !is_sim && plan.autocommit_writes == AutocommitWrites::Text {
        return wrong("--autocommit-writes text is for --db mysql://… and sim, or is left out");
    }
    match plan.locks {
        LockUrl::File(_) | LockUrl::Redis(_) if is_sim => wrong(
            "the simulator has lock services of its own: --lock lease, file, session or memory",
        ),
        LockUrl::Sim(kind) if !is_sim => wrong(&format!(
            "--lock {} is a simulated lock service, and goes with --db sim",
            kind.as_str()
        )),
        LockUrl::Memory => check_locks_can_suffer(plan),
        _ => Ok(()),
    }
}

/// Locks in the runner's memory never fail: what a schedule does to them would come to nothing.
fn check_locks_can_suffer(plan: &Plan) -> Result<(), CommandError> {
    let mut faults = plan.simulated.iter().flat_map(|world| &world.faults);
    match faults.find(|fault| fault.what.is_of_locks()) {
        None => Ok(()),
        Some(fault) => Err(CommandError::Url(format!(
            "the schedule has the fault {:?}, and locks in memory suffer none: take --lock lease, file \
             or session, or leave the fault out",
            fault.to_string()
        ))),
    }
}

/// An engine for the plan's world, and for at most so many workers at once.
pub fn engine(plan: &Plan, workers: u32) -> Result<Engine, LoadError> {
    let (limits, instances) = (plan.limits(), workers + SPARE_INSTANCES);
    match plan.simulated {
        Some(_) => Engine::for_simulations(limits, instances),
        None => Engine::new(limits, instances),
    }
}

/// The trials of the strategies that were asked for, each loaded. An error if one can't read the
/// settings that it was given, or none those that are shared.
pub fn load(
    components: Vec<components::Found>,
    engine: &Engine,
    shared: &BTreeMap<String, String>,
    screen: &Screen,
) -> Result<Vec<(PlannedTrial, Arc<WasmStrategy>)>, CommandError> {
    let mut loaded: Vec<(PlannedTrial, _)> = Vec::new();
    for components::Found {
        name,
        path: component,
        reference,
        settings,
        ..
    } in components
    {
        let compiling = screen.waiting(format!("compiling {name}"));
        let strategy = engine.load(&component).map_err(|error| match &reference {
            Some(reference) => CommandError::Pulled(reference.to_string(), error),
            None => error.into(),
        })?;
        drop(compiling);
        let name = name + &Variant::suffix(&settings);
        if loaded.iter().any(|(trial, _)| trial.name == name) {
            return Err(ResolveError::Twice { name }.into());
        }
        let trial = PlannedTrial {
            name,
            digest: strategy.digest().to_owned(),
            imports: strategy.imports().to_vec(),
            reference: reference.map(|reference| reference.to_string()),
            // It is looked for again wherever somebody stands who runs this again.
            component: std::path::absolute(&component).unwrap_or(component),
            settings,
        };
        loaded.push((trial, Arc::new(strategy)));
    }
    check_are_read(shared, loaded.iter().map(|(trial, _)| trial))?;
    Ok(loaded)
}

fn read_workload(
    options: &PlanOptions,
    home: Option<&Home>,
) -> Result<(Option<String>, WorkloadOptions), CommandError> {
    let Some(given) = &options.workload else {
        return Ok((None, WorkloadOptions::default()));
    };
    let folder = home.map(Home::workloads);
    let path = workload_file::find(given, folder.as_deref())?;
    let name = strategies::name(&path);
    Ok((Some(name), workload_file::read(&path)?))
}

pub fn parse_url<T: FromStr<Err: ToString>>(text: &str) -> Result<T, CommandError> {
    text.parse()
        .map_err(|error: T::Err| CommandError::Url(error.to_string()))
}

pub(super) fn nodes(given: &[String]) -> Result<Vec<SecretUrl>, CommandError> {
    given
        .iter()
        .map(|text| match parse_url(text)? {
            DatabaseUrl::Mysql(url) => Ok(url),
            _ => Err(CommandError::Url(
                "--node names one server of a cluster, as mysql://USER:PASSWORD@HOST:PORT/NAME"
                    .to_owned(),
            )),
        })
        .collect()
}

/// A seed that nobody chose. It goes into the plan, so the run's random numbers can be had again.
/// It and the seeds of all repetitions are below 2^53, so that programs with no other numbers than
/// those of floating point read them right.
pub fn fresh_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = now.map_or(0, |elapsed| elapsed.as_nanos() as u64);
    (nanos ^ u64::from(std::process::id()).rotate_left(32)) >> 12
}
