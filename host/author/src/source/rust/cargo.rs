//! Asking cargo what a folder is, and having it compile.

use crate::model::component::About;
use crate::source::error::BuildError;
use crate::source::language::Language;
use crate::source::manifest;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};

/// Cargo's metadata of a strategy's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    /// Cargo's own identifier, unique where a name is not.
    pub(super) id: String,
    pub(super) manifest: PathBuf,
    pub(super) workspace: PathBuf,
    pub(super) target_dir: PathBuf,
    /// Name and folder of each dependency on this disk.
    pub(super) path_dependencies: Vec<(String, PathBuf)>,
    /// The metadata of its manifest.
    pub(super) about: About,
}

/// The cargo that started this process, or the one on the PATH.
pub(super) fn command() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.stdin(Stdio::null());
    command
}

pub(super) fn package(dir: &Path) -> Result<Package, BuildError> {
    let Ok(folder) = dir.canonicalize() else {
        return Err(BuildError::NotAFolder(dir.to_owned()));
    };
    let manifest = folder.join("Cargo.toml");
    let output = command()
        .current_dir(&folder)
        .args(["metadata", "--no-deps", "--format-version=1"])
        .output()
        .map_err(BuildError::NoCargo)?;
    if !output.status.success() {
        return Err(BuildError::Cargo {
            dir: dir.to_owned(),
            messages: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    // What cargo prints can be read; if it can't, there is no such package in it.
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    find_package(&metadata, &manifest)
        .filter(|(_, is_component)| *is_component)
        .map(|(package, _)| package)
        .ok_or_else(|| BuildError::NotAComponent(dir.to_owned()))
}

/// The package of a manifest, and whether it builds a component.
fn find_package(metadata: &Value, manifest: &Path) -> Option<(Package, bool)> {
    let packages = metadata["packages"].as_array()?;
    let package = packages
        .iter()
        .find(|package| path(&package["manifest_path"]).is_some_and(|path| path == manifest))?;
    let targets = package["targets"].as_array()?;
    let is_component = targets.iter().any(is_cdylib);
    let dependencies = package["dependencies"].as_array()?.iter();
    let found = Package {
        name: package["name"].as_str()?.to_owned(),
        id: package["id"].as_str()?.to_owned(),
        manifest: manifest.to_owned(),
        workspace: path(&metadata["workspace_root"])?,
        target_dir: path(&metadata["target_directory"])?,
        path_dependencies: dependencies
            .filter_map(|d| Some((d["name"].as_str()?.to_owned(), path(&d["path"])?)))
            .collect(),
        about: manifest::about(package, Language::Rust),
    };
    Some((found, is_component))
}

fn path(value: &Value) -> Option<PathBuf> {
    value.as_str().map(PathBuf::from)
}

fn is_cdylib(target: &Value) -> bool {
    let types = target["crate_types"].as_array();
    types.is_some_and(|types| types.iter().any(|word| word == "cdylib"))
}

/// Compiles. Gives the `.wasm` file of each manifest.
pub(super) fn run(
    command: &mut Command,
    packages: &[&Package],
    progress: &mut dyn FnMut(&str),
) -> Result<BTreeMap<PathBuf, PathBuf>, BuildError> {
    let mut cargo = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(BuildError::NoCargo)?;
    let mut artifacts = BTreeMap::new();
    let mut messages = String::new();
    for line in lines(&mut cargo) {
        match line {
            Line::Out(line) => artifacts.extend(artifact(&line)),
            Line::Err(line) if is_status(&line) => progress(line.trim()),
            Line::Err(line) => {
                messages.push_str(&line);
                messages.push('\n');
            }
        }
    }
    let status = cargo.wait().map_err(BuildError::NoCargo)?;
    if status.success() {
        return Ok(artifacts);
    }
    let names: Vec<&str> = packages.iter().map(|p| p.name.as_str()).collect();
    Err(BuildError::Compile {
        names: names.join(", "),
        messages,
    })
}

enum Line {
    Out(String),
    Err(String),
}

/// Both streams, as they come: each is read on a thread, since a full pipe would stop cargo.
fn lines(cargo: &mut Child) -> impl Iterator<Item = Line> {
    let (sender, receiver) = channel();
    read_lines(cargo.stdout.take(), sender.clone(), Line::Out);
    read_lines(cargo.stderr.take(), sender, Line::Err);
    receiver.into_iter()
}

fn read_lines(
    pipe: Option<impl Read + Send + 'static>,
    sender: Sender<Line>,
    of: fn(String) -> Line,
) {
    std::thread::spawn(move || {
        let Some(pipe) = pipe else { return };
        for bytes in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&bytes).into_owned();
            if sender.send(of(line)).is_err() {
                return;
            }
        }
    });
}

/// The manifest and the `.wasm` file, if a line of cargo's output names one.
fn artifact(line: &str) -> Option<(PathBuf, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "compiler-artifact" || !is_cdylib(&message["target"]) {
        return None;
    }
    let files = message["filenames"].as_array()?;
    let wasm = files.iter().filter_map(path).find(|file| {
        file.extension()
            .is_some_and(|extension| extension == "wasm")
    })?;
    Some((path(&message["manifest_path"])?, wasm))
}

/// True for the lines that cargo indents, such as `   Compiling cas v0.1.0`.
fn is_status(line: &str) -> bool {
    let word = line.trim_start();
    line.len() > word.len()
        && [
            "Adding",
            "Blocking",
            "Compiling",
            "Downloaded",
            "Downloading",
            "Finished",
            "Locking",
            "Updating",
        ]
        .iter()
        .any(|status| word.starts_with(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_known_by_its_crate_type() {
        let line = |kind: &str, file: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"/s/Cargo.toml",
                "target":{{"crate_types":["{kind}"]}},"filenames":["/t/s.d","{file}"]}}"#
            )
        };
        let found = artifact(&line("cdylib", "/t/s.wasm"));
        assert_eq!(found, Some(("/s/Cargo.toml".into(), "/t/s.wasm".into())));
        assert_eq!(artifact(&line("rlib", "/t/s.wasm")), None);
        assert_eq!(artifact(&line("cdylib", "/t/s.so")), None);
        assert_eq!(artifact("no JSON"), None);
    }

    #[test]
    fn component_gets_the_fields_of_the_manifest_and_no_others() {
        let package = serde_json::json!({
            "name": "mine",
            "version": "1.2.3",
            "description": " A way of my own\n",
            "authors": ["One <one@example.org>", "Two"],
            "license": "MIT OR Apache-2.0",
            "repository": "https://example.org/source",
            "homepage": null,
        });
        let fact = |text: &str| Some(text.to_owned());
        let found = manifest::about(&package, Language::Rust);
        let expected = About {
            name: fact("mine"),
            version: fact("1.2.3"),
            description: fact("A way of my own"),
            authors: fact("One <one@example.org>, Two"),
            licenses: fact("MIT OR Apache-2.0"),
            source: fact("https://example.org/source"),
            languages: found.languages.clone(),
            ..About::default()
        };
        assert_eq!(found, expected);
        assert_eq!(found.languages.unwrap()[0].name, "Rust");
        let bare = serde_json::json!({"name": "bare", "description": "", "authors": []});
        let found = manifest::about(&bare, Language::Rust);
        assert_eq!((found.description, found.authors), (None, None));
    }

    #[test]
    fn status_lines_of_cargo_differ_from_its_messages() {
        assert!(is_status("   Compiling cas v0.1.0"));
        assert!(is_status("    Blocking waiting for file lock"));
        assert!(!is_status("Compiling: a message"));
        assert!(!is_status("error[E0308]: mismatched types"));
        assert!(!is_status("   --> src/lib.rs:1:1"));
    }
}
