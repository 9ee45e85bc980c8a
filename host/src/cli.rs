//! The command line. The only place that names clap.

use crate::command::build::BuildOptions;
use crate::command::lab::{LabCommand, LabVerb};
use crate::command::output::Output;
use crate::command::report::ReportOptions;
use crate::command::run::RunOptions;
use crate::lab::{DEFAULT_NODES, DEFAULT_PORT};
use crate::model::lab_fault::{LabAction, LabFault};
use crate::plan::workload_file::WorkloadOptions;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// What the command line asks for.
pub enum Command {
    Run(Box<RunOptions>),
    Build(BuildOptions),
    Report(ReportOptions),
    Lab(LabCommand),
}

/// Reads the arguments. Ends the program with exit code 2 and a message if they make no sense.
pub fn parse() -> Command {
    let arguments = Arguments::parse();
    match arguments.command {
        None => Command::Run(Box::new(arguments.run.into())),
        Some(Verb::Build { folders, all, out }) => {
            Command::Build(BuildOptions { folders, all, out })
        }
        Some(Verb::Report { run, output }) => Command::Report(ReportOptions {
            run,
            output: output.into(),
        }),
        Some(Verb::Lab { dir, verb }) => Command::Lab(LabCommand {
            dir,
            verb: verb.into(),
        }),
    }
}

/// Which way of changing shared state is correct on my database, under my contention, and what does
/// it cost?
///
/// Runs each strategy on the workload, one after the other on fresh data, and judges what it did.
/// Exit code: 0 valid, 1 violated, 2 unknown or could not run.
#[derive(Debug, Parser)]
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

