//! A run, and `runner batch`.

use super::place;
use super::shared::SharedArguments;
use super::workload::WorkloadArguments;
use crate::command::batch::BatchOptions;
use crate::command::exit::Required;
use crate::command::options::PlanOptions;
use crate::command::output::Output;
use crate::command::run::RunOptions;
use crate::plan::faults::FaultOption;
use crate::plan::workload_file::WorkloadOptions;
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct RunArguments {
    /// A .wasm component, the name of a strategy, its source folder, oci://HOST/NAME:TAG, or "all";
    /// several separated by commas, or repeated
    #[arg(long, value_name = "STRATEGY", required = true, value_delimiter = ',')]
    strategy: Vec<String>,
    /// A file, or a name in workloads/; flags come before what it says
    #[arg(long, value_name = "NAME|FILE")]
    workload: Option<String>,
    #[command(flatten)]
    numbers: WorkloadArguments,
    /// memory, file:DIR or redis://HOST:PORT; with --db sim lease, file, session or memory. @FILE has
    /// it in its first line [default: $CONTEND_LOCK, else memory]
    #[arg(long, value_name = "URL", value_parser = place::read)]
    lock: Option<String>,
    #[command(flatten)]
    common: CommonArguments,
    /// The run's folder [default: results/runs/TIME-WORKLOAD]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    require: RequireArguments,
}

/// What a run and a batch are asked for alike.
#[derive(Args)]
pub struct CommonArguments {
    /// Root of all randomness [default: drawn, and told in the results]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Bound on one acquire or release [default: 3600]
    #[arg(long, value_name = "S")]
    change_timeout_s: Option<u64>,
    /// End a trial in which nothing moved for so long and nothing can; longer than any way out that
    /// the strategy has by itself; 0 for never [default: 60]
    #[arg(long, value_name = "S")]
    stuck_after_s: Option<u64>,
    /// Bound on each strategy's trial; ends it in order [default: none]
    #[arg(long, value_name = "S")]
    time_limit_s: Option<u64>,
    /// A fault at a time of each trial: of the lab as in '2s kill n2', and with --db sim as in
    /// '1s crash n2 for 5s' or '20ms pause worker-3 for 15s'; may be repeated
    #[arg(long, value_name = "AT ACTION TARGET [for DURATION]", value_parser = FaultOption::parse)]
    fault: Vec<FaultOption>,
    /// sqlite (a fresh file for each trial), sqlite::memory:, sqlite:PATH,
    /// mysql://USER:PASSWORD@HOST:PORT/NAME, or sim for a simulated cluster, as in
    /// sim:nodes=5,regions=3,region_latency_ms=40 (sim:help lists its keys). @FILE has the URL in its
    /// first line [default: $CONTEND_DB, else sqlite]
    #[arg(long, value_name = "URL", value_parser = place::read)]
    db: Option<String>,
    /// Run on the lab of this machine, in its usual folder or in DIR; starts one if there is none.
    /// Its own Redis is "--lock redis"
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true,
          conflicts_with_all = ["db", "node"])]
    lab: Option<Option<PathBuf>>,
    /// One server of the cluster behind --db, for the check on all nodes; once for each. Members that
    /// are not named are found where the servers tell their addresses. @FILE has one in its first
    /// line [default: those in $CONTEND_NODES, if the database is that of $CONTEND_DB]
    #[arg(long, value_name = "URL", value_parser = place::read)]
    node: Vec<String>,
    #[command(flatten)]
    shared: SharedArguments,
}

#[derive(Args)]
pub struct BatchArguments {
    /// Names in workloads/, files, or patterns of either; several separated by commas, or repeated
    #[arg(long, value_name = "NAME|FILE|PATTERN", required = true, num_args = 1..,
          value_delimiter = ',')]
    workload: Vec<String>,
    /// Strategies as in a run; several separated by commas, or repeated
    #[arg(
        long,
        alias = "strategies",
        value_name = "STRATEGY",
        required = true,
        value_delimiter = ','
    )]
    strategy: Vec<String>,
    /// memory, file:DIR or redis://HOST:PORT, and with --db sim lease, file, session or memory;
    /// strategies that take locks run once with each. @FILE has it in its first line
    /// [default: $CONTEND_LOCK, else memory]
    #[arg(long, value_name = "URL", value_parser = place::read)]
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
    #[command(flatten)]
    require: RequireArguments,
}

#[derive(Debug, Args)]
pub struct OutputArguments {
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

#[derive(Debug, Args)]
pub struct RequireArguments {
    /// End with exit code 3 unless the verdict is "valid", also where nothing was contended
    #[arg(long, value_name = "valid", value_parser = ["valid"])]
    require: Option<String>,
}

impl From<RequireArguments> for Required {
    fn from(arguments: RequireArguments) -> Self {
        match arguments.require {
            Some(_) => Self::Valid,
            None => Self::NothingWrong,
        }
    }
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
        plan.locks = place::locks(arguments.lock.into_iter().collect()).remove(0);
        plan.flags = arguments.numbers.options().or(plan.flags);
        Self {
            lab,
            plan,
            out: arguments.out,
            output: arguments.output.into(),
            required: arguments.require.into(),
        }
    }
}

impl From<BatchArguments> for BatchOptions {
    fn from(arguments: BatchArguments) -> Self {
        let lab = arguments.common.lab.clone();
        Self {
            plan: arguments.common.options(arguments.strategy),
            workloads: arguments.workload,
            locks: place::locks(arguments.lock),
            repeat: arguments.repeat,
            lab,
            out: arguments.out,
            output: Output {
                csv: arguments.csv,
                json: false,
                quiet: arguments.quiet,
            },
            required: arguments.require.into(),
        }
    }
}

impl CommonArguments {
    /// With no workload, and locks in memory.
    fn options(self, strategies: Vec<String>) -> PlanOptions {
        let (database, nodes) = match self.lab {
            // The lab has servers of its own.
            Some(_) => ("sqlite".to_owned(), Vec::new()),
            None => place::database(self.db, self.node, "sqlite"),
        };
        PlanOptions {
            strategies,
            workload: None,
            flags: WorkloadOptions {
                seed: self.seed,
                change_timeout_s: self.change_timeout_s,
                stuck_after_s: self.stuck_after_s,
                time_limit_s: self.time_limit_s,
                // Flags replace the schedule of the file; without any, it stays.
                fault: (!self.fault.is_empty()).then_some(self.fault),
                ..WorkloadOptions::default()
            },
            defaults: WorkloadOptions::default(),
            database,
            nodes,
            autocommit_writes: self.shared.autocommit_writes,
            affected_rows: self.shared.affected_rows,
            locks: "memory".to_owned(),
            settings: self.shared.set,
            memory_mib: self.shared.memory_mib,
            computing_ms: self.shared.computing_ms,
        }
    }
}
