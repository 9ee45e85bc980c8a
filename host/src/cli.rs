//! The command line. The only place that names clap.

mod again;
mod check;
mod lab;
mod locks;
mod pages;
mod place;
mod run;
mod shared;
mod test;
mod workload;

use self::again::{BundleArguments, CompareArguments, RerunArguments, UnpackedArguments};
use self::check::CheckArguments;
use self::lab::LabArguments;
use self::locks::LocksArguments;
use self::run::{BatchArguments, OutputArguments, RequireArguments, RunArguments};
use self::test::TestArguments;
use crate::command;
use crate::console::{Form, print};
use crate::exit::{CommandError, Exit};
use crate::plan::topology::keys;
use crate::workload::kinds;
use clap::{Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;
use std::sync::LazyLock;

/// Reads the arguments, and does what they say. Ends the program with exit code 2 and a message if they
/// make no sense.
pub fn run() -> Result<Exit, CommandError> {
    if std::env::args_os().any(|argument| asks_for_keys(&argument.to_string_lossy())) {
        return show(&keys::help());
    }
    let arguments = Arguments::parse();
    match arguments.command {
        None => arguments.run.run(),
        Some(Verb::Batch(batch)) => batch.run(),
        Some(Verb::New {
            name,
            lang,
            workload,
        }) => command::new::new(&name, &lang, &workload),
        Some(Verb::Build {
            folders,
            all,
            out,
            force,
        }) => command::build::build(folders, all, out.as_deref(), force),
        Some(Verb::Check(check)) => check.run(),
        Some(Verb::Test(test)) => command::test::test(&(*test).into()),
        Some(Verb::Inspect {
            strategy,
            wit,
            json,
        }) => command::inspect::inspect(&strategy, wit, Form::new(json, false)),
        Some(Verb::List { json }) => command::list::list(Form::new(json, false)),
        Some(Verb::Push {
            strategy,
            reference,
        }) => command::push::push(&strategy, &reference),
        Some(Verb::Pull {
            reference,
            out,
            update,
        }) => command::pull::pull(&reference, out.as_deref(), update),
        Some(Verb::Report {
            run,
            unpacked,
            output,
            require,
        }) => {
            let (output, required) = (output.into(), require.into());
            command::report::report(&run, unpacked.unpacked_mib, &output, required)
        }
        Some(Verb::Bundle(bundle)) => bundle.run(),
        Some(Verb::Rerun(rerun)) => rerun.run(),
        Some(Verb::Compare(compare)) => compare.run(),
        Some(Verb::Lab { dir, verb }) => verb.run(dir),
        Some(Verb::Locks(locks)) => locks.run(),
        Some(Verb::Completions { shell }) => show(&pages::completions(shell)),
        Some(Verb::Man { out }) => command::man::man(&pages::manual(), out.as_deref()),
    }
}

fn show(text: &str) -> Result<Exit, CommandError> {
    print(text.as_bytes())?;
    Ok(Exit::Done)
}

/// True for `sim:help` or `--db=sim:help`, with any other arguments beside it.
fn asks_for_keys(argument: &str) -> bool {
    let value = argument.strip_prefix("--db=").unwrap_or(argument);
    value.strip_prefix("sim:") == Some(keys::HELP)
}

/// Measure and check ways of changing shared state on your database, under your contention
///
/// Runs each strategy on the workload, one after the other on fresh data, and checks its history. Exit
/// code: 0 valid, or measured with nothing contended and nothing wrong; 1 violated; 2 could not run; 3
/// unknown, or cut before the planned end.
#[derive(Parser)]
#[command(
    name = "runner",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Verb>,
    #[command(flatten)]
    run: RunArguments,
}

/// The kinds of workload, as help offers them.
static KINDS: LazyLock<String> = LazyLock::new(kinds::words);

