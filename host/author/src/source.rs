//! Builds a strategy's source folder into a component, with the ordinary tools of its language. The
//! error for a missing tool contains the command that installs it; the runner itself fetches only
//! Rust's WebAssembly target. The metadata of the manifest is written into the component.

mod aside;
mod c;
mod freshness;
mod js;
mod language;
mod manifest;
mod python;
mod rust;
mod tool;

use super::toolchain::ToolchainError;
use crate::model::component::About;
use crate::wasm::metadata;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

pub use freshness::is_stale;
pub use language::Language;
pub use manifest::description;

/// A source folder, and where its component goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub dir: PathBuf,
    /// The `.wasm` file to write. What it was made from is noted beside it, in a file ending `.d`.
    pub out: PathBuf,
}

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("{0} is not a folder; name the folder that has the strategy's source")]
    NotAFolder(PathBuf),
    #[error(
        "{0} has no source of a strategy: that is a folder with a {manifests}; build other languages \
         with their own tools and name the .wasm file",
        manifests = Language::manifests()
    )]
    NoManifest(PathBuf),
    #[error(
        "{0} does not build a component; its Cargo.toml needs\n\n[lib]\ncrate-type = [\"cdylib\"]"
    )]
    NotAComponent(PathBuf),
    #[error("cargo could not be run: {0}; it comes with Rust, or set CARGO to where it is")]
    NoCargo(io::Error),
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// A missing tool, and the command that installs it.
    #[error("{dir} can't be built: {what}")]
    Missing { dir: PathBuf, what: String },
    #[error("cargo does not understand {dir}:\n{messages}")]
    Cargo { dir: PathBuf, messages: String },
    #[error("{path}: {why}")]
    Manifest { path: PathBuf, why: String },
    #[error("the contract in {path} can't be read: {why}; `runner new` writes one")]
    Contract { path: PathBuf, why: String },
    #[error("{names} did not compile:\n{messages}")]
    Compile { names: String, messages: String },
    #[error("{path}: {error}")]
    Write { path: PathBuf, error: io::Error },
}

/// Builds several strategies, and reports slow steps to `progress`. Returns an error for a folder
/// without source before it compiles anything.
pub fn build_all(jobs: &[Job], progress: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
    let mut languages = Vec::new();
    for job in jobs {
        if !job.dir.is_dir() {
            return Err(BuildError::NotAFolder(job.dir.clone()));
        }
        let language = Language::from_folder(&job.dir);
        languages.push(language.ok_or_else(|| BuildError::NoManifest(job.dir.clone()))?);
    }
    let of = |wanted| {
        let both = jobs.iter().zip(&languages);
        let some = both.filter(move |(_, language)| **language == wanted);
        some.map(|(job, _)| job).collect::<Vec<_>>()
    };
    rust::build(&of(Language::Rust), progress)?;
    for job in of(Language::C) {
        c::build(job, progress)?;
    }
    for job in of(Language::JavaScript) {
        js::build(job, progress)?;
    }
    for job in of(Language::Python) {
        python::build(job, progress)?;
    }
    Ok(())
}

/// The component that a language's tools built from a folder.
struct Built {
    component: Vec<u8>,
    /// The list of the files that it was made from, in the format of make.
    sources: Vec<u8>,
    /// Start time of the build.
    start: SystemTime,
}

/// Gives the component its metadata, and puts it in its place.
fn put(job: &Job, built: &Built, about: &About) -> Result<(), BuildError> {
    metadata::write(&built.component, about)
        .map_err(io::Error::other)
        .and_then(|component| freshness::put(&component, &built.sources, &job.out, built.start))
        .map_err(|error| BuildError::Write {
            path: job.out.clone(),
            error,
        })
}
