//! `runner pull`: a strategy from a registry.

use crate::author::registry::Store;
use crate::console::{OutputError, check_new, note, print, write_new};
use crate::exit::{CommandError, Exit};
use std::fs;
use std::path::Path;

/// Asks the registry, keeps and pins what it gives, and prints the component's file. `out` is a second destination;
/// with `update` it may be another component than the pinned one.
pub fn pull(reference: &str, out: Option<&Path>, update: bool) -> Result<Exit, CommandError> {
    let reference = reference.parse()?;
    check_new(out, "--out")?;
    let kept = Store::usual()?.pull(&reference, update, &mut |line| note(line))?;
    let file = match out {
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
