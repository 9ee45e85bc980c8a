//! `runner`: parses the arguments, runs the command, and exits with its code.

use contend::cli::{self, Command};
use contend::command::{self, exit::Exit};
use std::process::ExitCode;

fn main() -> ExitCode {
    let done = match cli::parse() {
        Command::Shown(text) => command::show(&text),
        Command::Run(options) => command::run::run(&options),
        Command::Batch(options) => command::batch::batch(&options),
        Command::New(options) => command::new::new(&options),
        Command::Build(options) => command::build::build(&options),
        Command::Bundle(options) => command::bundle::bundle(&options),
        Command::Check(options) => command::check::check(&options),
        Command::Compare(options) => command::compare::compare(&options),
        Command::Test(options) => command::test::test(&options),
        Command::Inspect(options) => command::inspect::inspect(&options),
        Command::List(options) => command::list::list(&options),
        Command::Push(options) => command::push::push(&options),
        Command::Pull(options) => command::pull::pull(&options),
        Command::Report(options) => command::report::report(&options),
        Command::Rerun(options) => command::rerun::rerun(&options),
        Command::Man(options) => command::man::man(&options),
        Command::Lab(command) => command::lab::lab(command),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(error) => {
            command::output::note(&command::message(&error));
            Exit::CouldNotRun.into()
        }
    }
}
