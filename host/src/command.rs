//! The commands of the runner, one file for each. Here everything is connected, and nothing is
//! worked out.

pub mod batch;
pub mod build;
pub mod bundle;
pub mod check;
pub mod compare;
mod components;
mod error;
pub mod exit;
pub mod inspect;
mod judged;
pub mod lab;
pub mod list;
pub mod machine;
pub mod man;
pub mod new;
mod opened;
pub mod options;
pub mod output;
mod progress;
pub mod pull;
pub mod push;
mod recorded;
pub mod report;
pub mod rerun;
mod resolve;
pub mod run;
mod settings;
mod terminal;
pub mod test;
mod untried;
mod with_lab;

pub use self::error::{CommandError, message};

/// Prints a text that needs nothing to be done.
pub fn show(text: &str) -> Result<exit::Exit, CommandError> {
    output::print(text.as_bytes())?;
    Ok(exit::Exit::Done)
}
