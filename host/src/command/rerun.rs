//! `runner rerun RUN`: runs a run again, and compares.

use crate::console::{Form, Screen, check_name};
use crate::exit::{CommandError, Exit};
use crate::plan::again::{Places, resolve};
use crate::report::comparison::{self, Comparison};
use crate::report::json;
use crate::run::{CarriedOut, Opened, carry_out};
use crate::run_dir::ANY_SIZE_MIB;
use std::path::PathBuf;

/// The run to repeat.
pub struct RerunOptions {
    /// The folder of a run, or a bundle of it.
    pub run: PathBuf,
    pub unpacked_mib: u64,
    /// The places to run, so far as they are not the run's own.
    pub places: Places,
    /// Run the strategies of these names as they are now, whatever their digests.
    pub other_components: bool,
    pub out: Option<PathBuf>,
    pub form: Form,
}

/// Runs the same plan with the same seed and settings, and holds what comes of it against what was
/// recorded. Exit code: 0 if the verdicts agree, and in the simulator the histories too; 1 if
/// something differs; 2 if it could not be run; 3 if that can't be decided, as of a run that was cut.
pub fn rerun(options: &RerunOptions) -> Result<Exit, CommandError> {
    check_name(options.out.as_deref())?;
    let run = Opened::open(&options.run, options.unpacked_mib)?;
    let recorded = run.side("recorded")?;
    let screen = Screen::new(options.form == Form::Nothing);
    let within = |digest: &str| run.component(digest);
    let (places, may_be_others) = (&options.places, options.other_components);
    let resolved = resolve(&run.plan, places, may_be_others, &within, &screen)?;
    let CarriedOut { report, ran } = carry_out(&resolved, options.out.as_deref(), &screen)?;
    let ran = match ran {
        Err(error) if report.trials.is_empty() => return Err(error.into()),
        ran => ran,
    };
    // Read back, as it would be later.
    let again = Opened::open(&report.folder, ANY_SIZE_MIB)?.side("again")?;
    let comparison = Comparison::new(&recorded, &again);
    let shown = options.form.print(
        || json::document(None, &comparison),
        || comparison::write(&comparison),
    );
    ran?;
    shown?;
    Ok(Exit::of_comparison(comparison.agreement))
}
