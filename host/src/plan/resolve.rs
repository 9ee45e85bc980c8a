//! From options to a validated plan and its loaded strategies, in one pass.

use super::consistency::check_is_used;
use super::faults::{FaultOption, schedule, sim_schedule};
use super::home::Home;
use super::lab::{check_schedule, endpoint, on_the_lab};
use super::options::PlanOptions;
use super::settings;
use super::strategies::{self, Found};
use super::variant::Variant;
use super::workload_file::{self, WorkloadOptions};
use super::{MODEL, Plan, PlanError, PlannedTrial, SimulatedWorld, topology};
use crate::backend::secret_url::SecretUrl;
use crate::backend::session_options::AffectedRows;
use crate::backend::url::{DatabaseUrl, LockUrl};
use crate::console::Screen;
use crate::lab::Lab;
use crate::model::endpoint::Endpoint;
use crate::wasm::{CONTRACT_VERSION, Engine, LoadError, PACKAGE, WasmStrategy};
use crate::workload::{Workload, kinds};
use std::slice;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Instances beyond one for each worker: a replacement may be made before the dead one is gone.
pub const SPARE_INSTANCES: u32 = 8;

/// A plan that can be run, the strategies of its trials in their order, and the lab that it runs on.
pub struct ResolvedPlan {
    pub plan: Plan,
    pub strategies: Vec<Arc<WasmStrategy>>,
    pub lab: Option<Lab>,
}

/// Trials with their strategies.
pub type Loaded = Vec<(PlannedTrial, Arc<WasmStrategy>)>;

/// Decides everything, builds what is not built, and loads every strategy, so that nothing can turn
/// out to be wrong after the first trial. `workers` is the number of workers at once on a workload.
pub fn resolve(
    options: &PlanOptions,
    workers: &dyn Fn(&Workload) -> u32,
    screen: &Screen,
) -> Result<ResolvedPlan, PlanError> {
    let (options, lab) = on_the_lab(options)?;
    let find = || strategies::find(&options.strategies, screen);
    let (mut plan, found) = match &options.workload {
        // Nothing is built for a plan that can't be run.
        Some(given) => (
            plan(&options, read_workload(given)?, lab.as_ref())?,
            find()?,
        ),
        None => {
            let found = find()?;
            let kind = strategies::kind_of(&found).unwrap_or_else(kinds::usual);
            let numbers = WorkloadOptions {
                kind: Some(kind),
                ..(options.defaults.unnamed)(kind)
            };
            (plan(&options, (None, numbers), lab.as_ref())?, found)
        }
    };
    let is_named = options.workload.is_some();
    let found = strategies::fitting(found, slice::from_ref(&plan), is_named)?;
    let loaded = load(found, &plan, workers(&plan.workload), screen)?;
    let (trials, strategies) = loaded.into_iter().unzip();
    plan.trials = trials;
    Ok(ResolvedPlan {
        plan,
        strategies,
        lab,
    })
}

/// The name and the options of a workload file.
pub fn read_workload(given: &str) -> Result<(Option<String>, WorkloadOptions), PlanError> {
    let folder = Home::find().map(|home| home.workloads());
    let path = workload_file::find(given, folder.as_deref())?;
    let name = strategies::name(&path);
    Ok((Some(name), workload_file::read(&path)?))
}

