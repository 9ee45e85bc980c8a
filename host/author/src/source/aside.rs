//! A file that a tool writes before it is in its place.

use super::error::BuildError;
use super::job::Job;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A temporary file in the folder's `target`, named after this process. Removed on drop.
pub(super) struct Aside {
    path: PathBuf,
}

impl Aside {
    /// Makes the place for it, whose path is absolute.
    pub(super) fn new(job: &Job) -> Result<Self, BuildError> {
        let place = || -> io::Result<PathBuf> {
            let folder = std::path::absolute(job.dir.join("target"))?;
            fs::create_dir_all(&folder)?;
            Ok(folder.join(format!(".built.{}.wasm", std::process::id())))
        };
        let path = place().map_err(BuildError::at(job.dir.join("target")))?;
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes that the tool has written.
    pub(super) fn read(&self) -> Result<Vec<u8>, BuildError> {
        fs::read(&self.path).map_err(BuildError::at(&self.path))
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
