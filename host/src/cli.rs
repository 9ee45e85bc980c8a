//! The command line. The only place that names clap.

mod again;
mod check;
mod shared;
mod test;
mod workload;

use self::again::{BundleArguments, CompareArguments, RerunArguments, UnpackedArguments};
use self::check::CheckArguments;
use self::shared::SharedArguments;
use self::test::TestArguments;
use self::workload::WorkloadArguments;
use crate::command::batch::BatchOptions;
use crate::command::build::BuildOptions;
use crate::command::bundle::BundleOptions;
use crate::command::check::CheckOptions;
use crate::command::compare::CompareOptions;
use crate::command::inspect::InspectOptions;
use crate::command::lab::{LabCommand, LabVerb};
use crate::command::list::ListOptions;
use crate::command::new::NewOptions;
use crate::command::options::PlanOptions;
use crate::command::output::Output;
use crate::command::pull::PullOptions;
use crate::command::push::PushOptions;
use crate::command::report::ReportOptions;
use crate::command::rerun::RerunOptions;
use crate::command::run::RunOptions;
use crate::command::test::TestOptions;
use crate::model::lab_fault::{LabAction, LabFault};
use crate::plan::faults::FaultOption;
use crate::plan::workload_file::WorkloadOptions;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// What the command line asks for.
pub enum Command {
    Run(Box<RunOptions>),
    Batch(Box<BatchOptions>),
    New(NewOptions),
    Build(BuildOptions),
    Check(Box<CheckOptions>),
    Test(Box<TestOptions>),
    Inspect(InspectOptions),
    List(ListOptions),
    Push(PushOptions),
    Pull(PullOptions),
    Report(ReportOptions),
    Bundle(BundleOptions),
    Rerun(Box<RerunOptions>),
    Compare(CompareOptions),
    Lab(LabCommand),
}

