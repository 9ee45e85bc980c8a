//! The programs that a lab is made of, and how to get those that are missing.

use super::error::LabError;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Searched instead of `PATH` and the system's folders, if it is set.
pub const SEARCH: &str = "CONTEND_LAB_PATH";

/// Servers are in folders that are often not in a user's `PATH`.
const SYSTEM: &[&str] = &["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// Each program that every lab needs, and the Debian package that has it.
const NEEDED: &[(&str, &str)] = &[
    ("haproxy", "haproxy"),
    ("redis-server", "redis-server"),
    ("setsid", "util-linux"),
];

/// Paths of the programs, and of a library.
#[derive(Debug, Clone)]
pub(super) struct Programs(BTreeMap<&'static str, PathBuf>);

impl Programs {
    /// Finds what a kind of lab needs, and what every lab does. The error lists all that are missing, and how to install them.
    pub(super) fn find(
        needed: &[(&'static str, &'static str)],
        place: &dyn Fn(&str) -> Option<PathBuf>,
    ) -> Result<Self, LabError> {
        let (mut found, mut what, mut packages) = (BTreeMap::new(), Vec::new(), Vec::new());
        for &(name, package) in needed.iter().chain(NEEDED) {
            if let Some(path) = place(name) {
                found.insert(name, path);
                continue;
            }
            what.push(name.to_owned());
            if !packages.contains(&package) {
                packages.push(package);
            }
        }
        match what.is_empty() {
            true => Ok(Self(found)),
            false => {
                let install = install_command(&packages);
                Err(LabError::Missing { what, install })
            }
        }
    }

    /// The path of one that the lab needs.
    pub(super) fn path(&self, name: &str) -> &Path {
        self.0.get(name).expect("all needed ones were found")
    }
}

/// The `PATH` with which the servers find their own helpers.
pub(super) fn search_path() -> String {
    let folders: Vec<_> = folders().iter().map(|f| f.display().to_string()).collect();
    folders.join(":")
}

pub(super) fn program(name: &str) -> Option<PathBuf> {
    if name.ends_with(".jar") {
        let mut places = java_folders().into_iter().map(|folder| folder.join(name));
        return places.find(|path| path.is_file());
    }
    let runs = |path: &PathBuf| {
        let metadata = path.metadata();
        metadata.is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    };
    let mut places = folders().into_iter().map(|folder| folder.join(name));
    places.find(runs)
}

/// Folders of Java's classes: Debian's, unless others are searched.
fn java_folders() -> Vec<PathBuf> {
    match env::var_os(SEARCH) {
        Some(only) => env::split_paths(&only).collect(),
        None => vec![PathBuf::from("/usr/share/java")],
    }
}

fn folders() -> Vec<PathBuf> {
    if let Some(only) = env::var_os(SEARCH) {
        return env::split_paths(&only).collect();
    }
    let mut folders: Vec<_> = env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .filter(|folder| folder.is_absolute())
        .collect();
    folders.extend(SYSTEM.iter().map(PathBuf::from));
    folders.extend(of_postgres());
    folders
}

/// Folders in which Debian installs PostgreSQL's programs, the newest version first.
fn of_postgres() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let version = |entry: fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    let mut versions: Vec<_> = versions.flatten().filter_map(version).collect();
    versions.sort_by_key(|&version| Reverse(version));
    let bin = |version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin"));
    versions.into_iter().map(bin).collect()
}

fn install_command(packages: &[&str]) -> String {
    format!(
        "`sudo apt-get install --no-install-recommends {}` (Debian, Ubuntu). The lab needs no system \
         service, so stop those that the packages start.",
        packages.join(" ")
    )
}
