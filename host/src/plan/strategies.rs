//! From what `--strategy` was given to components, built, and what workloads they are for.

use super::home::{Home, Located};
use super::nearest::closest;
use super::variant::Variant;
use super::{Plan, PlanError};
use crate::author::registry::Store;
use crate::author::registry::reference::Reference;
use crate::author::source::{self, Job, Language};
use crate::console::Screen;
use crate::wasm::{clean, world_of};
use crate::workload::{Kind, kinds};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A strategy that was asked for, built.
pub struct Found {
    /// The name in a run, without its settings.
    pub name: String,
    pub path: PathBuf,
    /// The reference that it was pulled from, if it was.
    pub reference: Option<Reference>,
    /// Settings of its own.
    pub settings: BTreeMap<String, String>,
    /// Unknown of a file that is no strategy; loading it says why.
    kind: Option<Kind>,
    /// It was asked for as one of all.
    is_of_all: bool,
}

/// Finds each, and builds those that are older than their sources.
pub fn find(asked: &[String], screen: &Screen) -> Result<Vec<Found>, PlanError> {
    let home = Home::find();
    let mut given = Vec::new();
    for name in asked {
        let all = home.as_ref().map(Home::strategies).unwrap_or_default();
        match name.as_str() {
            "all" if !all.is_empty() => given.extend(all.into_iter().map(|name| (name, true))),
            _ => given.push((name.clone(), false)),
        }
    }
    let (mut found, mut stale) = (Vec::new(), Vec::new());
    for (name, is_of_all) in given {
        let variant = Variant::parse(&name)?;
        let reference = Reference::meant(&variant.strategy)?;
        let path = component(
            &variant.strategy,
            reference.as_ref(),
            home.as_ref(),
            &mut stale,
            screen,
        )?;
        found.push(Found {
            name: name_of(reference.as_ref(), &path),
            path,
            reference,
            settings: variant.settings,
            kind: None,
            is_of_all,
        });
    }
    build(&stale, screen)?;
    for one in &mut found {
        one.kind = world_of(&one.path).and_then(kinds::of_world);
    }
    Ok(found)
}

/// Refuses settings where only the component counts.
pub fn without_settings(given: &str) -> Result<(), PlanError> {
    let variant = Variant::parse(given)?;
    match variant.settings.is_empty() {
        true => Ok(()),
        false => Err(PlanError::NoSettings {
            given: given.to_owned(),
            strategy: variant.strategy,
        }),
    }
}

/// The component of one strategy: pulled if it is in a registry, built if it is older than its sources.
pub fn find_one(name: &str, screen: &Screen) -> Result<PathBuf, PlanError> {
    without_settings(name)?;
    let (reference, home) = (Reference::meant(name)?, Home::find());
    let mut stale = Vec::new();
    let path = component(name, reference.as_ref(), home.as_ref(), &mut stale, screen)?;
    build(&stale, screen)?;
    Ok(path)
}

/// The name of a strategy: name and version of its reference, else the name of its file.
pub fn name_of(reference: Option<&Reference>, path: &Path) -> String {
    match reference {
        Some(reference) => reference.strategy_name(),
        None => name(path),
    }
}

/// Builds the given jobs, and reports the slow steps.
pub fn build(jobs: &[Job], screen: &Screen) -> Result<(), PlanError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let waiting = screen.waiting("building");
    let mut print_line = |line: &str| {
        screen.print_line(line);
        waiting.set(line);
    };
    Ok(source::build_all(jobs, &mut print_line)?)
}

/// The path of a component, pulled if it has a reference. Else it may exist only when those are built
/// that are added to `stale`.
fn component(
    name: &str,
    reference: Option<&Reference>,
    home: Option<&Home>,
    stale: &mut Vec<Job>,
    screen: &Screen,
) -> Result<PathBuf, PlanError> {
    if let Some(reference) = reference {
        return Ok(Store::usual()?.find(reference, &mut |line| screen.print_line(line))?);
    }
    Ok(match locate(name, home)? {
        Located::Component(path) => path,
        Located::Source { folder, component } => {
            let is_asked = stale.iter().any(|job| job.out == component);
            if !is_asked && source::is_stale(&folder, &component) {
                stale.push(Job {
                    dir: folder,
                    out: component.clone(),
                });
            }
            component
        }
    })
}

/// The kind of workload that those are for that were named one by one, if it is the same for all.
pub fn kind_of(found: &[Found]) -> Option<Kind> {
    let mut named = found.iter().filter(|one| !one.is_of_all);
    let first = named.next()?.kind?;
    named.all(|one| one.kind == Some(first)).then_some(first)
}

/// Those that are for the workloads of any of these plans. One that was named and is not is an error; of
/// all, it is left out. `is_named`: the user has named the workloads.
pub fn fitting(found: Vec<Found>, plans: &[Plan], is_named: bool) -> Result<Vec<Found>, PlanError> {
    let kinds: Vec<_> = plans.iter().map(|plan| plan.workload.kind.name()).collect();
    let mut fitting = Vec::new();
    for one in found {
        match one.kind {
            Some(kind) if !kinds.contains(&kind.name()) => {
                if !one.is_of_all {
                    return Err(PlanError::StrategyKind {
                        strategy: one.name,
                        kind,
                        given: other_kinds(plans, is_named),
                    });
                }
            }
            _ => fitting.push(one),
        }
    }
    Ok(fitting)
}

/// `the workload smoke is of the kind …; …`
fn other_kinds(plans: &[Plan], is_named: bool) -> String {
    if !is_named {
        return "others here are not; name a workload with --workload, and strategies of its kind"
            .to_owned();
    }
    let kinds: Vec<_> = plans
        .iter()
        .map(|plan| {
            let kind = plan.workload.kind.name();
            format!("the workload {} is of the kind {kind}", plan.workload_name)
        })
        .collect();
    format!("{}; name another workload or strategy", kinds.join(", "))
}

/// The description in the manifest of a source folder, in a sentence.
pub fn description(folder: &Path) -> Option<String> {
    source::description(folder).map(|description| clean(&description))
}

/// Finds a strategy: a .wasm file, the name of one of the home's (with or without `.wasm`), or the
/// path of a source folder.
pub fn locate(given: &str, home: Option<&Home>) -> Result<Located, PlanError> {
    let path = Path::new(given);
    let is_wasm = path
        .extension()
        .is_some_and(|extension| extension == "wasm");
    if is_wasm && (path.exists() || path.components().count() > 1) {
        return Ok(Located::Component(path.to_owned()));
    }
    let name = given.strip_suffix(".wasm").unwrap_or(given);
    if let Some(located) = home.and_then(|home| home.locate(name)) {
        return Ok(located);
    }
    if Language::from_folder(path).is_some() {
        return Ok(Located::source(path.to_owned()));
    }
    let known = home.map(Home::strategies).unwrap_or_default();
    Err(PlanError::NoStrategy {
        given: given.to_owned(),
        meant: match closest(name, known.iter().map(String::as_str)) {
            Some(meant) => format!("; did you mean `{meant}`?"),
            None => ".".to_owned(),
        },
        known: match known.is_empty() {
            true => "(no strategies found)".to_owned(),
            false => known.join(", "),
        },
    })
}

/// The strategy's name: that of its file, without the ending, and without what would steer a terminal.
pub fn name(component: &Path) -> String {
    let stem = component.file_stem().unwrap_or_default();
    clean(&stem.to_string_lossy())
}