#[derive(Debug, Subcommand)]
enum Verb {
    /// Build strategies from their source folders into components
    Build {
        /// Source folders, or names in strategies/
        #[arg(value_name = "DIR", required_unless_present = "all")]
        folders: Vec<String>,
        /// Every strategy in strategies/
        #[arg(long, conflicts_with = "folders")]
        all: bool,
        /// Where the component goes, instead of target/strategies/NAME.wasm
        #[arg(long, value_name = "FILE", conflicts_with = "all")]
        out: Option<PathBuf>,
    },
    /// Make table, CSV and verdict again from the folder of a run, also of one that was killed
    Report {
        #[arg(value_name = "DIR")]
        run: PathBuf,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// A real cluster on this machine: MariaDB with Galera, HAProxy before it, and Redis
    Lab {
        /// The lab's folder [default: /var/lib/contend-lab for root, else
        /// ~/.local/state/contend/lab]
        #[arg(long, value_name = "DIR", global = true)]
        dir: Option<PathBuf>,
        #[command(subcommand)]
        verb: LabArguments,
    },
}

#[derive(Debug, Subcommand)]
enum LabArguments {
    /// Start a lab, or what is missing of one, and undo the faults it has
    Up {
        /// MariaDB nodes, 1 to 5
        #[arg(long, value_name = "N", default_value_t = DEFAULT_NODES)]
        nodes: u32,
        /// The first port; all others follow from it
        #[arg(long, value_name = "PORT", default_value_t = DEFAULT_PORT)]
        port: u16,
        /// A MariaDB setting for each node, after the lab's own; may be repeated
        #[arg(long, value_name = "NAME=VALUE")]
        mariadb: Vec<String>,
    },
    /// How each server is; exit code 0 if the lab is whole
    Status {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// The flags that make a run use this lab, with its password
    Url {
        /// Print the addresses as JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a server fail in some way, or end that
    Fault {
        #[arg(value_name = "pause|resume|kill|restart|isolate|heal")]
        action: LabAction,
        /// A node such as n1, haproxy or redis
        #[arg(value_name = "SERVER")]
        target: String,
    },
    /// Stop it; leaves no process
    Down {
        /// Remove its data too
        #[arg(long)]
        wipe: bool,
    },
}

impl From<LabArguments> for LabVerb {
    fn from(arguments: LabArguments) -> Self {
        match arguments {
            LabArguments::Up {
                nodes,
                port,
                mariadb,
            } => Self::Up {
                nodes,
                port,
                mariadb,
            },
            LabArguments::Status { json } => Self::Status { json },
            LabArguments::Url { json } => Self::Url { json },
            LabArguments::Fault { action, target } => Self::Fault(LabFault { action, target }),
            LabArguments::Down { wipe } => Self::Down { wipe },
        }
    }
}

#[derive(Debug, Args)]
struct RunArguments {
    /// A .wasm component, the name of a strategy, its source folder, or "all"; may be repeated
    #[arg(long, value_name = "STRATEGY", required = true)]
    strategy: Vec<String>,
    /// A file, or a name in workloads/; flags come before what it says
    #[arg(long, value_name = "NAME|FILE")]
    workload: Option<String>,
    /// Rows to compete for [default: 100]
    #[arg(long, value_name = "N")]
    rows: Option<u32>,
    /// Workers that compete for each row [default: 1]
    #[arg(long, value_name = "N")]
    workers_per_row: Option<u32>,
    /// Changes that each worker makes [default: 10]
    #[arg(long, value_name = "N")]
    changes_per_worker: Option<u32>,
    /// Wait before each change [default: 10]
    #[arg(long, value_name = "MS")]
    pause_ms: Option<u64>,
    /// Wait between acquire and release [default: 10]
    #[arg(long, value_name = "MS")]
    hold_ms: Option<u64>,
    /// Readings of all nodes after acquire, at most; 0 for no check [default: 6]
    #[arg(long, value_name = "N")]
    check_tries: Option<u32>,
    /// Wait after the n-th reading, times n [default: 250]
    #[arg(long, value_name = "MS")]
    check_wait_ms: Option<u64>,
    /// Let the database record every committed update, as proof [default: true]
    #[arg(long, value_name = "BOOL")]
    audit: Option<bool>,
    /// Root of all randomness [default: drawn, and told in the results]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Bound on one acquire or release [default: 3600]
    #[arg(long, value_name = "S")]
    change_timeout_s: Option<u64>,
    /// Bound on each strategy's trial; ends it in order [default: none]
    #[arg(long, value_name = "S")]
    time_limit_s: Option<u64>,
    /// sqlite (a fresh file for each trial), sqlite::memory: or sqlite:PATH
    #[arg(long, value_name = "URL", default_value = "sqlite")]
    db: String,
    /// memory or file:DIR
    #[arg(long, value_name = "URL", default_value = "memory")]
    lock: String,
    /// A setting for the strategy; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Memory of one instance, at most
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    memory_mib: u64,
    /// Computing time of one call of the strategy, at most; waiting is not counted
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    computing_ms: u64,
    /// The run's folder [default: results/runs/TIME-WORKLOAD]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Debug, Args)]
struct OutputArguments {
    /// Write the table of results here too; "-" for standard output, instead of the report
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Print the results as JSON instead of the report
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print nothing but errors; the exit code tells the verdict
    #[arg(long)]
    quiet: bool,
}

impl From<OutputArguments> for Output {
    fn from(arguments: OutputArguments) -> Self {
        Self {
            csv: arguments.csv,
            json: arguments.json,
            quiet: arguments.quiet,
        }
    }
}

impl From<RunArguments> for RunOptions {
    fn from(arguments: RunArguments) -> Self {
        Self {
            strategies: arguments.strategy,
            workload: arguments.workload,
            flags: WorkloadOptions {
                kind: None,
                rows: arguments.rows,
                workers_per_row: arguments.workers_per_row,
                changes_per_worker: arguments.changes_per_worker,
                pause_ms: arguments.pause_ms,
                hold_ms: arguments.hold_ms,
                check_tries: arguments.check_tries,
                check_wait_ms: arguments.check_wait_ms,
                audit: arguments.audit,
                seed: arguments.seed,
                change_timeout_s: arguments.change_timeout_s,
                time_limit_s: arguments.time_limit_s,
            },
            database: arguments.db,
            locks: arguments.lock,
            settings: arguments.set,
            memory_mib: arguments.memory_mib,
            computing_ms: arguments.computing_ms,
            out: arguments.out,
            output: arguments.output.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::workload_file::KEYS;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_key_of_a_workload_file_is_a_flag() {
        let command = Arguments::command();
        for key in KEYS.iter().filter(|&&key| key != "kind") {
            let flag = key.replace('_', "-");
            let found = command
                .get_arguments()
                .any(|a| a.get_long() == Some(flag.as_str()));
            assert!(found, "no flag --{flag} for the key {key}");
        }
    }
}
