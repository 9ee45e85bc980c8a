//! `runner compare RUN RUN`: two runs side by side.

use super::CommandError;
use super::exit::Exit;
use super::opened::Opened;
use super::output::print;
use crate::report::comparison::{self, Comparison, Side};
use crate::report::json;
use std::path::PathBuf;

/// The runs to compare.
pub struct CompareOptions {
    /// The folders of two runs, or bundles of them.
    pub runs: [PathBuf; 2],
    pub unpacked_mib: u64,
    pub shown: Shown,
}

/// The format of a comparison.
#[derive(Debug, Clone, Copy)]
pub enum Shown {
    Text,
    Json,
    Nothing,
}

/// Exit code: 0 if all verdicts agree, and in the simulator everything that must; 1 if something
/// differs; 3 if that can't be told.
pub fn compare(options: &CompareOptions) -> Result<Exit, CommandError> {
    let open = |run| Opened::open(run, options.unpacked_mib);
    let [first, second] = &options.runs;
    let (first, second) = (
        side("first", &open(first)?)?,
        side("second", &open(second)?)?,
    );
    tell(&Comparison::new(&first, &second), options.shown)
}

/// A run as one side of a comparison.
pub(super) fn side(label: &'static str, run: &Opened) -> Result<Side, CommandError> {
    Ok(Side {
        label,
        report: run.report()?,
        machine: serde_json::to_value(run.folder.machine()?).expect("plain data"),
        histories: run.histories()?,
    })
}

/// Shows a comparison, and gives its exit code.
pub(super) fn tell(comparison: &Comparison, shown: Shown) -> Result<Exit, CommandError> {
    match shown {
        Shown::Text => print(comparison::write(comparison).as_bytes())?,
        Shown::Json => print(&json::document(None, comparison))?,
        Shown::Nothing => {}
    }
    Ok(Exit::of_comparison(comparison.agreement))
}
