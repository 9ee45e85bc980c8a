//! From what `--strategy` was given to a component file.

use crate::strategy::wasm::clean;
use std::path::{Path, PathBuf};

/// Where a strategy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Located {
    /// A component file, taken as it is.
    Component(PathBuf),
    /// A source folder, and the component that is built from it.
    Source { folder: PathBuf, component: PathBuf },
}

/// Why there is no such strategy.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    #[error(
        "there is no strategy {given:?}: neither a .wasm file, nor a folder with a Cargo.toml, nor \
         one of: {known}"
    )]
    Unknown { given: String, known: String },
    #[error("two strategies are called {name:?}; a run keeps each in a folder of its name")]
    Twice { name: String },
}

/// The folder that holds `strategies/` and `workloads/`: the nearest above the current folder, else
/// above the running program, so that a built runner finds its own from anywhere.
pub fn home() -> Option<PathBuf> {
    let is_home =
        |folder: &&Path| folder.join("strategies").is_dir() && folder.join("wit").is_dir();
    let above = |start: Option<PathBuf>| {
        let start = start?;
        start.ancestors().find(is_home).map(Path::to_owned)
    };
    above(std::env::current_dir().ok()).or_else(|| above(std::env::current_exe().ok()))
}

/// Where the components of our own strategies are built.
pub fn component_folder(home: &Path) -> PathBuf {
    home.join("target").join("strategies")
}

/// The names of all strategies in `strategies/`, sorted.
pub fn all(home: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(home.join("strategies"));
    let mut names: Vec<String> = entries
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| makes_component(&entry.path()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// A strategy is a crate that makes a component; the shared guest crate is none.
fn makes_component(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|text| text.contains("cdylib"))
}

/// What the manifest of a source folder says in a sentence.
pub fn description(folder: &Path) -> Option<String> {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let manifest: toml::Table = toml::from_str(&manifest).ok()?;
    let description = manifest.get("package")?.get("description")?.as_str()?;
    Some(clean(description))
}

/// Finds a strategy: a .wasm file, the name of a folder in `strategies/` (with or without `.wasm`),
/// or the path of a source folder.
pub fn locate(given: &str, home: Option<&Path>) -> Result<Located, ResolveError> {
    let path = Path::new(given);
    let is_wasm = path
        .extension()
        .is_some_and(|extension| extension == "wasm");
    if is_wasm && (path.exists() || path.components().count() > 1) {
        return Ok(Located::Component(path.to_owned()));
    }
    let name = given.strip_suffix(".wasm").unwrap_or(given);
    if let Some(home) = home
        && all(home).iter().any(|known| known == name)
    {
        return Ok(Located::Source {
            folder: home.join("strategies").join(name),
            component: component_folder(home).join(format!("{name}.wasm")),
        });
    }
    if path.join("Cargo.toml").is_file() {
        return Ok(Located::Source {
            folder: path.to_owned(),
            component: path.join("target").join("strategies").join(file_name(path)),
        });
    }
    let known = home.map(|home| all(home).join(", ")).unwrap_or_default();
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

/// The strategy's name: that of its file, without the ending.
pub fn name(component: &Path) -> String {
    let stem = component.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}
