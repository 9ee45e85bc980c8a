//! The folders of PostgreSQL's programs.

use crate::programs;
use std::fs;
use std::path::PathBuf;

/// The programs of one version lie in one folder; what is in the `PATH` may be a wrapper.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    let server = fs::canonicalize(programs::program("postgres")?).ok()?;
    let beside = server.with_file_name(name);
    match beside.exists() {
        true => Some(beside),
        false => programs::program(name),
    }
}
