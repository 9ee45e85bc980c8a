//! `runner bundle DIR`: a run in one file.

use crate::console::{OutputError, new_file, note, print};
use crate::exit::{CommandError, Exit};
use crate::model::end::Ended;
use crate::plan::at_hand::{AtHand, digests};
use crate::run::Opened;
use crate::run_dir::bundle::{Component, DEFAULT_UNPACKED_MIB, pack};
use crate::run_dir::{ANY_SIZE_MIB, RunDir, RunDirError};
use crate::wasm::clean_lines;
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

const NO_COMPONENT: &str = "leave the components out with --components false";

/// Packs the folder of a run, and the strategies' components with it if asked. Says on standard error what it lacks.
pub fn bundle(
    root: &Path,
    with_components: bool,
    out: Option<PathBuf>,
) -> Result<Exit, CommandError> {
    // What is a bundle already is no folder of a run, and refused as that.
    RunDir::open(root, ANY_SIZE_MIB)?;
    let run = Opened::open(root, ANY_SIZE_MIB)?;
    for remark in unfinished(&run)? {
        note(&format!("note: {}", clean_lines(&remark)));
    }
    let components = match with_components {
        true => components(&run)?,
        false => Vec::new(),
    };
    let path = out.map_or_else(|| default_out(root), Ok)?;
    let file = new_file(&path, "--out")?;
    let packed = pack(&run.folder, &run.plan, &components, BufWriter::new(file));
    let manifest = packed.inspect_err(|_| {
        fs::remove_file(&path).ok();
    })?;
    let size = fs::metadata(&path).map_err(|error| OutputError::at(&path, error))?;
    let mib = manifest.bytes().div_ceil(1 << 20);
    if mib > DEFAULT_UNPACKED_MIB {
        note(&format!("note: to open it, pass --unpacked-mib {mib}"));
    }
    let text = format!(
        "{}: {} files, {} of them components, {} KiB\n",
        path.display(),
        manifest.files.len(),
        manifest.components(),
        size.len().div_ceil(1024),
    );
    print(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Lists the parts that are missing of a run that was begun. Returns an error if there is nothing, or
/// if something is there that is not whole.
fn unfinished(run: &Opened) -> Result<Vec<String>, CommandError> {
    let report = run.report()?;
    let not_run = report
        .not_run
        .iter()
        .map(|name| format!("{name} was not run"));
    let cut = report.trials.iter().filter_map(|trial| match trial.ended {
        Some(Ended::Completed | Ended::TimeLimit | Ended::Stuck) => None,
        Some(how) => Some(format!("{} ended early: {}", trial.strategy, how.as_str())),
        None => Some(format!("{} is not finished", trial.strategy)),
    });
    let sentence = |what: String| format!("the run is not finished: {what}; it is packed as it is");
    Ok(not_run.chain(cut).map(sentence).collect())
}

fn components(run: &Opened) -> Result<Vec<Component>, CommandError> {
    let at_hand = AtHand::look();
    let within = |digest: &str| run.component(digest);
    let found = digests(&run.plan).into_iter().map(|planned| {
        Ok(Component {
            path: at_hand.find(planned, &within, NO_COMPONENT)?,
            digest: planned.digest.clone(),
        })
    });
    found.collect()
}

/// `NAME.tar.gz` here, after the run's folder.
fn default_out(run: &Path) -> Result<PathBuf, CommandError> {
    let folder = fs::canonicalize(run).map_err(RunDirError::at(run))?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    Ok(PathBuf::from(format!("{name}.tar.gz")))
}
