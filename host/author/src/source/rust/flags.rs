//! Flags that make the bytes of a component depend on source and compiler only.

use super::cargo::Package;
use crate::toolchain::Toolchain;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) const PROFILE: &str = "strategy";

/// Small and quick to start; a panic is a trap. Said in full, so that nothing of a workspace's own
/// `profile.release` shows.
pub(super) const PROFILE_SETTINGS: [&str; 10] = [
    "inherits='release'",
    "opt-level='s'",
    "lto=true",
    "codegen-units=1",
    "panic='abort'",
    "strip=true",
    "debug=0",
    "debug-assertions=false",
    "overflow-checks=false",
    "incremental=false",
];

/// One page of WebAssembly for the stack and for data behind it, instead of sixteen and one: with
/// thousands of workers, memory is what counts. Of the last 4 KiB, which is as much as the machine
/// gives at least, one half is where the stack begins and the other is for the data, so that a small
/// strategy takes them once.
const STACK: &str = "-Clink-arg=-zstack-size=63488";

/// Passes the compiler's flags by the variable that wins over all other ways to give them, so that
/// a user's own RUSTFLAGS change nothing; it also takes paths with spaces.
pub(super) fn apply(command: &mut Command, packages: &[&Package], toolchain: &Toolchain) {
    let mut flags = OsString::from(STACK);
    for (from, to) in remaps(packages, toolchain) {
        flags.push("\x1f--remap-path-prefix=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", flags);
    // Cargo's own variable for this wins over the profile.
    command.env("CARGO_INCREMENTAL", "0");
    // Cargo gives what a wrapper compiles another name, and so other bytes.
    command.env_remove("RUSTC_WORKSPACE_WRAPPER");
}

/// Flags for the crate of a folder that stands alone: its own path is kept out.
pub(super) fn of_one(package: &Package) -> Vec<OsString> {
    let mut folders = vec![package.workspace.clone()];
    folders.extend(package.workspace.canonicalize());
    folders.dedup();
    let flag = |folder: PathBuf| {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(folder);
        flag.push("=/src");
        flag
    };
    folders.into_iter().map(flag).collect()
}

/// The paths of this machine that would end up in a component, and what stands for them. The
/// compiler takes the last that fits, so the narrower ones come later.
fn remaps(packages: &[&Package], toolchain: &Toolchain) -> Vec<(PathBuf, String)> {
    let mut remaps = vec![(toolchain.sysroot().to_owned(), "/rust".to_owned())];
    if let Some(home) = cargo_home() {
        remaps.push((home.clone(), "/cargo".to_owned()));
        // Below it, a folder for each registry or mirror: the same crate is the same source.
        let registries = std::fs::read_dir(home.join("registry/src"));
        let mut registries: Vec<_> = registries.into_iter().flatten().flatten().collect();
        registries.sort_by_key(std::fs::DirEntry::file_name);
        remaps.extend(registries.iter().map(|r| (r.path(), "/crates".to_owned())));
    }
    for package in packages {
        for (name, path) in &package.path_dependencies {
            if !path.starts_with(&package.workspace) {
                remaps.push((path.clone(), format!("/src/{name}")));
            }
        }
    }
    if let Some(package) = packages.first() {
        remaps.push((package.workspace.clone(), "/src".to_owned()));
        remaps.push((package.target_dir.clone(), "/target".to_owned()));
    }
    // The compiler sees some paths as given and some with their links resolved.
    let resolved: Vec<_> = remaps
        .iter()
        .filter_map(|(from, to)| Some((from.canonicalize().ok()?, to.clone())))
        .filter(|resolved| !remaps.contains(resolved))
        .collect();
    remaps.extend(resolved);
    remaps
}

fn cargo_home() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(home)
}
