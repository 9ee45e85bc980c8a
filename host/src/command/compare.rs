//! `runner compare RUN RUN`: two runs side by side.

use crate::console::Form;
use crate::exit::{CommandError, Exit};
use crate::report::comparison::{self, Comparison};
use crate::report::json;
use crate::run::Opened;
use std::path::PathBuf;

/// The runs to compare.
pub struct CompareOptions {
    /// The folders of two runs, or bundles of them.
    pub runs: [PathBuf; 2],
    pub unpacked_mib: u64,
    pub form: Form,
}

/// Exit code: 0 if all verdicts agree, and in the simulator everything that must; 1 if something
/// differs; 3 if that can't be decided.
pub fn compare(options: &CompareOptions) -> Result<Exit, CommandError> {
    let open = |run| Opened::open(run, options.unpacked_mib);
    let [first, second] = &options.runs;
    let (first, second) = (open(first)?.side("first")?, open(second)?.side("second")?);
    let comparison = Comparison::new(&first, &second);
    options.form.print(
        || json::document(None, &comparison),
        || comparison::write(&comparison),
    )?;
    Ok(Exit::of_comparison(comparison.agreement))
}
