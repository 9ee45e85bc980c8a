//! One strategy to build, from its folder to its file.

use super::error::BuildError;
use super::language::Language;
use super::manifest::{self, Manifest};
use super::{freshness, tool};
use crate::model::component::About;
use crate::wasm::metadata;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use tempfile::TempPath;

/// A source folder, and where its component goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub dir: PathBuf,
    /// The `.wasm` file to write. What it was made from is noted beside it, in a file ending `.d`.
    pub out: PathBuf,
}

impl Job {
    /// A place in the folder's `target`, as an absolute path, for a tool to write to. What is there is
    /// removed on drop.
    pub(super) fn aside(&self) -> Result<TempPath, BuildError> {
        let folder = self.dir.join("target");
        let made = std::path::absolute(&folder).and_then(|folder| {
            fs::create_dir_all(&folder)?;
            let mut named = tempfile::Builder::new();
            named.prefix(".built.").suffix(".wasm").tempfile_in(folder)
        });
        let file = made.map_err(BuildError::at(folder))?;
        Ok(file.into_temp_path())
    }
}

/// A build that has begun, by the tools of another language than Rust.
pub(super) struct Build<'a> {
    job: &'a Job,
    start: SystemTime,
    pub(super) manifest: Manifest,
    sources: Vec<u8>,
}

impl<'a> Build<'a> {
    pub(super) fn begin(job: &'a Job, language: Language) -> Result<Self, BuildError> {
        Ok(Self {
            job,
            start: SystemTime::now(),
            manifest: manifest::read(&job.dir, language)?,
            sources: freshness::list(&job.dir, language, &job.out),
        })
    }

    /// Runs the compiler, and gives the bytes that it wrote.
    pub(super) fn compile(
        &self,
        command: &mut Command,
        made: &Path,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Vec<u8>, BuildError> {
        tool::compile(command, self.job, progress)?;
        fs::read(made).map_err(BuildError::at(made))
    }

    pub(super) fn put(&self, component: &[u8]) -> Result<(), BuildError> {
        let about = &self.manifest.about;
        put(self.job, component, &self.sources, self.start, about)
    }
}

/// Gives the component its metadata, and puts it in its place. The list of the files that it was made
/// from is in the format of make; `start` is the time at which the build began.
pub(super) fn put(
    job: &Job,
    component: &[u8],
    sources: &[u8],
    start: SystemTime,
    about: &About,
) -> Result<(), BuildError> {
    metadata::write(component, about)
        .map_err(io::Error::other)
        .and_then(|component| freshness::put(&component, sources, &job.out, start))
        .map_err(BuildError::at(&job.out))
}
