//! Rust: cargo makes the component, with the toolchain's own linker for components.
//!
//! Everything that the bytes depend on is said on cargo's command line and not in a workspace's
//! `Cargo.toml`, so that a folder anywhere comes out as it would in ours. Paths of the machine are
//! kept out, so that two checkouts give the same bytes with the same compiler.

mod cargo;
mod flags;
mod shared;

use super::error::BuildError;
use super::freshness;
use super::job::{Job, put};
use crate::toolchain::{LINKER, TARGET, Toolchain};
use cargo::Package;
use shared::Shared;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

/// Builds several strategies; those of one workspace in one call of cargo, which is quicker. Returns an
/// error in any manifest before it compiles anything.
pub(super) fn build(jobs: &[&Job], progress: &mut dyn FnMut(&str)) -> Result<(), BuildError> {
    let mut left = Vec::new();
    for job in jobs {
        left.push((*job, cargo::package(&job.dir)?));
    }
    if left.is_empty() {
        return Ok(());
    }
    let toolchain = Toolchain::find(progress)?;
    progress(&format!("building with {}", toolchain.describe()));
    while let Some((_, first)) = left.first() {
        let workspace = first.workspace.clone();
        let (together, others): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|(_, package)| package.workspace == workspace);
        build_workspace(&together, &toolchain, progress)?;
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
    // Held until the components are read: another folder's may have the same name there.
    let shared = match &packages[..] {
        [package] => Shared::new(package, toolchain, progress),
        _ => None,
    };
    let mut command = match &shared {
        Some(shared) => alone(packages[0], shared, toolchain),
        None => cargo_build("build", &packages, toolchain),
    };
    let artifacts = cargo::run(&mut command, &packages, progress)?;
    for (job, package) in jobs {
        let wasm = artifacts
            .get(&package.manifest)
            .ok_or_else(|| BuildError::NotAComponent(job.dir.clone()))?;
        // Cargo has listed the sources, in the format in which we keep the list.
        let read = |path: &Path| std::fs::read(path).map_err(BuildError::at(&job.out));
        let sources = read(&wasm.with_extension("d"))?;
        let start = freshness::made(&job.dir, &sources, start);
        put(job, &read(wasm)?, &sources, start, &package.about)?;
    }
    Ok(())
}

/// Builds a folder that stands alone in the target folder that all of them share. What is said to all
/// crates is the same for every such folder, or cargo would compile their dependencies again; what is of
/// this folder is said to its own crate only.
fn alone(package: &Package, shared: &Shared, toolchain: &Toolchain) -> Command {
    let of_all = Package {
        workspace: shared.path().to_owned(),
        target_dir: shared.path().to_owned(),
        ..package.clone()
    };
    let mut command = cargo_build("rustc", &[package], toolchain);
    flags::apply(&mut command, &[&of_all], toolchain);
    command.arg("--target-dir").arg(shared.path());
    command.args(["--lib", "--"]).args(flags::of_one(package));
    command
}

/// Without `--locked`: cargo keeps the versions of a lock file anyway, and must add a dependency that
/// the strategy's author has just added. The component's digest identifies what was built.
fn cargo_build(verb: &str, packages: &[&Package], toolchain: &Toolchain) -> Command {
    let mut command = cargo::command();
    if let Some(package) = packages.first() {
        command.current_dir(&package.workspace);
    }
    command.args([verb, "--message-format=json-render-diagnostics"]);
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
