//! A run, and `runner batch`.

use super::place;
use super::shared::SharedArguments;
use super::workload::WorkloadArguments;
use crate::command::batch::{BatchOptions, batch};
use crate::command::run::run;
use crate::console::{Form, Output};
use crate::exit::{CommandError, Exit, Required};
use crate::plan::cells::CellOptions;
use crate::plan::faults::FaultOption;
use crate::plan::options::{Defaults, PlanOptions};
use crate::plan::workload_file::WorkloadOptions;
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct RunArguments {
    /// A .wasm component, the name of a strategy, its source folder, oci://HOST/NAME:TAG, or "all";
    /// several separated by commas, or repeated
    #[arg(long, value_name = "STRATEGY", required = true, value_delimiter = ',')]
    strategy: Vec<String>,
    /// A file, or a name in workloads/; flags override its values
    #[arg(long, value_name = "NAME|FILE")]
    workload: Option<String>,
    #[command(flatten)]
    numbers: WorkloadArguments,
    /// memory, file:DIR, redis://HOST:PORT, etcd://HOST:PORT,HOST:PORT, zookeeper://HOST:PORT,HOST:PORT/PATH, or the locks by name of a
    /// server, mysql:// or postgres://USER:PASSWORD@HOST:PORT/NAME; with --db sim lease, file, session, evicting, per-node,
    /// pooled or memory. @FILE has it in its first line [default: $CONTEND_LOCK, else memory]
    #[arg(long, value_name = "URL", value_parser = place::read)]
    lock: Option<String>,
    #[command(flatten)]
    common: CommonArguments,
    /// Folder of the run [default: results/runs/TIME-WORKLOAD]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    require: RequireArguments,
}

/// Options that a run and a batch share.
#[derive(Args)]
pub struct CommonArguments {
    /// Seed of all randomness [default: drawn, and written to the results]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Time limit of one acquire or release [default: 3600]
    #[arg(long, value_name = "S")]
    change_timeout_s: Option<u64>,
    /// End a trial that is stuck for this long; choose it longer than the strategy's own timeouts; 0
    /// for never [default: 60]
    #[arg(long, value_name = "S")]
    stuck_after_s: Option<u64>,
    /// Time limit of each trial; ends it in order [default: none]
    #[arg(long, value_name = "S")]
    time_limit_s: Option<u64>,
    /// Fault to inject into each trial: of the lab, for example '2s kill n2' or '2s kill all', or with --db sim '1s
    /// crash n2 for 5s' or '20ms pause worker-3 for 15s'; may be repeated
    #[arg(long, value_name = "AT ACTION TARGET [for DURATION]", value_parser = FaultOption::parse)]
    fault: Vec<FaultOption>,
    /// sqlite (a fresh file for each trial), sqlite::memory:, sqlite:PATH,
    /// mysql:// or postgres://USER:PASSWORD@HOST:PORT/NAME (with ?pgbouncer=true for a pooler in
    /// transaction mode, and its servers after --node), or sim for a simulated cluster, for example
    /// sim:nodes=5,regions=3,region_latency_ms=40 (sim:help lists its keys). @FILE reads the URL from
    /// the file's first line [default: $CONTEND_DB, else sqlite]
    #[arg(long, value_name = "URL", value_parser = place::read)]
    db: Option<String>,
    /// Run on the lab of this machine, in its default folder or in DIR; starts it if necessary. "--lock
    /// redis" means its own Redis
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true,
          conflicts_with_all = ["db", "node"])]
    lab: Option<Option<PathBuf>>,
    /// One server of the cluster behind --db, for the check on all nodes; may be repeated. The runner
    /// discovers other members if the servers publish their addresses. @FILE reads one from the file's
    /// first line [default: those in $CONTEND_NODES, if the database is that of $CONTEND_DB]
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
    /// memory, file:DIR, redis://HOST:PORT, etcd://HOST:PORT,HOST:PORT, zookeeper://HOST:PORT,HOST:PORT/PATH, mysql:// or
    /// postgres://USER:PASSWORD@HOST:PORT/NAME, and with --db sim lease, file, session, evicting, per-node, pooled or memory;
    /// strategies that take locks run once with each. @FILE reads it from the file's first line
    /// [default: $CONTEND_LOCK, else memory]
    #[arg(long, value_name = "URL", value_parser = place::read)]
    lock: Vec<String>,
    /// Number of runs of every cell, each with the next seed: all cells once, then all again
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
    #[command(flatten)]
    common: CommonArguments,
    /// Folder of the batch [default: results/batches/NAME, after the file of --csv]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Also write the table to this file, after each cell; "-" prints it instead of the report
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Print errors only; the exit code sums up the verdicts
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    require: RequireArguments,
}

#[derive(Debug, Args)]
pub struct OutputArguments {
    /// Also write the table of results to this file; "-" prints it instead of the report
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Print the results as JSON instead of the report
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print errors only; the exit code is the verdict
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Args)]
pub struct RequireArguments {
    /// Exit with code 3 unless the verdict is "valid", even if nothing was contended
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
            form: Form::new(arguments.json, arguments.quiet),
        }
    }
}

impl RunArguments {
    pub fn run(self) -> Result<Exit, CommandError> {
        let locks = place::locks(self.lock.into_iter().collect()).remove(0);
        let plan = self.common.options(self.strategy, locks);
        let plan = PlanOptions {
            workload: self.workload,
            flags: self.numbers.options().or(plan.flags),
            ..plan
        };
        let (output, required) = (self.output.into(), self.require.into());
        run(&plan, self.out.as_deref(), &output, required)
    }
}

impl BatchArguments {
    pub fn run(self) -> Result<Exit, CommandError> {
        let memory = "memory".to_owned();
        batch(&BatchOptions {
            cells: CellOptions {
                plan: self.common.options(self.strategy, memory),
                workloads: self.workload,
                locks: place::locks(self.lock),
                repeat: self.repeat,
            },
            out: self.out,
            output: Output {
                csv: self.csv,
                form: Form::new(false, self.quiet),
            },
            required: self.require.into(),
        })
    }
}

impl CommonArguments {
    /// The options with no workload.
    fn options(self, strategies: Vec<String>, locks: String) -> PlanOptions {
        let (database, nodes) = match self.lab {
            // The lab has its own servers.
            Some(_) => ("sqlite".to_owned(), Vec::new()),
            None => place::database(self.db, self.node, "sqlite"),
        };
        let shared = self.shared;
        PlanOptions {
            flags: WorkloadOptions {
                seed: self.seed,
                change_timeout_s: self.change_timeout_s,
                stuck_after_s: self.stuck_after_s,
                time_limit_s: self.time_limit_s,
                // `--fault` flags replace the schedule of the file.
                fault: (!self.fault.is_empty()).then_some(self.fault),
                ..WorkloadOptions::default()
            },
            nodes,
            lab: self.lab,
            ..shared.options(strategies, database, locks, Defaults::RUN)
        }
    }
}
