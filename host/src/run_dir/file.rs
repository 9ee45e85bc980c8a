//! Files that are whole or not there, and what is wrong with the others.

use super::{RunDirError, regular};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), RunDirError> {
    replace(path, |out| {
        serde_json::to_writer_pretty(&mut *out, value)?;
        out.write_all(b"\n")
    })
}

/// Writes a file beside and moves it into place, so that a file that is there is whole.
pub(super) fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), RunDirError> {
    replace_by(&aside(path), path, write)
}

/// The same, where it is not ours to say which names are free.
pub(super) fn replace_by(
    beside: &Path,
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), RunDirError> {
    let attempt = || {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(beside)?;
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.flush()?;
        fs::rename(beside, path)
    };
    attempt().map_err(|source| {
        // On a full disk, what is left of it may be needed for something smaller.
        fs::remove_file(beside).ok();
        RunDirError::at(path)(source)
    })
}

/// The path of a file until it is whole.
pub(super) fn aside(path: &Path) -> PathBuf {
    path.with_extension("part")
}

/// A file's value; nothing if there is no such file.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, RunDirError> {
    read_json_by(path, |text| serde_json::from_slice(text))
}

/// The same, of a type that only the reader knows.
pub(super) fn read_json_by<T>(
    path: &Path,
    read: impl FnOnce(&[u8]) -> serde_json::Result<T>,
) -> Result<Option<T>, RunDirError> {
    let io_error = RunDirError::at(path);
    match regular::read(path).map_err(io_error)? {
        None => Ok(None),
        Some(text) => read(&text)
            .map(Some)
            .map_err(|error| io_error(error.into())),
    }
}

/// An error if a file has not as many lines as were recorded.
pub(super) fn whole(path: PathBuf, found: usize, recorded: Option<u64>) -> Result<(), RunDirError> {
    let found = found as u64;
    match recorded {
        Some(recorded) if recorded != found => Err(RunDirError::NotWhole {
            path,
            found,
            recorded,
        }),
        _ => Ok(()),
    }
}
