//! `runner compare RUN RUN`: two runs side by side.

use crate::console::Form;
use crate::exit::{CommandError, Exit};
use crate::report::comparison::{self, Comparison};
use crate::report::json;
use crate::run::Opened;
use std::path::Path;

/// Compares the folders of two runs, or bundles of them. Exit code: 0 if all verdicts agree, and in the simulator
/// everything that must; 1 if something differs; 3 if that can't be decided.
pub fn compare(runs: [&Path; 2], unpacked_mib: u64, form: Form) -> Result<Exit, CommandError> {
    let [first, second] = runs.map(|run| Opened::open(run, unpacked_mib));
    let (first, second) = (first?.side("first")?, second?.side("second")?);
    let comparison = Comparison::new(&first, &second);
    form.print(
        || json::document(None, &comparison),
        || comparison::write(&comparison),
    )?;
    Ok(Exit::of_comparison(comparison.agreement))
}
