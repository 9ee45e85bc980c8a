//! The errors of commands: one message each, which says what to do.

use crate::author::registry::RegistryError;
use crate::author::registry::reference::ReferenceError;
use crate::console::OutputError;
use crate::lab::LabError;
use crate::model::error::CallError;
use crate::plan::PlanError;
use crate::run::RunError;
use crate::run_dir::RunDirError;
use crate::run_dir::bundle::BundleError;
use crate::wasm::{LoadError, clean_lines};
use std::io;
use std::path::PathBuf;

/// The reason why a command could not do what it was asked. Each is one message that says what to do.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum CommandError {
    Refused(#[from] Refusal),
    Plan(#[from] PlanError),
    Run(#[from] RunError),
    Output(#[from] OutputError),
    New(#[from] NewError),
    Load(#[from] LoadError),
    Reference(#[from] ReferenceError),
    Registry(#[from] RegistryError),
    RunDir(#[from] RunDirError),
    Bundle(#[from] BundleError),
    Lab(#[from] LabError),
}

/// The refusals of the commands themselves.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
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
    #[error(
        "{folder} goes on with seed {there}, not {asked}; leave --seed out or name another folder with \
         --out"
    )]
    OtherSeed {
        folder: PathBuf,
        there: u64,
        asked: u64,
    },
    #[error("{service} can't be measured: {why}")]
    Locks { service: String, why: CallError },
    #[error("the lock to hold: {0}")]
    Hold(String),
    #[error("runner test tests one strategy; name one")]
    OneStrategy,
    #[error(
        "--only {given:?}: there is no such fault to inject; the calls of a change are {calls}"
    )]
    NoSuchInjection { given: String, calls: String },
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
        "--lang {language}: there is none for --workload {kind} in that language so far{known}; \
         wit/{interface}.wit, in any new folder, says what to write"
    )]
    NoTemplate {
        language: &'static str,
        kind: String,
        /// The languages that have one: `, only in rust, python`; empty if none has.
        known: String,
        interface: &'static str,
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
