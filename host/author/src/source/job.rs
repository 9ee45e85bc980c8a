//! One strategy to build, from its folder to its file.

use super::error::BuildError;
use super::freshness;
use crate::model::component::About;
use crate::wasm::metadata;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

/// A source folder, and where its component goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub dir: PathBuf,
    /// The `.wasm` file to write. What it was made from is noted beside it, in a file ending `.d`.
    pub out: PathBuf,
}

/// The component that a language's tools built from a folder.
pub(super) struct Built {
    pub(super) component: Vec<u8>,
    /// The list of the files that it was made from, in the format of make.
    pub(super) sources: Vec<u8>,
    /// Start time of the build.
    pub(super) start: SystemTime,
}

/// Gives the component its metadata, and puts it in its place.
pub(super) fn put(job: &Job, built: &Built, about: &About) -> Result<(), BuildError> {
    metadata::write(&built.component, about)
        .map_err(io::Error::other)
        .and_then(|component| freshness::put(&component, &built.sources, &job.out, built.start))
        .map_err(BuildError::at(&job.out))
}
