//! The errors of commands: one message each, which says what to do.

use crate::author::registry::RegistryError;
use crate::author::registry::reference::ReferenceError;
use crate::author::source::BuildError;
use crate::lab::LabError;
use crate::plan::PlanError;
use crate::plan::strategies::ResolveError;
use crate::run_dir::RunDirError;
use crate::run_dir::bundle::BundleError;
use crate::trial::TrialError;
use crate::wasm::{LoadError, clean_lines};
use crate::workload::Kind;
use std::io;
use std::path::PathBuf;

/// Why a command could not do what it was asked. Each is one message that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    New(#[from] NewError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error("{0} was pulled, and can't be run: {1}")]
    Pulled(String, LoadError),
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Lab(#[from] LabError),
    #[error(transparent)]
    Trial(#[from] TrialError),
    #[error(
        "{database} already has a table {}, which a run would replace; drop it or name another \
         database",
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
    )]
    TablesTaken {
        database: String,
        names: &'static [&'static str],
    },
    #[error("{strategy} is a strategy for workloads of the kind {kind}, and {given}")]
    OtherKind {
        strategy: String,
        kind: Kind,
        /// The kind of the workload, and the remedy.
        given: String,
    },
    #[error(
        "--json and --csv - both go to standard output; name a file with --csv, or leave one of them out"
    )]
    TwoOutputs,
    #[error(
        "{given:?} has settings, and a component has none: they are given to a run; name {strategy:?}"
    )]
    NoSettings { given: String, strategy: String },
    #[error("{0}")]
    Url(String),
    #[error("{path}: {why}")]
    Output { path: PathBuf, why: String },
    #[error(
        "{workers} workers need {needed} open files, and {allowed} are allowed; raise the limit with \
         `ulimit -n {needed}` or run fewer workers"
    )]
    OpenFiles {
        workers: u32,
        needed: u64,
        allowed: u64,
    },
    #[error(
        "{strategy} takes no settings (it does not import `settings`), so {settings} would have no \
         effect; leave that out"
    )]
    SettingsUnread { strategy: String, settings: String },
    #[error("{strategy} ended its worker at every single call: {why}")]
    AlwaysDies { strategy: String, why: String },
    #[error(
        "{strategy}: a change could not be recorded, so the run was ended: {why}\nWhat was recorded before is in {folder}"
    )]
    Unrecorded {
        strategy: String,
        why: String,
        folder: PathBuf,
    },
    #[error(
        "there is no folder with strategies/ and wit/ here or above, nor above this program; go to one, \
         or name the path of a strategy"
    )]
    NoStrategies,
    #[error(
        "{0} has a digest, and what is pushed makes its own; name a tag, as in oci://HOST/NAME:TAG"
    )]
    PushToDigest(String),
    #[error("--out names one file, so it goes with one folder")]
    OneOut,
    #[error("{}", .0.iter().map(Self::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<CommandError>),
    #[error("--lock names {0} twice")]
    LockTwice(String),
    #[error("two cells of the batch would have the folder {}; rename one of their .wasm files", .0.display())]
    CellTwice(PathBuf),
    #[error(
        "{folder} goes on with seed {there}, not {asked}; leave --seed out or name another folder with \
         --out"
    )]
    OtherSeed {
        folder: PathBuf,
        there: u64,
        asked: u64,
    },
    #[error(
        "runner check simulates: leave --db out, or say --db sim:…; on a real database run `runner \
         --strategy …`"
    )]
    OnlySimulated,
    #[error(
        "--faults {faults}: nothing of that can happen to {strategy}, which asks no lock service that \
         can fail; name others, or one with --lock"
    )]
    NoSuchFault { faults: String, strategy: String },
    #[error("runner test tests one strategy; name one")]
    OneStrategy,
    #[error(
        "--only {given:?}: there is no such fault to inject; the calls of a change are {calls}"
    )]
    NoSuchInjection { given: String, calls: String },
    #[error("{given} can't be replayed here: {why}")]
    Replay { given: String, why: String },
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
    #[error("the runtime could not be started: {0}")]
    Runtime(io::Error),
}

/// The reasons why `runner new` wrote no folder. Nothing was left behind then.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    #[error("a strategy can't be called {name:?}: {why}")]
    Name { name: String, why: &'static str },
    #[error("{0} is one of the strategies that are here already; choose another name")]
    NameTaken(String),
    #[error(
        "--lang {given}: there is {known}; a component that another language's own tools have built \
         runs as well, by the name of its .wasm file"
    )]
    Language { given: String, known: String },
    #[error(
        "--lang {language}: there is none for --workload {kind} in that language so far, only in \
         {known}; wit/allocation.wit, in any new folder, says what to write"
    )]
    NoTemplate {
        language: &'static str,
        kind: String,
        known: String,
    },
    #[error("--workload {given}: a strategy is for one kind of workload, {kinds}")]
    Kind { given: String, kinds: String },
    #[error("{0} is there already, and nothing is ever overwritten; choose another name")]
    Exists(PathBuf),
    #[error("the folder {path} could not be written: {error}")]
    Write { path: PathBuf, error: io::Error },
}

/// The line that is printed for an error. It may contain text of strangers, and steers no terminal.
pub fn message(error: &CommandError) -> String {
    clean_lines(&format!("error: {error}"))
}
