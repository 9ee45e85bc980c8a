//! `runner pull`: a strategy from a registry.

use super::CommandError;
use super::exit::Exit;
use super::output::{check_new, new_file, output_error, print};
use crate::author::registry::Store;
use std::fs;
use std::io::Write;
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
    let tell = &mut |line: &str| eprintln!("{line}");
    let kept = Store::usual()?.pull(&reference, options.update, tell)?;
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

fn copy(from: &Path, out: &Path) -> Result<(), CommandError> {
    let bytes = fs::read(from).map_err(|error| output_error(from, error.to_string()))?;
    let written = new_file(out, "--out")?.write_all(&bytes);
    written.map_err(|error| output_error(out, error.to_string()))
}
