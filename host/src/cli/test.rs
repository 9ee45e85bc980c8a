//! `runner test`.

use super::shared::SharedArguments;
use crate::command::test::TestOptions;
use crate::console::Form;
use crate::model::fault_class::FaultClasses;
use crate::plan::options::{Defaults, PlanOptions};
use crate::plan::search::SearchOptions;
use clap::Args;

/// Makes each call of one change return each error that the contract allows, one at a time. The
/// strategy must end, report the truth and leave nothing that blocks others; it need not succeed. Exit
/// code: 0 passed, 1 failed, 2 could not run, 3 unknown or interrupted.
#[derive(Args)]
pub struct TestArguments {
    /// A .wasm component, the name of a strategy, or its source folder
    #[arg(value_name = "STRATEGY")]
    strategy: String,
    /// Workload of the last parts: a file, or a name in workloads/ [default: a small one]
    #[arg(long, value_name = "NAME|FILE")]
    workload: Option<String>,
    /// Simulated cluster of all parts but the embedded database, for example sim:kind=postgres; sim:help
    /// lists its keys
    #[arg(long, value_name = "sim:KEY=VALUE,…", default_value = "sim")]
    db: String,
    /// Simulated lock service: lease, file, session, evicting, per-node, pooled or memory
    #[arg(long, value_name = "KIND", default_value = "lease")]
    lock: String,
    /// Number of simulated seeds, once without faults and once with
    #[arg(long, value_name = "N", default_value_t = 300)]
    seeds: u64,
    /// Inject these errors only and print every call, for example 'acquire 3 commit indefinite'
    #[arg(long, value_name = "STEP [NUMBER [CALL [FAULT]]]")]
    only: Option<String>,
    #[command(flatten)]
    shared: SharedArguments,
    /// Print the results as JSON instead of the report
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print errors only; the exit code is the result
    #[arg(long)]
    quiet: bool,
}

impl From<TestArguments> for TestOptions {
    fn from(arguments: TestArguments) -> Self {
        let strategies = vec![arguments.strategy];
        let shared = arguments.shared;
        Self {
            search: SearchOptions {
                plan: PlanOptions {
                    workload: arguments.workload,
                    ..shared.options(strategies, arguments.db, arguments.lock, Defaults::CHECK)
                },
                seeds: arguments.seeds,
                time: None,
                faults: FaultClasses::all(),
                replay: None,
                jobs: None,
            },
            only: arguments.only,
            form: Form::new(arguments.json, arguments.quiet),
        }
    }
}
