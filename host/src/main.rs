//! `runner`: parses the arguments, runs the command, and exits with its code.

use contend::cli;
use contend::console::note;
use contend::exit::{Exit, message};
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(exit) => exit.into(),
        Err(error) => {
            note(&message(&error));
            Exit::CouldNotRun.into()
        }
    }
}
