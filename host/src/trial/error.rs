//! Errors of a trial without a whole record.

use crate::lab::LabError;
use crate::model::error::CallError;
use crate::run_dir::RunDirError;
use contend_dst::Stuck;
use std::fmt::Display;
use std::io;

/// The reason why a trial could not be run or not be recorded to its end. A strategy is at fault in none of these.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    #[error("{what}: {} ({})", error.message, error.code)]
    Backend { what: String, error: CallError },
    /// The record lacks changes or conditions, so nothing can be concluded from it.
    #[error("a change could not be recorded: {0}")]
    Unrecorded(String),
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    #[error(transparent)]
    Lab(#[from] LabError),
    #[error("the runtime could not be started: {0}")]
    Runtime(io::Error),
    #[error(
        "the simulation came to a standstill {}: the model is at fault; please report it with the \
         command that led here",
        match .0 { Stuck::ForEver => "(nothing left to happen)", Stuck::OutOfTime => "(a year went by)" }
    )]
    Standstill(Stuck),
}

/// Makes an error of the action that could not be done, and of the error that says why.
pub fn backend_error(what: impl Display) -> impl FnOnce(CallError) -> TrialError {
    let what = what.to_string();
    move |error| TrialError::Backend { what, error }
}
