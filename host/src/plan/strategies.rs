//! From what `--strategy` was given to a component file.

use super::home::{Home, Located};
use crate::strategy::source::{self, Language};
use crate::strategy::wasm::clean;
use std::path::Path;

/// Why there is no such strategy.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    #[error(
        "there is no strategy {given:?}: neither a .wasm file, nor a folder with a {manifests}, nor \
         oci://HOST/NAME:TAG, nor one of: {known}",
        manifests = Language::manifests()
    )]
    Unknown { given: String, known: String },
    #[error("two strategies are called {name:?}; a run keeps each in a folder of its name")]
    Twice { name: String },
}

/// What the manifest of a source folder says in a sentence.
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
    if Language::of(path).is_some() {
        return Ok(Located::Source {
            folder: path.to_owned(),
            component: path.join("target").join("strategies").join(file_name(path)),
        });
    }
    let known = home.map(|home| home.strategies().join(", "));
    let known = known.unwrap_or_default();
    Err(ResolveError::Unknown {
        given: given.to_owned(),
        known: if known.is_empty() {
            "(no strategies found)".to_owned()
        } else {
            known
        },
    })
}

fn file_name(folder: &Path) -> String {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let name = absolute.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}.wasm")
}

/// The strategy's name: that of its file, without the ending, and without what would steer a terminal.
pub fn name(component: &Path) -> String {
    let stem = component.file_stem().unwrap_or_default();
    clean(&stem.to_string_lossy())
}
