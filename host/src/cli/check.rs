//! `runner check`.

use super::shared::SharedArguments;
use super::workload::WorkloadArguments;
use crate::command::check::check;
use crate::console::Form;
use crate::exit::{CommandError, Exit};
use crate::model::fault_class::FaultClasses;
use crate::plan::faults::FaultOption;
use crate::plan::options::{Defaults, PlanOptions};
use crate::plan::search::SearchOptions;
use crate::plan::workload_file::WorkloadOptions;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// A small workload unless another is named: 2 rows, 3 workers on each, 3 changes, pause 1 ms, hold
/// 2 ms. Exit code: 0 no violation, 1 violated, 2 could not run, 3 unknown or interrupted.
#[derive(Args)]
pub struct CheckArguments {
    /// A .wasm component, the name of a strategy, its source folder, oci://HOST/NAME:TAG, or "all";
    /// several separated by commas or spaces
    #[arg(value_name = "STRATEGY", required = true, value_delimiter = ',')]
    strategy: Vec<String>,
    /// Seeds to try, one after the other
    #[arg(long, value_name = "N", default_value_t = 1000)]
    seeds: u64,
    /// First seed [default: 1]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Start no seed after this time, for example 30s or 10m
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    time: Option<Duration>,
    /// Kinds of faults that each seed may inject: none, all, or some of pause, crash-worker,
    /// crash-node, partition, cut, delay-apply, blind-proxy, lock-restart, lock-failover, lock-skew,
    /// promote. A promotion loses commits that were acknowledged, unless synchronous=true
    #[arg(long, value_name = "KINDS", default_value = "all")]
    faults: FaultClasses,
    /// Fault to inject with every seed, for example '20ms pause worker-3 for 15s' or '1s crash n2 for
    /// 5s'; may be repeated
    #[arg(long, value_name = "AT ACTION TARGET [for DURATION]", value_parser = FaultOption::parse)]
    fault: Vec<FaultOption>,
    /// A file, or a name in workloads/; flags override its values
    #[arg(long, value_name = "NAME|FILE")]
    workload: Option<String>,
    #[command(flatten)]
    numbers: WorkloadArguments,
    /// Simulated cluster, for example sim:nodes=5,regions=3,region_latency_ms=40, or
    /// sim:kind=postgres; sim:help lists its keys
    #[arg(long, value_name = "sim:KEY=VALUE,…", default_value = "sim")]
    db: String,
    /// Simulated lock service: lease, file, session, evicting, per-node, pooled or memory
    #[arg(long, value_name = "KIND", default_value = "lease")]
    lock: String,
    /// Time limit of one acquire or release, in simulated time [default: 60]
    #[arg(long, value_name = "S")]
    change_timeout_s: Option<u64>,
    /// End a simulation that is stuck for this long, in simulated time; 0 for never [default: 20]
    #[arg(long, value_name = "S")]
    stuck_after_s: Option<u64>,
    /// Time limit of one simulation, in simulated time [default: none]
    #[arg(long, value_name = "S")]
    time_limit_s: Option<u64>,
    #[command(flatten)]
    shared: SharedArguments,
    /// Replay a violation from the token that was printed with it, or from a seed
    #[arg(long, value_name = "TOKEN|SEED", conflicts_with_all = ["seed", "time"])]
    replay: Option<String>,
    /// Number of threads [default: one for each processor]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Also write the timeline to this file, as an HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print the results as JSON instead of the report
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print errors only; the exit code is the verdict
    #[arg(long)]
    quiet: bool,
}

impl CheckArguments {
    pub fn run(self) -> Result<Exit, CommandError> {
        let rest = WorkloadOptions {
            seed: self.seed,
            change_timeout_s: self.change_timeout_s,
            stuck_after_s: self.stuck_after_s,
            time_limit_s: self.time_limit_s,
            // `--fault` flags replace the schedule of the file.
            fault: (!self.fault.is_empty()).then_some(self.fault),
            ..WorkloadOptions::default()
        };
        let (strategies, db) = (self.strategy, self.db);
        let shared = self.shared;
        let search = SearchOptions {
            plan: PlanOptions {
                workload: self.workload,
                flags: self.numbers.options().or(rest),
                ..shared.options(strategies, db, self.lock, Defaults::CHECK)
            },
            seeds: self.seeds,
            time: self.time,
            faults: self.faults,
            replay: self.replay,
            jobs: self.jobs,
        };
        let form = Form::new(self.json, self.quiet);
        check(&search, self.html.as_deref(), form)
    }
}
