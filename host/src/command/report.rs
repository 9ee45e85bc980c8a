//! `runner report RUN`: everything that a run tells, from its folder or a bundle alone.

use super::opened::Opened;
use super::output::Output;
use super::{CommandError, exit_code};
use std::path::PathBuf;
use std::process::ExitCode;

/// What to report, and where to.
pub struct ReportOptions {
    /// The folder of the run, or a bundle of it.
    pub run: PathBuf,
    /// What a bundle may take when it is unpacked.
    pub unpacked_mib: u64,
    pub output: Output,
}

/// Reports a run that has been, whole or cut short. Writes nothing into its folder.
pub fn report(options: &ReportOptions) -> Result<ExitCode, CommandError> {
    let report = Opened::open(&options.run, options.unpacked_mib)?.report()?;
    options.output.check()?;
    options.output.show(&report)?;
    Ok(exit_code(&report))
}
