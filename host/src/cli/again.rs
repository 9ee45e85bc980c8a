//! `runner bundle`, `rerun` and `compare`: commands on recorded runs.

use super::place;
use crate::command::bundle::bundle;
use crate::command::compare::compare;
use crate::command::rerun::{RerunOptions, rerun};
use crate::console::Form;
use crate::exit::{CommandError, Exit};
use crate::plan::again::Places;
use crate::run_dir::bundle::DEFAULT_UNPACKED_MIB;
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct BundleArguments {
    /// The folder of the run
    #[arg(value_name = "DIR")]
    run: PathBuf,
    /// Pack the strategies' components too
    #[arg(
        long,
        value_name = "BOOL",
        default_value_t = true,
        action = clap::ArgAction::Set
    )]
    components: bool,
    /// The bundle [default: NAME.tar.gz here, after the run's folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Exit code: 0 if the verdicts agree, and in the simulator the histories too; 1 if something differs;
/// 2 if the rerun could not start; 3 if the comparison is undecided, as for a run that was cut.
#[derive(Args)]
pub struct RerunArguments {
    /// A bundle, or the folder of a run
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Database to use instead of the recorded one; plans never contain a server's password. @FILE
    /// reads the URL from the file's first line
    #[arg(long, value_name = "URL", value_parser = place::read)]
    db: Option<String>,
    /// One server of the cluster behind --db, or @FILE; may be repeated
    #[arg(long, value_name = "URL", value_parser = place::read)]
    node: Vec<String>,
    /// Lock service to use instead of the recorded one, or @FILE
    #[arg(long, value_name = "URL", value_parser = place::read)]
    lock: Option<String>,
    /// Run on the lab of this machine, in its default folder or in DIR; starts it if necessary
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true,
          conflicts_with_all = ["db", "node"])]
    lab: Option<Option<PathBuf>>,
    /// Run the strategies of these names as they are installed now, ignoring the recorded digests
    #[arg(long)]
    other_components: bool,
    /// The new run's folder [default: results/runs/TIME-WORKLOAD]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    unpacked: UnpackedArguments,
    #[command(flatten)]
    shown: ShownArguments,
}

/// Exit code: 0 if the verdicts agree, and in the simulator, of the same plan, the histories too; 1 if
/// something differs; 2 if a run can't be read; 3 if the comparison is undecided.
#[derive(Args)]
pub struct CompareArguments {
    /// The folder of a run, or a bundle
    #[arg(value_name = "RUN")]
    first: PathBuf,
    /// Another folder or bundle
    #[arg(value_name = "RUN")]
    second: PathBuf,
    #[command(flatten)]
    unpacked: UnpackedArguments,
    #[command(flatten)]
    shown: ShownArguments,
}

#[derive(Args)]
pub struct UnpackedArguments {
    /// Largest accepted size of a run: of a bundle when unpacked, or of the files of a folder
    #[arg(long, value_name = "MIB", default_value_t = DEFAULT_UNPACKED_MIB)]
    pub unpacked_mib: u64,
}

#[derive(Args)]
pub struct ShownArguments {
    /// Print the comparison as JSON
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print errors only; read the exit code
    #[arg(long)]
    quiet: bool,
}

impl From<ShownArguments> for Form {
    fn from(arguments: ShownArguments) -> Self {
        Self::new(arguments.json, arguments.quiet)
    }
}

impl BundleArguments {
    pub fn run(self) -> Result<Exit, CommandError> {
        bundle(&self.run, self.components, self.out)
    }
}

impl RerunArguments {
    pub fn run(self) -> Result<Exit, CommandError> {
        let places = Places {
            database: self.db,
            nodes: self.node,
            locks: self.lock,
            lab: self.lab,
        };
        rerun(&RerunOptions {
            run: self.run,
            unpacked_mib: self.unpacked.unpacked_mib,
            places,
            other_components: self.other_components,
            out: self.out,
            form: self.shown.into(),
        })
    }
}

impl CompareArguments {
    pub fn run(self) -> Result<Exit, CommandError> {
        let runs = [&*self.first, &*self.second];
        compare(runs, self.unpacked.unpacked_mib, self.shown.into())
    }
}