/// The plan without its trials, of the options and of a workload: its name, if it has one, and what flags
/// leave open.
pub fn plan(
    options: &PlanOptions,
    (name, from_file): (Option<String>, WorkloadOptions),
    lab: Option<&Lab>,
) -> Result<Plan, PlanError> {
    let chosen = options.flags.clone().or(from_file.clone());
    let workload = chosen.workload()?;
    let database = parse_url::<DatabaseUrl>(&options.database)?;
    let affected_rows = affected_rows(&database, options.affected_rows)?;
    let simulated = simulated(&database, options.endpoint, &chosen, workload.workers())?;
    let endpoint = match &simulated {
        Some(_) => None,
        None => endpoint(options.endpoint, lab)?,
    };
    let changed = workload != from_file.workload()?;
    chosen.seed.map_or(Ok(()), super::check_seed)?;
    let defaults = &options.defaults;
    let plan = Plan {
        runner_version: env!("CARGO_PKG_VERSION").to_owned(),
        contract: format!("{PACKAGE}@{CONTRACT_VERSION}"),
        workload_name: match name {
            Some(name) if !changed => name,
            _ => super::workload_name(&workload),
        },
        workload,
        trials: Vec::new(),
        database,
        endpoint,
        nodes: nodes(&options.nodes)?,
        autocommit_writes: options.autocommit_writes,
        affected_rows,
        session: options.session,
        locks: parse_url::<LockUrl>(&options.locks)?,
        settings: settings::parse(&options.settings)?,
        seed: chosen.seed.or(defaults.seed).unwrap_or_else(fresh_seed),
        memory_mib: options.memory_mib,
        computing_ms: options.computing_ms,
        change_timeout_s: chosen.change_timeout_s.unwrap_or(defaults.change_timeout_s),
        stuck_after_s: chosen.stuck_after_s.unwrap_or(defaults.stuck_after_s),
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
    check_schedule(&plan.faults, lab)?;
    Ok(plan)
}

/// SQLite and PostgreSQL count the rows that they found, and have no choice.
fn affected_rows(
    database: &DatabaseUrl,
    asked: Option<AffectedRows>,
) -> Result<AffectedRows, PlanError> {
    match (database, asked) {
        (DatabaseUrl::Mysql(_) | DatabaseUrl::Sim(_), asked) => Ok(asked.unwrap_or_default()),
        (_, Some(AffectedRows::Changed)) => Err(PlanError::Options(
            "--affected-rows changed is for --db mysql://… and sim: SQLite and PostgreSQL count the \
             rows that they found, changed or not"
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
    endpoint: Option<Endpoint>,
    chosen: &WorkloadOptions,
    workers: u32,
) -> Result<Option<SimulatedWorld>, PlanError> {
    let DatabaseUrl::Sim(options) = database else {
        return Ok(None);
    };
    let topology = topology::topology(options, chosen.sim.as_ref(), endpoint);
    let topology = topology.map_err(PlanError::Options)?;
    let faults = sim_schedule(asked_faults(chosen), &topology, workers);
    Ok(Some(SimulatedWorld {
        model: Some(MODEL),
        topology,
        faults: faults.map_err(PlanError::Fault)?,
    }))
}

/// An engine for the plan's world, and for at most so many workers at once.
pub fn engine(plan: &Plan, workers: u32) -> Result<Engine, LoadError> {
    let (limits, instances) = (plan.limits(), workers.saturating_add(SPARE_INSTANCES));
    match plan.simulated {
        Some(_) => Engine::for_simulations(limits, instances),
        None => Engine::new(limits, instances),
    }
}

/// The trials of these components, each loaded for the world of the plan. An error if one can't read the
/// settings that it was given, or none those of the plan.
pub fn load(
    components: Vec<Found>,
    plan: &Plan,
    workers: u32,
    screen: &Screen,
) -> Result<Loaded, PlanError> {
    let engine = engine(plan, workers)?;
    let mut loaded = Loaded::new();
    for Found {
        name,
        path: component,
        reference,
        settings,
        ..
    } in components
    {
        let compiling = screen.waiting(format!("compiling {name}"));
        let strategy = engine.load(&component).map_err(|error| match &reference {
            Some(reference) => PlanError::Pulled(reference.to_string(), error),
            None => error.into(),
        })?;
        drop(compiling);
        let name = name + &Variant::suffix(&settings);
        if loaded.iter().any(|(trial, _)| trial.name == name) {
            return Err(PlanError::StrategyTwice { name });
        }
        let trial = PlannedTrial {
            name,
            digest: strategy.digest().to_owned(),
            imports: strategy.imports().to_vec(),
            reference: reference.map(|reference| reference.to_string()),
            // It is looked for again from wherever this is run again.
            component: std::path::absolute(&component).unwrap_or(component),
            settings,
        };
        loaded.push((trial, Arc::new(strategy)));
    }
    settings::check_are_read(&plan.settings, loaded.iter().map(|(trial, _)| trial))?;
    Ok(loaded)
}

pub fn parse_url<T: FromStr<Err: ToString>>(text: &str) -> Result<T, PlanError> {
    text.parse()
        .map_err(|error: T::Err| PlanError::Options(error.to_string()))
}

pub fn nodes(given: &[String]) -> Result<Vec<SecretUrl>, PlanError> {
    given
        .iter()
        .map(|text| match parse_url(text)? {
            DatabaseUrl::Mysql(url) | DatabaseUrl::Postgres(url) => Ok(url),
            _ => Err(PlanError::Options(
                "--node names one server of the database, as mysql:// or \
                 postgres://USER:PASSWORD@HOST:PORT/NAME"
                    .to_owned(),
            )),
        })
        .collect()
}

/// A seed that no option gives. It goes into the plan, so the run's random numbers can be had again.
/// It and the seeds of all repetitions are below 2^53, so that programs with no other numbers than
/// those of floating point read them right.
pub fn fresh_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = now.map_or(0, |elapsed| elapsed.as_nanos() as u64);
    (nanos ^ u64::from(std::process::id()).rotate_left(32)) >> 12
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::url::AutocommitWrites;
    use crate::plan::options::{DEFAULT_COMPUTING_MS, DEFAULT_MEMORY_MIB, Defaults};

    fn options(flags: WorkloadOptions) -> PlanOptions {
        PlanOptions {
            strategies: Vec::new(),
            workload: None,
            flags,
            defaults: Defaults::CHECK,
            database: "sim:nodes=2".to_owned(),
            nodes: Vec::new(),
            lab: None,
            autocommit_writes: AutocommitWrites::default(),
            affected_rows: None,
            session: Default::default(),
            endpoint: None,
            locks: "lease".to_owned(),
            settings: Vec::new(),
            memory_mib: DEFAULT_MEMORY_MIB,
            computing_ms: DEFAULT_COMPUTING_MS,
        }
    }

    #[test]
    fn plan_takes_a_flag_before_the_file_and_the_file_before_the_default() {
        let file = WorkloadOptions {
            rows: Some(4),
            hold_ms: Some(7),
            stuck_after_s: Some(9),
            ..WorkloadOptions::default()
        };
        let decided = |flags| {
            let named = (Some("smoke".to_owned()), file.clone());
            plan(&options(flags), named, None).unwrap()
        };
        let of_file = decided(WorkloadOptions::default());
        assert_eq!((of_file.workload.rows, of_file.workload.hold_ms), (4, 7));
        assert_eq!((of_file.stuck_after_s, of_file.change_timeout_s), (9, 60));
        assert_eq!((of_file.seed, &*of_file.workload_name), (1, "smoke"));
        assert_eq!(of_file.simulated.unwrap().topology.nodes, 2);
        let of_flags = decided(WorkloadOptions {
            rows: Some(5),
            seed: Some(3),
            change_timeout_s: Some(2),
            ..WorkloadOptions::default()
        });
        assert_eq!((of_flags.workload.rows, of_flags.workload.hold_ms), (5, 7));
        assert_eq!((of_flags.seed, of_flags.change_timeout_s), (3, 2));
        // It is the file's workload no more.
        assert_eq!(of_flags.workload_name, "5x1");
    }

    #[test]
    fn plan_that_would_ignore_an_option_is_refused() {
        let refused = |options: PlanOptions| {
            let plan = plan(&options, (None, WorkloadOptions::default()), None);
            plan.unwrap_err().to_string()
        };
        let usual = options(WorkloadOptions::default());
        let real = PlanOptions {
            database: "sqlite".to_owned(),
            ..usual.clone()
        };
        assert!(refused(real).contains("--lock lease is a simulated lock service"));
        let other = PlanOptions {
            locks: "file:locks".to_owned(),
            ..usual.clone()
        };
        assert!(refused(other).contains("lock services of its own"));
        let named = PlanOptions {
            database: "mysql://u:p@h/d".to_owned(),
            locks: "memory".to_owned(),
            endpoint: Some(Endpoint::All),
            ..usual.clone()
        };
        assert!(refused(named).contains("--endpoint is for --lab and --db sim"));
        let fault = FaultOption::parse("1s failover locks").unwrap();
        let unfelt = PlanOptions {
            locks: "memory".to_owned(),
            flags: WorkloadOptions {
                fault: Some(vec![fault]),
                ..WorkloadOptions::default()
            },
            ..usual
        };
        assert!(refused(unfelt).contains("locks in memory suffer none"));
    }
}
