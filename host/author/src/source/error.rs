//! Reasons why a source folder gives no component.

use super::language::Language;
use crate::toolchain::ToolchainError;
use std::io;
use std::path::PathBuf;

/// A reason why there is no component.
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

impl BuildError {
    /// Adds the path to an error of the file system.
    pub(super) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::Write { path, error }
    }
}