/// Reads the arguments. Ends the program with exit code 2 and a message if they make no sense.
pub fn parse() -> Command {
    let arguments = Arguments::parse();
    match arguments.command {
        None => Command::Run(Box::new(arguments.run.into())),
        Some(Verb::Batch(batch)) => Command::Batch(Box::new((*batch).into())),
        Some(Verb::New {
            name,
            lang,
            workload,
        }) => Command::New(NewOptions {
            name,
            lang,
            workload,
        }),
        Some(Verb::Build { folders, all, out }) => {
            Command::Build(BuildOptions { folders, all, out })
        }
        Some(Verb::Check(check)) => Command::Check(Box::new((*check).into())),
        Some(Verb::Test(test)) => Command::Test(Box::new((*test).into())),
        Some(Verb::Inspect {
            strategy,
            wit,
            json,
        }) => Command::Inspect(InspectOptions {
            strategy,
            wit,
            json,
        }),
        Some(Verb::List { json }) => Command::List(ListOptions { json }),
        Some(Verb::Push {
            strategy,
            reference,
        }) => Command::Push(PushOptions {
            strategy,
            reference,
        }),
        Some(Verb::Pull {
            reference,
            out,
            update,
        }) => Command::Pull(PullOptions {
            reference,
            out,
            update,
        }),
        Some(Verb::Report {
            run,
            unpacked,
            output,
        }) => Command::Report(ReportOptions {
            run,
            unpacked_mib: unpacked.unpacked_mib,
            output: output.into(),
        }),
        Some(Verb::Bundle(bundle)) => Command::Bundle(bundle.into()),
        Some(Verb::Rerun(rerun)) => Command::Rerun(Box::new((*rerun).into())),
        Some(Verb::Compare(compare)) => Command::Compare(compare.into()),
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

#[derive(Subcommand)]
enum Verb {
    /// Run workloads × strategies × lock services one after the other, and make one table of them all;
    /// the same command again goes on where it was interrupted
    Batch(Box<BatchArguments>),
    /// Write a folder with a strategy of your own to begin with, which builds and runs at once
    New {
        /// The strategy's name; the folder of this name is made here
        #[arg(value_name = "NAME")]
        name: String,
        /// The language that it is written in: rust, c, js or python
        #[arg(long, value_name = "LANGUAGE", default_value = "rust")]
        lang: String,
        /// The kind of workload that it is for
        #[arg(
            long,
            value_name = "volume-state|ip-allocation",
            default_value = "volume-state"
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
        /// Where the component goes, instead of target/strategies/NAME.wasm
        #[arg(long, value_name = "FILE", conflicts_with = "all")]
        out: Option<PathBuf>,
    },
    /// Simulate strategies on a cluster in virtual time, each seed with faults of its own, until one
    /// goes wrong; then tell the least of it
    Check(Box<CheckArguments>),
    /// Test whether a strategy keeps the contract: limits, each fault at each call, outages, and whether
    /// it is correct
    Test(Box<TestArguments>),
    /// What a strategy is, what it can touch, and whether this runner can run it: exit code 0 if it can
    Inspect {
        /// A .wasm component, the name of a strategy, its source folder, or oci://HOST/NAME:TAG
        #[arg(value_name = "STRATEGY")]
        strategy: String,
        /// Print its interface as WIT instead: its world, and what this uses
        #[arg(long, conflicts_with = "json")]
        wit: bool,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Every strategy in strategies/: what it is for, what it can touch, whether it is built
    List {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Put a strategy into an OCI registry, where others can name it; prints the reference that stays
    Push {
        /// A .wasm component, the name of a strategy, or its source folder
        #[arg(value_name = "STRATEGY")]
        strategy: String,
        /// As in oci://registry.example/team/mine:1.0; by plain HTTP on this machine, else by HTTPS
        #[arg(value_name = "REFERENCE")]
        reference: String,
    },
    /// Fetch a strategy from an OCI registry and pin it in strategies.lock; prints its file
    Pull {
        /// As in oci://registry.example/team/mine:1.0, or with @sha256:… instead of the tag
        #[arg(value_name = "REFERENCE")]
        reference: String,
        /// Write the component here too
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Accept it if it is another than the pinned one, and pin this one
        #[arg(long)]
        update: bool,
    },
    /// Make table, CSV and verdict again from the folder of a run or a bundle, also of one that was
    /// killed
    Report {
        #[arg(value_name = "RUN")]
        run: PathBuf,
        #[command(flatten)]
        unpacked: UnpackedArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Pack the folder of a run into one file, to keep, to send, and to run again
    Bundle(BundleArguments),
    /// Run a bundle or the folder of a run again, with the same plan, seed and components, and compare
    Rerun(Box<RerunArguments>),
    /// Two runs side by side: verdicts, figures, and what differs besides
    Compare(CompareArguments),
    /// A real cluster on this machine: MariaDB with Galera, HAProxy before it, and Redis
    Lab {
        /// The lab's folder [default: $CONTEND_LAB, else /var/lib/contend-lab for root and
        /// ~/.local/state/contend/lab for others]
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
        /// MariaDB nodes, 1 to 5 [default: as before, or 3]
        #[arg(long, value_name = "N")]
        nodes: Option<u32>,
        /// The first port; all others follow from it [default: as before, or 13300]
        #[arg(long, value_name = "PORT")]
        port: Option<u16>,
        /// A MariaDB setting for each node, after the lab's own; may be repeated [default: as before]
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

#[derive(Args)]
struct RunArguments {
    /// A .wasm component, the name of a strategy, its source folder, oci://HOST/NAME:TAG, or "all"; may
    /// be repeated
    #[arg(long, value_name = "STRATEGY", required = true)]
    strategy: Vec<String>,
    /// A file, or a name in workloads/; flags come before what it says
    #[arg(long, value_name = "NAME|FILE")]
    workload: Option<String>,
    #[command(flatten)]
    numbers: WorkloadArguments,
    /// memory, file:DIR or redis://HOST:PORT; with --db sim lease, file, session or memory
    #[arg(long, value_name = "URL", default_value = "memory")]
    lock: String,
    #[command(flatten)]
    common: CommonArguments,
    /// The run's folder [default: results/runs/TIME-WORKLOAD]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
}

/// What a run and a batch are asked for alike.
#[derive(Args)]
struct CommonArguments {
    /// Root of all randomness [default: drawn, and told in the results]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Bound on one acquire or release [default: 3600]
    #[arg(long, value_name = "S")]
    change_timeout_s: Option<u64>,
    /// Bound on each strategy's trial; ends it in order [default: none]
    #[arg(long, value_name = "S")]
    time_limit_s: Option<u64>,
    /// A fault at a time of each trial: of the lab as in '2s kill n2', and with --db sim as in
    /// '1s crash n2 for 5s' or '20ms pause worker-3 for 15s'; may be repeated
    #[arg(long, value_name = "AT ACTION TARGET [for DURATION]", value_parser = FaultOption::parse)]
    fault: Vec<FaultOption>,
    /// sqlite (a fresh file for each trial), sqlite::memory:, sqlite:PATH,
    /// mysql://USER:PASSWORD@HOST:PORT/NAME, or sim for a simulated cluster, as in
    /// sim:nodes=5,regions=3,region_latency_ms=40
    #[arg(long, value_name = "URL", default_value = "sqlite")]
    db: String,
    /// Run on the lab of this machine, in its usual folder or in DIR; starts one if there is none.
    /// Its own Redis is "--lock redis"
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true,
          conflicts_with_all = ["db", "node"])]
    lab: Option<Option<PathBuf>>,
    /// One server of the cluster behind --db, for the check on all nodes; once for each
    #[arg(long, value_name = "URL")]
    node: Vec<String>,
    #[command(flatten)]
    shared: SharedArguments,
}

#[derive(Args)]
struct BatchArguments {
    /// Names in workloads/, files, or patterns of either; may be repeated
    #[arg(long, value_name = "NAME|FILE|PATTERN", required = true, num_args = 1..)]
    workload: Vec<String>,
    /// Strategies as in a run, separated by commas; may be repeated
    #[arg(
        long,
        alias = "strategies",
        value_name = "STRATEGY",
        required = true,
        value_delimiter = ','
    )]
    strategy: Vec<String>,
    /// memory, file:DIR or redis://HOST:PORT, and with --db sim lease, file, session or memory;
    /// strategies that take locks run once with each
    #[arg(long, value_name = "URL", default_value = "memory")]
    lock: Vec<String>,
    /// Run every cell so many times, each time with the next seed: all of them once, then all again
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
    #[command(flatten)]
    common: CommonArguments,
    /// The batch's folder [default: results/batches/NAME, after the file of --csv]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write the table here too, after each cell; "-" for standard output, instead of the report
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Print nothing but errors; the exit code tells the verdicts
    #[arg(long)]
    quiet: bool,
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
        let lab = arguments.common.lab.clone();
        let mut plan = arguments.common.options(arguments.strategy);
        plan.workload = arguments.workload;
        plan.locks = arguments.lock;
        plan.flags = arguments.numbers.options().or(plan.flags);
        Self {
            lab,
            plan,
            out: arguments.out,
            output: arguments.output.into(),
        }
    }
}

impl From<BatchArguments> for BatchOptions {
    fn from(arguments: BatchArguments) -> Self {
        let lab = arguments.common.lab.clone();
        Self {
            plan: arguments.common.options(arguments.strategy),
            workloads: arguments.workload,
            locks: arguments.lock,
            repeat: arguments.repeat,
            lab,
            out: arguments.out,
            output: Output {
                csv: arguments.csv,
                json: false,
                quiet: arguments.quiet,
            },
        }
    }
}

impl CommonArguments {
    /// With no workload, and locks in memory.
    fn options(self, strategies: Vec<String>) -> PlanOptions {
        PlanOptions {
            strategies,
            workload: None,
            flags: WorkloadOptions {
                seed: self.seed,
                change_timeout_s: self.change_timeout_s,
                time_limit_s: self.time_limit_s,
                // Flags replace the schedule of the file; without any, it stays.
                fault: (!self.fault.is_empty()).then_some(self.fault),
                ..WorkloadOptions::default()
            },
            defaults: WorkloadOptions::default(),
            database: self.db,
            nodes: self.node,
            autocommit_writes: self.shared.autocommit_writes,
            locks: "memory".to_owned(),
            settings: self.shared.set,
            memory_mib: self.shared.memory_mib,
            computing_ms: self.shared.computing_ms,
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
        for key in KEYS.iter().filter(|&&key| key != "kind" && key != "sim") {
            let flag = key.replace('_', "-");
            let found = command
                .get_arguments()
                .any(|a| a.get_long() == Some(flag.as_str()));
            assert!(found, "no flag --{flag} for the key {key}");
        }
    }

    #[test]
    fn the_help_of_a_run_and_a_batch_names_the_simulated_world_too() {
        let mut run = Arguments::command();
        let mut batch = run.find_subcommand("batch").unwrap().clone();
        for command in [&mut run, &mut batch] {
            let help = command.render_long_help().to_string();
            let words: Vec<_> = help.split_whitespace().collect();
            let help = words.join(" ");
            for given in [
                "sim:nodes=5,regions=3",
                "with --db sim lease, file, session or memory",
                "'1s crash n2 for 5s'",
            ] {
                assert!(help.contains(given), "{given}: {help}");
            }
        }
    }
}
