//! The reasons why a run or a search could not be carried out, or not to its end.

use crate::console::OutputError;
use crate::run_dir::RunDirError;
use crate::run_dir::bundle::BundleError;
use crate::trial::TrialError;
use std::io;
use std::path::PathBuf;

/// The reason why there is no run, no whole one, or none to read. A strategy is at fault only where it dies at every
/// call.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Trial(#[from] TrialError),
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error(
        "{database} already has a table {}, which a run would replace; drop it or name another \
         database",
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
    )]
    TablesTaken {
        database: String,
        names: &'static [&'static str],
    },
    #[error(
        "{workers} workers need {needed} open files, and {allowed} are allowed; raise the limit with \
         `ulimit -n {needed}` or run fewer workers"
    )]
    OpenFiles {
        workers: u32,
        needed: u64,
        allowed: u64,
    },
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
    #[error("the runtime could not be started: {0}")]
    Runtime(io::Error),
    #[error("{given} can't be replayed here: {why}")]
    Replay { given: String, why: String },
}
