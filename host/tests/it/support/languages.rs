//! The tools of other languages than Rust, where `make tools-languages` has put them.

use std::fs;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/languages"))
}

/// The PATH with them in front.
pub fn path() -> String {
    let folder = folder();
    let folder = folder.display();
    let usual = std::env::var("PATH").unwrap();
    format!("{folder}/venv/bin:{folder}/node_modules/.bin:{usual}")
}

/// True if those of a language could not be installed here; then the reason was told, and is again.
pub fn is_skipped(language: &str) -> bool {
    let skipped = fs::read_to_string(folder().join("skipped")).unwrap_or_default();
    let reason = skipped
        .lines()
        .find(|line| line.starts_with(&format!("{language}: ")));
    if let Some(reason) = reason {
        println!("not tested: {reason}");
    }
    reason.is_some()
}
