//! The components of the strategies that were asked for, and what workloads they are for.

use super::CommandError;
use super::build::build_all;
use crate::author::registry::Store;
use crate::author::registry::reference::Reference;
use crate::author::source::{self, Job};
use crate::plan::Plan;
use crate::plan::home::{Home, Located};
use crate::plan::strategies;
use crate::plan::variant::Variant;
use crate::wasm::world_of;
use crate::workload::{Kind, kinds};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One of them, built.
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
pub fn find(asked: &[String], quiet: bool) -> Result<Vec<Found>, CommandError> {
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
        let path = match &reference {
            Some(reference) => pulled(reference, quiet)?,
            None => component(
                strategies::locate(&variant.strategy, home.as_ref())?,
                &mut stale,
            ),
        };
        found.push(Found {
            name: name_of(reference.as_ref(), &path),
            path,
            reference,
            settings: variant.settings,
            kind: None,
            is_of_all,
        });
    }
    build_all(&stale, quiet)?;
    for one in &mut found {
        one.kind = world_of(&one.path).and_then(kinds::of_world);
    }
    Ok(found)
}

/// Refuses settings where only the component counts.
pub fn without_settings(given: &str) -> Result<(), CommandError> {
    let variant = Variant::parse(given)?;
    match variant.settings.is_empty() {
        true => Ok(()),
        false => Err(CommandError::NoSettings {
            given: given.to_owned(),
            strategy: variant.strategy,
        }),
    }
}

/// The component of one strategy: pulled if it is in a registry, built if it is older than its sources.
pub fn find_one(name: &str) -> Result<PathBuf, CommandError> {
    without_settings(name)?;
    if let Some(reference) = Reference::meant(name)? {
        return pulled(&reference, false);
    }
    let mut stale = Vec::new();
    let located = strategies::locate(name, Home::find().as_ref())?;
    let path = component(located, &mut stale);
    build_all(&stale, false)?;
    Ok(path)
}

/// The name of a strategy: name and version of its reference, else the name of its file.
pub fn name_of(reference: Option<&Reference>, path: &Path) -> String {
    match reference {
        Some(reference) => reference.strategy_name(),
        None => strategies::name(path),
    }
}

fn pulled(reference: &Reference, quiet: bool) -> Result<PathBuf, CommandError> {
    let tell = &mut |line: &str| {
        if !quiet {
            eprintln!("{line}");
        }
    };
    Ok(Store::usual()?.find(reference, tell)?)
}

/// The path of its component, which may exist only when those are built that are added to `stale`.
fn component(located: Located, stale: &mut Vec<Job>) -> PathBuf {
    match located {
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
    }
}

/// The kind of workload that those are for that were named one by one, if it is the same for all.
pub fn kind_of(found: &[Found]) -> Option<Kind> {
    let mut named = found.iter().filter(|one| !one.is_of_all);
    let first = named.next()?.kind?;
    named.all(|one| one.kind == Some(first)).then_some(first)
}

/// Those that are for the workloads of any of these plans. One that was named and is not is an error; of
/// all, it is left out. `is_named`: the user has named the workloads.
pub fn fitting(
    found: Vec<Found>,
    plans: &[&Plan],
    is_named: bool,
) -> Result<Vec<Found>, CommandError> {
    let kinds: Vec<_> = plans.iter().map(|plan| plan.workload.kind.name()).collect();
    let mut fitting = Vec::new();
    for one in found {
        match one.kind {
            Some(kind) if !kinds.contains(&kind.name()) => {
                if !one.is_of_all {
                    return Err(CommandError::OtherKind {
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
fn other_kinds(plans: &[&Plan], is_named: bool) -> String {
    if !is_named {
        return "others here are not; name a workload with --workload, and strategies of its kind"
            .to_owned();
    }
    let told: Vec<_> = plans
        .iter()
        .map(|plan| {
            let kind = plan.workload.kind.name();
            format!("the workload {} is of the kind {kind}", plan.workload_name)
        })
        .collect();
    format!("{}; name another workload or strategy", told.join(", "))
}
