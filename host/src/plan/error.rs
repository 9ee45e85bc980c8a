//! The reasons why there is no plan: one message each, which says what to do.

use super::PlannedTrial;
use crate::author::registry::RegistryError;
use crate::author::registry::reference::ReferenceError;
use crate::author::source::{BuildError, Language};
use crate::lab::LabError;
use crate::wasm::LoadError;
use crate::workload::Kind;
use std::path::PathBuf;

/// The reason why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("{key} is {value}; it must be from {least} to {most}")]
    OutOfRange {
        key: &'static str,
        value: u64,
        least: u64,
        most: u64,
    },
    #[error("{path}: {why}")]
    File { path: PathBuf, why: String },
    #[error(
        "there is no workload {name:?}; {meant}here are: {known} (or give the path of a .toml file)"
    )]
    NoWorkload {
        name: String,
        meant: String,
        known: String,
    },
    #[error("no workload file matches {pattern:?}")]
    NoMatch { pattern: String },
    #[error("{pattern:?} is no pattern: {why}")]
    Pattern { pattern: String, why: String },
    #[error("two workloads are called {name:?}; a batch keeps each in a folder of its name")]
    WorkloadTwice { name: String },
    #[error("--set wants NAME=VALUE, not {given:?}")]
    Setting { given: String },
    #[error("--set gives {name:?} twice")]
    SettingTwice { name: String },
    #[error("a fault of the schedule: {0}")]
    Fault(String),
    #[error("{0}")]
    Options(String),
    #[error("{keys}: that is for a workload of the kind {of}, and this one is {kind}")]
    OtherKind { keys: String, of: Kind, kind: Kind },
    #[error("the plan can't be run: {0}")]
    Recorded(String),
    #[error(
        "there is no strategy {given:?}{meant} It is neither a .wasm file, nor a folder with a {manifests}, \
         nor oci://HOST/NAME:TAG, nor one of: {known}",
        manifests = Language::manifests()
    )]
    NoStrategy {
        given: String,
        meant: String,
        known: String,
    },
    #[error("two strategies are called {name:?}; a run keeps each in a folder of its name")]
    StrategyTwice { name: String },
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Lab(#[from] LabError),
    #[error("{0} was pulled, and can't be run: {1}")]
    Pulled(String, LoadError),
    #[error("{strategy} is a strategy for workloads of the kind {kind}, and {given}")]
    StrategyKind {
        strategy: String,
        kind: Kind,
        /// The kind of the workload, and the remedy.
        given: String,
    },
    #[error(
        "{given:?} has settings, and a component has none: they are given to a run; name {strategy:?}"
    )]
    NoSettings { given: String, strategy: String },
    #[error(
        "{strategy} takes no settings (it does not import `settings`), so {settings} would have no \
         effect; leave that out"
    )]
    SettingsUnread { strategy: String, settings: String },
    #[error("{}", .0.iter().map(Self::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<PlanError>),
    #[error("--lock names {0} twice")]
    LockTwice(String),
    #[error("two cells of the batch would have the folder {}; rename one of their .wasm files", .0.display())]
    CellTwice(PathBuf),
    #[error(
        "check and test simulate: leave --db out, or say --db sim:…; on a real database run `runner \
         --strategy …`"
    )]
    OnlySimulated,
    #[error(
        "--faults {faults}: nothing of that can happen to {strategy}, which asks no lock service that \
         can fail; name others, or one with --lock"
    )]
    NoSuchFault { faults: String, strategy: String },
    #[error(
        "{strategy}: component {digest} not found, neither at its recorded path nor among the installed \
         strategies; {remedy}"
    )]
    NoComponent {
        strategy: String,
        digest: String,
        remedy: &'static str,
    },
    #[error(
        "the plan names what is outside of the run's folder, and a rerun touches nothing there unless it \
         is named again: {}. Or run it on the lab of this machine with --lab",
        .0.join("; ")
    )]
    Unnamed(Vec<String>),
}

impl PlanError {
    pub fn no_component(planned: &PlannedTrial, remedy: &'static str) -> Self {
        Self::NoComponent {
            strategy: planned.name.clone(),
            digest: planned.digest.clone(),
            remedy,
        }
    }
}