#[derive(Subcommand)]
enum Verb {
    /// Run workloads × strategies × lock services one after the other, and write one table of all
    /// results; the same command resumes an interrupted batch
    Batch(Box<BatchArguments>),
    /// Create a folder with the source of a new strategy that builds and runs at once
    New {
        /// Name of the strategy; a folder of this name is created in the current one
        #[arg(value_name = "NAME")]
        name: String,
        /// Language of the source: rust, c, js or python
        #[arg(long, value_name = "LANGUAGE", default_value = "rust")]
        lang: String,
        /// Kind of workload that the strategy solves
        #[arg(
            long,
            value_name = KINDS.as_str(),
            default_value = kinds::usual().name()
        )]
        workload: String,
    },
    /// Build strategies from their source folders into components
    Build {
        /// Source folders, or names in strategies/
        #[arg(value_name = "DIR", required_unless_present = "all")]
        folders: Vec<String>,
        /// Every strategy in strategies/
        #[arg(long, conflicts_with = "folders")]
        all: bool,
        /// Component to write, instead of target/strategies/NAME.wasm
        #[arg(long, value_name = "FILE", conflicts_with = "all")]
        out: Option<PathBuf>,
        /// Build also what is up to date
        #[arg(long)]
        force: bool,
    },
    /// Simulate strategies with many seeds and random faults; on the first violation, print a minimal
    /// reproduction
    Check(Box<CheckArguments>),
    /// Test a strategy against the contract: limits, each error at each call, outages, correctness
    Test(Box<TestArguments>),
    /// Show a strategy's imports, limits and origin; exit code 0 if this runner can run it
    Inspect {
        /// A .wasm component, the name of a strategy, its source folder, or oci://HOST/NAME:TAG
        #[arg(value_name = "STRATEGY")]
        strategy: String,
        /// Print its interface as WIT instead: its world, and the interfaces that the world uses
        #[arg(long, conflicts_with = "json")]
        wit: bool,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// List the strategies in strategies/: purpose, capabilities, and state of the build
    List {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Push a strategy to an OCI registry; prints the reference with its digest, which never changes
    Push {
        /// A .wasm component, the name of a strategy, or its source folder
        #[arg(value_name = "STRATEGY")]
        strategy: String,
        /// For example oci://registry.example/team/mine:1.0; plain HTTP on this machine, else HTTPS
        #[arg(value_name = "REFERENCE")]
        reference: String,
    },
    /// Pull a strategy from an OCI registry and pin it in strategies.lock; prints the path of its file
    Pull {
        /// For example oci://registry.example/team/mine:1.0, or with @sha256:… instead of the tag
        #[arg(value_name = "REFERENCE")]
        reference: String,
        /// Write the component here too
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Accept a digest that differs from the pinned one, and pin it
        #[arg(long)]
        update: bool,
    },
    /// Recompute table, CSV and verdict from the folder of a run or a batch or from a bundle, even if
    /// the run was killed
    Report {
        #[arg(value_name = "RUN")]
        run: PathBuf,
        #[command(flatten)]
        unpacked: UnpackedArguments,
        #[command(flatten)]
        output: OutputArguments,
        #[command(flatten)]
        require: RequireArguments,
    },
    /// Pack the folder of a run into one file, to keep, to send, or to rerun
    Bundle(BundleArguments),
    /// Run a bundle or the folder of a run again, with the same plan, seed and components, and compare
    Rerun(Box<RerunArguments>),
    /// Compare two runs: verdicts, figures and other differences
    Compare(CompareArguments),
    /// Manage a real cluster on this machine: MariaDB with Galera behind HAProxy, and Redis
    Lab {
        /// The lab's folder [default: $CONTEND_LAB, else /var/lib/contend-lab for root and
        /// ~/.local/state/contend/lab for others]
        #[arg(long, value_name = "DIR", global = true)]
        dir: Option<PathBuf>,
        #[command(subcommand)]
        verb: LabArguments,
    },
    /// Measure what lock services really give, and hold it against what they claim
    Locks(LocksArguments),
    /// Print a shell completion script
    Completions {
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Print the manual page, or write the pages of all commands into a folder
    Man {
        /// Folder for runner.1 and a page for each command
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::workload_file::KEYS;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    #[test]
    fn arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    /// `run` is what the program does without a command; completions are clap's own.
    #[test]
    fn each_file_of_command_is_a_command_and_each_command_has_one() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/command");
        let entries = std::fs::read_dir(folder).unwrap();
        let stem = |path: PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
        let files: BTreeSet<_> = entries.map(|entry| stem(entry.unwrap().path())).collect();
        let command = Arguments::command();
        let verbs = command.get_subcommands().map(clap::Command::get_name);
        let verbs = verbs.filter(|verb| !["completions", "help"].contains(verb));
        let known: BTreeSet<_> = verbs.chain(["run"]).map(str::to_owned).collect();
        assert_eq!(files, known);
    }

    #[test]
    fn every_key_of_a_workload_file_is_a_flag() {
        let command = Arguments::command();
        let own = kinds::keys().map(|key| key.name);
        let keys = KEYS.iter().copied().chain(own);
        for key in keys.filter(|key| !["kind", "sim"].contains(key)) {
            let flag = key.replace('_', "-");
            let found = command
                .get_arguments()
                .any(|a| a.get_long() == Some(flag.as_str()));
            assert!(found, "no flag --{flag} for the key {key}");
        }
    }

    #[test]
    fn help_of_run_and_batch_names_the_simulated_world() {
        let mut run = Arguments::command();
        let mut batch = run.find_subcommand("batch").unwrap().clone();
        for command in [&mut run, &mut batch] {
            let help = command.render_long_help().to_string();
            let words: Vec<_> = help.split_whitespace().collect();
            let help = words.join(" ");
            for given in [
                "sim:nodes=5,regions=3",
                "with --db sim lease, file, session, evicting, per-node, pooled or memory",
                "'1s crash n2 for 5s'",
            ] {
                assert!(help.contains(given), "{given}: {help}");
            }
        }
    }
}
