//! `runner pull`: a strategy from a registry.

use crate::author::registry::Store;
use crate::console::{OutputError, check_new, note, print, write_new};
use crate::exit::{CommandError, Exit};
use std::fs;
use std::path::{Path, PathBuf};

/// The reference to fetch, and the destination.
pub struct PullOptions {
    pub reference: String,
    /// A second destination of the component.
    pub out: Option<PathBuf>,
    /// It may be another than the pinned one.
    pub update: bool,
}

/// Asks the registry, keeps and pins what it gives, and prints the component's file.
pub fn pull(options: &PullOptions) -> Result<Exit, CommandError> {
    let reference = options.reference.parse()?;
    check_new(options.out.as_deref(), "--out")?;
    let kept = Store::usual()?.pull(&reference, options.update, &mut |line| note(line))?;
    let file = match &options.out {
        Some(out) => {
            copy(&kept, out)?;
            out
        }
        None => &kept,
    };
    print(format!("{}\n", file.display()).as_bytes())?;
    Ok(Exit::Done)
}

fn copy(from: &Path, out: &Path) -> Result<(), OutputError> {
    let bytes = fs::read(from).map_err(|error| OutputError::at(from, error))?;
    write_new(out, "--out", &bytes)
}
