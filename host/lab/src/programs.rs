//! The programs that a lab is made of, and how to get those that are missing.

use super::error::LabError;
use std::env;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Searched instead of `PATH` and the system's folders, if it is set.
pub const SEARCH: &str = "CONTEND_LAB_PATH";

/// Servers are in folders that are often not in a user's `PATH`.
const SYSTEM: &[&str] = &["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// Each program and the Debian package that has it.
const NEEDED: &[(&str, &str)] = &[
    ("mariadbd", "mariadb-server"),
    ("mariadb-install-db", "mariadb-server"),
    ("mariadb", "mariadb-server"),
    ("rsync", "rsync"),
    ("haproxy", "haproxy"),
    ("redis-server", "redis-server"),
    ("setsid", "util-linux"),
];

/// Folders in which distributions install Galera's library.
const PROVIDER: &str = "libgalera_smm.so";
const PROVIDER_PLACES: &[&str] = &[
    "/usr/lib/galera",
    "/usr/lib64/galera-4",
    "/usr/lib/galera-4",
    "/usr/lib64/galera",
    "/usr/lib",
    "/usr/lib64",
];

/// Paths of the programs.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub(super) mariadbd: PathBuf,
    pub(super) install_db: PathBuf,
    pub(super) haproxy: PathBuf,
    pub(super) redis: PathBuf,
    pub(super) setsid: PathBuf,
    pub(super) provider: PathBuf,
}

impl Programs {
    /// Finds them all. The error lists all that are missing, and how to install them.
    pub(super) fn find() -> Result<Self, LabError> {
        let mut what = Vec::new();
        let mut packages = Vec::new();
        let mut missing = |name: &str, package: &'static str| {
            what.push(name.to_owned());
            if !packages.contains(&package) {
                packages.push(package);
            }
        };
        for (name, package) in NEEDED {
            if program(name).is_none() {
                missing(name, package);
            }
        }
        let provider = PROVIDER_PLACES
            .iter()
            .map(|place| Path::new(place).join(PROVIDER));
        let provider = provider.into_iter().find(|path| path.exists());
        if provider.is_none() {
            missing(PROVIDER, "galera-4");
        }
        let (true, Some(provider)) = (what.is_empty(), provider) else {
            let install = install_command(&packages);
            return Err(LabError::Missing { what, install });
        };
        let found = |name: &str| program(name).expect("found just now");
        Ok(Self {
            mariadbd: found("mariadbd"),
            install_db: found("mariadb-install-db"),
            haproxy: found("haproxy"),
            redis: found("redis-server"),
            setsid: found("setsid"),
            provider,
        })
    }
}

/// The client, with which nodes are asked how they are. A lab is seen and stopped without it.
pub(super) fn client() -> Option<PathBuf> {
    program("mariadb")
}

/// The `PATH` with which the servers find their own helpers.
pub(super) fn search_path() -> String {
    let folders: Vec<_> = folders().iter().map(|f| f.display().to_string()).collect();
    folders.join(":")
}

fn program(name: &str) -> Option<PathBuf> {
    let runs = |path: &PathBuf| {
        let metadata = path.metadata();
        metadata.is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    };
    let mut places = folders().into_iter().map(|folder| folder.join(name));
    places.find(runs)
}

fn folders() -> Vec<PathBuf> {
    if let Some(only) = env::var_os(SEARCH) {
        return env::split_paths(&only).collect();
    }
    let mut folders: Vec<_> = env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .filter(|folder| folder.is_absolute())
        .collect();
    folders.extend(SYSTEM.iter().map(PathBuf::from));
    folders
}

fn install_command(packages: &[&str]) -> String {
    format!(
        "`sudo apt-get install --no-install-recommends {}` (Debian, Ubuntu). The lab needs no system \
         service, so stop those that the packages start.",
        packages.join(" ")
    )
}
