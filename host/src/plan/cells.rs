//! From what was asked for to the cells of a batch, in the order in which they are run.

use super::consistency::check_is_used;
use super::home::Home;
use super::lab::{endpoint, lock_url, on_the_lab};
use super::options::PlanOptions;
use super::resolve::{load, parse_url, plan, read_workload};
use super::strategies;
use super::{Plan, PlanError, PlannedTrial, pattern};
use crate::backend::url::LockUrl;
use crate::console::Screen;
use crate::lab::Lab;
use crate::wasm::WasmStrategy;
use crate::workload::kinds;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One strategy on one workload, with one lock service if it takes locks.
pub struct Cell {
    /// A whole run, of one trial.
    pub plan: Plan,
    pub strategy: Arc<WasmStrategy>,
    /// The lock service in a word; none if the strategy takes no locks.
    pub locks: Option<String>,
    /// Within the batch's folder.
    pub folder: PathBuf,
    /// Says whether no cell before has the same lock service.
    pub is_first_of_its_locks: bool,
}

impl Cell {
    pub fn planned(&self) -> &PlannedTrial {
        &self.plan.trials[0]
    }

    /// `seed-100x3 × lock-change (redis)`.
    pub fn name(&self) -> String {
        let name = format!("{} × {}", self.plan.workload_name, self.planned().name);
        match &self.locks {
            Some(locks) => format!("{name} ({locks})"),
            None => name,
        }
    }
}

/// Options of all cells together. The plan's workload and locks are left open: each cell has its own.
pub struct CellOptions {
    pub plan: PlanOptions,
    /// Names, files and patterns of files.
    pub workloads: Vec<String>,
    pub locks: Vec<String>,
    /// Every cell so many times, each time with another seed; all cells once, then all again.
    pub repeat: u32,
}

/// All cells, workload by workload, with every strategy built and loaded; and all of them again, as
/// often as they are to be repeated, so that what changes on the machine meanwhile hits all alike. And
/// the lab that they run on. The seed is for workloads whose file says no other.
pub fn resolve(
    options: &CellOptions,
    seed: u64,
    screen: &Screen,
) -> Result<(Vec<Cell>, Option<Lab>), PlanError> {
    let (mut asked, lab) = on_the_lab(&options.plan)?;
    asked.defaults.seed = Some(seed);
    let endpoint = endpoint(asked.endpoint, lab.as_ref())?;
    let given = options.locks.iter();
    let given = given.map(|url| lock_url(url, lab.as_ref(), endpoint));
    let given: Vec<_> = given.collect();
    let workloads = workloads(&options.workloads, &asked, lab.as_ref());
    let (workloads, locks) = both(workloads, locks(&given))?;
    for mut plan in workloads.iter().cloned() {
        for (_, url) in &locks {
            plan.locks = url.clone();
            check_is_used(&plan)?;
        }
    }
    let workers = workloads.iter().map(|plan| plan.workload.workers()).max();
    let found = strategies::find(&asked.strategies, screen)?;
    let fitting = strategies::fitting(found, &workloads, true)?;
    let loaded = load(fitting, &workloads[0], workers.unwrap_or(0), screen)?;
    let mut cells: Vec<Cell> = Vec::new();
    let all_again =
        (1..=options.repeat).flat_map(|time| workloads.iter().map(move |it| (time, it)));
    for (time, plan) in all_again {
        let fits = |strategy: &WasmStrategy| {
            let kind = kinds::of_world(strategy.world());
            kind.is_some_and(|kind| kind.name() == plan.workload.kind.name())
        };
        for (planned, strategy) in loaded.iter().filter(|(_, strategy)| fits(strategy)) {
            let without = [(None, &LockUrl::Memory)];
            let with = || locks.iter().map(|(word, url)| (Some(word.clone()), url));
            let services: Vec<_> = match planned.takes_locks() {
                true => with().collect(),
                false => without.into(),
            };
            for (word, url) in services {
                let mut plan = plan.clone();
                plan.trials = vec![planned.clone()];
                plan.locks = url.clone();
                plan.seed = plan.seed.wrapping_add(u64::from(time - 1));
                plan.repetition = time;
                let is_known = |cell: &Cell| cell.locks == word;
                cells.push(Cell {
                    folder: folder(&plan, word.as_deref(), time),
                    is_first_of_its_locks: word.is_some() && !cells.iter().any(is_known),
                    strategy: strategy.clone(),
                    locks: word,
                    plan,
                });
            }
        }
    }
    let mut folders = BTreeSet::new();
    match cells.iter().find(|cell| !folders.insert(&cell.folder)) {
        Some(twice) => Err(PlanError::CellTwice(twice.folder.clone())),
        None => Ok((cells, lab)),
    }
}

/// `<workload>/<strategy>[-<lock service>]`, with `.<n>` from the second time on.
fn folder(plan: &Plan, locks: Option<&str>, time: u32) -> PathBuf {
    let mut name = plan.trials[0].name.clone();
    if let Some(locks) = locks {
        name = format!("{name}-{locks}");
    }
    if time > 1 {
        name = format!("{name}.{time}");
    }
    Path::new(&plan.workload_name).join(name)
}

/// A plan without trials for each workload.
fn workloads(
    given: &[String],
    options: &PlanOptions,
    lab: Option<&Lab>,
) -> Result<Vec<Plan>, PlanError> {
    let folder = Home::find().map(|home| home.workloads());
    let expand = |given: &String| pattern::expand(given, folder.as_deref());
    let found = all(given.iter().map(expand))?;
    let mut files: Vec<PathBuf> = Vec::new();
    // Patterns may overlap.
    for file in found.into_iter().flatten() {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    let plans = all(files.iter().map(|file| {
        let workload = read_workload(&file.to_string_lossy())?;
        plan(options, workload, lab)
    }))?;
    let mut names = BTreeSet::new();
    match plans.iter().find(|plan| !names.insert(&plan.workload_name)) {
        Some(twice) => Err(PlanError::WorkloadTwice {
            name: twice.workload_name.clone(),
        }),
        None => Ok(plans),
    }
}

/// Each lock service with its word: its scheme, with a number from the second of its kind on.
fn locks(given: &[String]) -> Result<Vec<(String, LockUrl)>, PlanError> {
    let urls = all(given.iter().map(|text| parse_url::<LockUrl>(text)))?;
    let mut locks: Vec<(String, LockUrl)> = Vec::new();
    for url in urls {
        if locks.iter().any(|(_, known)| *known == url) {
            return Err(PlanError::LockTwice(url.to_string()));
        }
        let of_its_kind = |(_, known): &&(_, LockUrl)| known.scheme() == url.scheme();
        let word = match locks.iter().filter(of_its_kind).count() {
            0 => url.scheme().to_owned(),
            more => format!("{}-{}", url.scheme(), more + 1),
        };
        locks.push((word, url));
    }
    Ok(locks)
}

/// All values, or all that is wrong, each mistake once.
fn all<T>(results: impl Iterator<Item = Result<T, PlanError>>) -> Result<Vec<T>, PlanError> {
    let (mut values, mut errors) = (Vec::new(), Vec::<PlanError>::new());
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(error)
                if errors
                    .iter()
                    .any(|known| known.to_string() == error.to_string()) => {}
            Err(error) => errors.push(error),
        }
    }
    match errors.len() {
        0 => Ok(values),
        1 => Err(errors.remove(0)),
        _ => Err(PlanError::Several(errors)),
    }
}

fn both<A, B>(one: Result<A, PlanError>, other: Result<B, PlanError>) -> Result<(A, B), PlanError> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(one), Err(other)) => Err(PlanError::Several(vec![one, other])),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}
