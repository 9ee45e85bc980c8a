//! From what `--strategy` was given to a component file.

use super::home::{Home, Located};
use super::nearest::closest;
use crate::author::source::{self, Language};
use crate::wasm::clean;
use std::path::Path;

/// Why there is no such strategy.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    #[error(
        "there is no strategy {given:?}{meant} It is neither a .wasm file, nor a folder with a {manifests}, \
         nor oci://HOST/NAME:TAG, nor one of: {known}",
        manifests = Language::manifests()
    )]
    Unknown {
        given: String,
        meant: String,
        known: String,
    },
    #[error("two strategies are called {name:?}; a run keeps each in a folder of its name")]
    Twice { name: String },
}

/// The description in the manifest of a source folder, in a sentence.
pub fn description(folder: &Path) -> Option<String> {
    source::description(folder).map(|description| clean(&description))
}

/// Finds a strategy: a .wasm file, the name of one of the home's (with or without `.wasm`), or the
/// path of a source folder.
pub fn locate(given: &str, home: Option<&Home>) -> Result<Located, ResolveError> {
    let path = Path::new(given);
    let is_wasm = path
        .extension()
        .is_some_and(|extension| extension == "wasm");
    if is_wasm && (path.exists() || path.components().count() > 1) {
        return Ok(Located::Component(path.to_owned()));
    }
    let name = given.strip_suffix(".wasm").unwrap_or(given);
    if let Some(located) = home.and_then(|home| home.locate(name)) {
        return Ok(located);
    }
    if Language::from_folder(path).is_some() {
        return Ok(Located::source(path.to_owned()));
    }
    let known = home.map(Home::strategies).unwrap_or_default();
    Err(ResolveError::Unknown {
        given: given.to_owned(),
        meant: match closest(name, known.iter().map(String::as_str)) {
            Some(meant) => format!("; did you mean `{meant}`?"),
            None => ".".to_owned(),
        },
        known: match known.is_empty() {
            true => "(no strategies found)".to_owned(),
            false => known.join(", "),
        },
    })
}

/// The strategy's name: that of its file, without the ending, and without what would steer a terminal.
pub fn name(component: &Path) -> String {
    let stem = component.file_stem().unwrap_or_default();
    clean(&stem.to_string_lossy())
}
