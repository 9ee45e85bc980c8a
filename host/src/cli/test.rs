//! `runner test`.

use super::shared::SharedArguments;
use crate::command::test::TestOptions;
use clap::Args;

/// Gives each call of one change each fault that the contract lets it give, one at a time; what is
/// asked is that the strategy ends, is honest and leaves nothing in the way, and not that it succeeds.
/// Exit code: 0 passed, 1 failed, 2 could not run, 3 unknown or interrupted.
#[derive(Args)]
pub struct TestArguments {
    /// A .wasm component, the name of a strategy, or its source folder
    #[arg(value_name = "STRATEGY")]
    strategy: String,
    /// A file, or a name in workloads/, for the last parts [default: a small one]
    #[arg(long, value_name = "NAME|FILE")]
    workload: Option<String>,
    /// The simulated lock service: lease, file, session or memory
    #[arg(long, value_name = "KIND", default_value = "lease")]
    lock: String,
    /// Seeds of the simulator, so many without faults and so many with
    #[arg(long, value_name = "N", default_value_t = 300)]
    seeds: u64,
    /// Only these of the injected faults, with all calls told, as in 'acquire 3 commit indefinite'
    #[arg(long, value_name = "STEP [NUMBER [CALL [FAULT]]]")]
    only: Option<String>,
    #[command(flatten)]
    shared: SharedArguments,
    /// Print the results as JSON instead of the report
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print nothing but errors; the exit code tells how it went
    #[arg(long)]
    quiet: bool,
}

impl From<TestArguments> for TestOptions {
    fn from(arguments: TestArguments) -> Self {
        Self {
            strategy: arguments.strategy,
            workload: arguments.workload,
            locks: arguments.lock,
            seeds: arguments.seeds,
            only: arguments.only,
            settings: arguments.shared.set,
            autocommit_writes: arguments.shared.autocommit_writes,
            affected_rows: arguments.shared.affected_rows,
            memory_mib: arguments.shared.memory_mib,
            computing_ms: arguments.shared.computing_ms,
            json: arguments.json,
            quiet: arguments.quiet,
        }
    }
}
