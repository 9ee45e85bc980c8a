//! From a run's folder to a bundle.

use super::super::hashed::Hashed;
use super::super::{RUN_FILES, RunDir, TRIAL_FILES};
use super::manifest::{Manifest, Packed, component_path, wrong};
use super::{BundleError, MANIFEST, MAX_FILES, RUN};
use crate::plan::Plan;
use flate2::{Compression, GzBuilder};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The bytes of a strategy.
pub struct Component {
    pub path: PathBuf,
    /// `sha256:…`.
    pub digest: String,
}

/// Writes a run as a bundle: those of its files that are there, without its database, and these
/// components. Says what is in it. The same files make the same bytes.
pub fn pack(
    run: &RunDir,
    plan: &Plan,
    components: &[Component],
    out: impl Write,
) -> Result<Manifest, BundleError> {
    let sources = sources(run, plan, components)?;
    let mut files = Vec::new();
    for (path, source) in &sources {
        let mut file = Hashed::new(open(source)?);
        io::copy(&mut file, &mut io::sink()).map_err(|error| io_error(source, error))?;
        let (bytes, digest) = file.end();
        files.push(Packed {
            path: path.clone(),
            bytes,
            digest,
        });
    }
    let manifest = Manifest::new(files);
    if let Some((path, why)) = manifest.wrong_path() {
        let path = path.to_owned();
        return Err(BundleError::Unfit { path, why });
    }
    let mut text = serde_json::to_vec_pretty(&manifest).expect("plain data");
    text.push(b'\n');
    // Neither the time nor the system is in its head.
    let zipped = GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(out, Compression::default());
    let mut archive = tar::Builder::new(zipped);
    append(&mut archive, MANIFEST, text.len() as u64, &text[..])?;
    for file in &manifest.files {
        let source = &sources[&file.path];
        let mut again = Hashed::new(open(source)?.take(file.bytes));
        append(&mut archive, &file.path, file.bytes, &mut again)?;
        if again.end() != (file.bytes, file.digest.clone()) {
            let path = source.clone();
            return Err(BundleError::Changed { path });
        }
    }
    let written = archive.into_inner().and_then(|zipped| zipped.finish());
    let flushed = written.and_then(|mut out| out.flush());
    flushed.map_err(|error| io_error(Path::new("the bundle"), error))?;
    Ok(manifest)
}

/// Every entry and the file that it is made of.
fn sources(
    run: &RunDir,
    plan: &Plan,
    components: &[Component],
) -> Result<BTreeMap<String, PathBuf>, BundleError> {
    let mut sources = BTreeMap::new();
    let mut add = |path: String, source: PathBuf| {
        if source.is_file() {
            sources.insert(path, source);
        }
    };
    for file in RUN_FILES {
        add(format!("{RUN}/{file}"), run.root.join(file));
    }
    for trial in &plan.trials {
        for file in TRIAL_FILES {
            let source = run.trial(&trial.name).root.join(file);
            add(format!("{RUN}/{}/{file}", trial.name), source);
        }
    }
    for component in components {
        if let Some(path) = component_path(&component.digest) {
            add(path, component.path.clone());
        }
    }
    if sources.len() > MAX_FILES {
        let (path, files) = (run.root.clone(), sources.len());
        return Err(BundleError::TooManyFiles { path, files });
    }
    match sources.keys().find_map(|path| Some((path, wrong(path)?))) {
        None => Ok(sources),
        Some((path, why)) => Err(BundleError::Unfit {
            path: path.clone(),
            why,
        }),
    }
}

/// Appends an entry that says nothing but its name, its size and that it is a file.
fn append(
    archive: &mut tar::Builder<impl Write>,
    path: &str,
    bytes: u64,
    content: impl Read,
) -> Result<(), BundleError> {
    let mut header = tar::Header::new_ustar();
    if header.set_path(path).is_err() {
        let path = path.to_owned();
        let why = "its name is too long; rename the strategy's .wasm file";
        return Err(BundleError::Unfit { path, why });
    }
    header.set_size(bytes);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    let appended = archive.append(&header, content);
    appended.map_err(|error| io_error(Path::new("the bundle"), error))
}

fn open(path: &Path) -> Result<File, BundleError> {
    File::open(path).map_err(|error| io_error(path, error))
}

fn io_error(path: &Path, source: io::Error) -> BundleError {
    let path = path.to_owned();
    BundleError::Io { path, source }
}
