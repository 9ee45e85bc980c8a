//! From what was asked for to a plan and its loaded strategies.

use super::CommandError;
use super::build::build_all;
use super::options::PlanOptions;
use crate::backend::secret_url::SecretUrl;
use crate::backend::url::{AutocommitWrites, DatabaseUrl, LockUrl};
use crate::plan::faults::schedule;
use crate::plan::strategies::{self, Located, ResolveError};
use crate::plan::workload_file::{self, WorkloadOptions};
use crate::plan::{self, Plan, PlanError, PlannedTrial};
use crate::strategy::source::{self, Job};
use crate::strategy::wasm::{CONTRACT_VERSION, Engine, Limits, PACKAGE, WasmStrategy};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// An hour: the published waits reached half of one.
const DEFAULT_CHANGE_TIMEOUT_S: u64 = 3600;

/// Instances beyond one for each worker: a replacement may be made before the dead one is gone.
const SPARE_INSTANCES: u32 = 8;

/// A plan, and the strategies of its trials, in their order.
pub struct Decided {
    pub plan: Plan,
    pub strategies: Vec<Arc<WasmStrategy>>,
}

/// Decides everything, builds what is not built, and loads every strategy, so that nothing can turn
/// out to be wrong after the first trial.
pub fn decide(options: &PlanOptions, quiet: bool) -> Result<Decided, CommandError> {
    let mut plan = plan(options, fresh_seed())?;
    let workers = plan.workload.workers();
    let loaded = load(&options.strategies, quiet, plan.limits(), workers)?;
    let (trials, strategies) = loaded.into_iter().unzip();
    plan.trials = trials;
    Ok(Decided { plan, strategies })
}

/// The plan without its trials. The seed is this one if neither flags nor file say another.
pub fn plan(options: &PlanOptions, seed: u64) -> Result<Plan, CommandError> {
    let (file_name, from_file) = read_workload(options, strategies::home().as_deref())?;
    let chosen = options.flags.clone().or(from_file.clone());
    let workload = chosen.volume_state();
    let changed = workload != from_file.volume_state();
    let plan = Plan {
        runner_version: env!("CARGO_PKG_VERSION").to_owned(),
        contract: format!("{PACKAGE}@{CONTRACT_VERSION}"),
        workload_name: match file_name {
            Some(name) if !changed => name,
            _ => plan::workload_name(&workload),
        },
        workload,
        trials: Vec::new(),
        database: parse_url::<DatabaseUrl>(&options.database)?,
        nodes: nodes(&options.nodes)?,
        autocommit_writes: options.autocommit_writes,
        locks: parse_url::<LockUrl>(&options.locks)?,
        settings: plan::settings(&options.settings)?,
        seed: chosen.seed.unwrap_or(seed),
        memory_mib: options.memory_mib,
        computing_ms: options.computing_ms,
        change_timeout_s: chosen.change_timeout_s.unwrap_or(DEFAULT_CHANGE_TIMEOUT_S),
        faults: schedule(chosen.fault.as_deref().unwrap_or_default()).map_err(PlanError::Fault)?,
        time_limit_s: chosen.time_limit_s,
    };
    plan.validate()?;
    check_is_used(&plan)?;
    Ok(plan)
}

/// Nothing asked for is ignored: what is for servers only is refused without one.
fn check_is_used(plan: &Plan) -> Result<(), CommandError> {
    if matches!(plan.database, DatabaseUrl::Mysql(_)) {
        return Ok(());
    }
    let wrong = |told: &str| Err(CommandError::Url(told.to_owned()));
    if !plan.nodes.is_empty() {
        return wrong("--node names the servers behind --db mysql://…, or is left out");
    }
    if plan.autocommit_writes == AutocommitWrites::Text {
        return wrong("--autocommit-writes text is for --db mysql://…, or is left out");
    }
    Ok(())
}

/// The trials of the strategies that were asked for, each built and loaded, for at most so many
/// workers at once.
pub fn load(
    asked: &[String],
    quiet: bool,
    limits: Limits,
    workers: u32,
) -> Result<Vec<(PlannedTrial, Arc<WasmStrategy>)>, CommandError> {
    let components = components(asked, strategies::home().as_deref(), quiet)?;
    let engine = Engine::new(limits, workers + SPARE_INSTANCES)?;
    let mut loaded: Vec<(PlannedTrial, _)> = Vec::new();
    for component in components {
        let strategy = engine.load(&component)?;
        let name = strategies::name(&component);
        if loaded.iter().any(|(trial, _)| trial.name == name) {
            return Err(ResolveError::Twice { name }.into());
        }
        let trial = PlannedTrial {
            name,
            digest: strategy.digest().to_owned(),
            imports: strategy.imports().to_vec(),
            component,
        };
        loaded.push((trial, Arc::new(strategy)));
    }
    Ok(loaded)
}

fn read_workload(
    options: &PlanOptions,
    home: Option<&Path>,
) -> Result<(Option<String>, WorkloadOptions), CommandError> {
    let Some(given) = &options.workload else {
        return Ok((None, WorkloadOptions::default()));
    };
    let folder = home.map(|home| home.join("workloads"));
    let path = workload_file::find(given, folder.as_deref())?;
    let name = strategies::name(&path);
    Ok((Some(name), workload_file::read(&path)?))
}

/// The component files of the strategies that were asked for, each built if it is older than its
/// sources.
fn components(
    asked: &[String],
    home: Option<&Path>,
    quiet: bool,
) -> Result<Vec<PathBuf>, CommandError> {
    let mut given = Vec::new();
    for name in asked {
        match (name.as_str(), home) {
            ("all", Some(home)) if !strategies::all(home).is_empty() => {
                given.extend(strategies::all(home));
            }
            _ => given.push(name.clone()),
        }
    }
    let mut components = Vec::new();
    let mut stale = Vec::new();
    for name in given {
        let component = match strategies::locate(&name, home)? {
            Located::Component(path) => path,
            Located::Source { folder, component } => {
                if source::is_stale(&folder, &component) {
                    stale.push(Job {
                        dir: folder,
                        out: component.clone(),
                    });
                }
                component
            }
        };
        components.push(component);
    }
    build_all(&stale, quiet)?;
    Ok(components)
}

pub fn parse_url<T: FromStr<Err: ToString>>(text: &str) -> Result<T, CommandError> {
    text.parse()
        .map_err(|error: T::Err| CommandError::Url(error.to_string()))
}

fn nodes(given: &[String]) -> Result<Vec<SecretUrl>, CommandError> {
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
pub fn fresh_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = now.map_or(0, |elapsed| elapsed.as_nanos() as u64);
    nanos ^ u64::from(std::process::id()).rotate_left(32)
}
