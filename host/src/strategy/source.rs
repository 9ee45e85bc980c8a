//! From a strategy's source folder to its component.
//!
//! Everything that the bytes depend on is said on cargo's command line and not in a workspace's
//! `Cargo.toml`, so that a folder anywhere comes out as it would in ours. Paths of the machine are
//! kept out, so that two checkouts give the same bytes with the same compiler. What the manifest says of
//! the strategy is written into the component.

mod cargo;
mod flags;
mod freshness;

use super::toolchain::{LINKER, TARGET, Toolchain};
use super::wasm::metadata;
use cargo::Package;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

pub use freshness::is_stale;

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
    #[error("{0} is not a folder; name the folder that has the strategy's Cargo.toml")]
    NotAFolder(PathBuf),
    #[error(
        "{0} has no Cargo.toml, so it is no strategy in Rust; build other languages with their own \
         tools and name the .wasm file"
    )]
    NoManifest(PathBuf),
    #[error(
        "{0} does not build a component; its Cargo.toml needs\n\n[lib]\ncrate-type = [\"cdylib\"]"
    )]
    NotAComponent(PathBuf),
    #[error("cargo could not be run: {0}; it comes with Rust, or set CARGO to where it is")]
    NoCargo(io::Error),
    #[error("cargo does not understand {dir}:\n{messages}")]
    Manifest { dir: PathBuf, messages: String },
    #[error("{names} did not compile:\n{messages}")]
    Compile { names: String, messages: String },
    #[error("{path}: {error}")]
    Write { path: PathBuf, error: io::Error },
}

/// Builds one strategy. Gives `out`.
pub fn build(
    dir: &Path,
    out: &Path,
    toolchain: &Toolchain,
    progress: &mut dyn FnMut(&str),
) -> Result<PathBuf, BuildError> {
    let job = Job {
        dir: dir.to_owned(),
        out: out.to_owned(),
    };
    build_all(&[job], toolchain, progress)?;
    Ok(out.to_owned())
}

/// Builds several strategies; those of one workspace in one call of cargo, which is quicker. A
/// mistake in any folder is told before anything is compiled.
pub fn build_all(
    jobs: &[Job],
    toolchain: &Toolchain,
    progress: &mut dyn FnMut(&str),
) -> Result<(), BuildError> {
    let mut left = Vec::new();
    for job in jobs {
        left.push((job, cargo::package(&job.dir)?));
    }
    while let Some((_, first)) = left.first() {
        let workspace = first.workspace.clone();
        let (together, others): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|(_, package)| package.workspace == workspace);
        build_workspace(&together, toolchain, progress)?;
        left = others;
    }
    Ok(())
}

fn build_workspace(
    jobs: &[(&Job, Package)],
    toolchain: &Toolchain,
    progress: &mut dyn FnMut(&str),
) -> Result<(), BuildError> {
    // Not the time of the end: a source that is edited while cargo runs is newer than what it made.
    let start = SystemTime::now();
    let packages: Vec<&Package> = jobs.iter().map(|(_, package)| package).collect();
    let mut command = cargo_build(&packages, toolchain);
    let artifacts = cargo::run(&mut command, &packages, progress)?;
    for (job, package) in jobs {
        let wasm = artifacts
            .get(&package.manifest)
            .ok_or_else(|| BuildError::NotAComponent(job.dir.clone()))?;
        finish(wasm, package, &job.out, start).map_err(|error| BuildError::Write {
            path: job.out.clone(),
            error,
        })?;
    }
    Ok(())
}

/// Gives what cargo made its metadata, and puts it in its place.
fn finish(wasm: &Path, package: &Package, out: &Path, made: SystemTime) -> io::Result<()> {
    let component = std::fs::read(wasm)?;
    let component = metadata::write(&component, &package.about).map_err(io::Error::other)?;
    freshness::put(&component, &wasm.with_extension("d"), out, made)
}

/// Without `--locked`: cargo keeps the versions of a lock file anyway, and the author of a strategy
/// who has just added a dependency needs it added. The component's digest tells what was built.
fn cargo_build(packages: &[&Package], toolchain: &Toolchain) -> Command {
    let mut command = cargo::command();
    if let Some(package) = packages.first() {
        command.current_dir(&package.workspace);
    }
    command.args(["build", "--message-format=json-render-diagnostics"]);
    for package in packages {
        command.args(["--package", &package.id]);
    }
    command.args(["--target", TARGET, "--profile", flags::PROFILE]);
    command.args(["--config", &format!("target.{TARGET}.linker='{LINKER}'")]);
    for setting in flags::PROFILE_SETTINGS {
        let setting = format!("profile.{}.{setting}", flags::PROFILE);
        command.args(["--config", &setting]);
    }
    flags::apply(&mut command, packages, toolchain);
    toolchain.apply(&mut command);
    command
}
