//! From a run's folder to a bundle.

use super::super::hashed::Hashed;
use super::super::{RUN_FILES, RunDir, regular, trial_files};
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
        io::copy(&mut file, &mut io::sink()).map_err(BundleError::at(source))?;
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
    flushed.map_err(BundleError::at(Path::new("the bundle")))?;
    Ok(manifest)
}

/// Every entry and the file that it is made of.
fn sources(
    run: &RunDir,
    plan: &Plan,
    components: &[Component],
) -> Result<BTreeMap<String, PathBuf>, BundleError> {
    let mut sources = BTreeMap::new();
    // A link in the folder may lead to a secret of the user, and the bundle is about to be sent.
    let mut add = |path: String, source: PathBuf| {
        let there = regular::look(&source).map_err(BundleError::at(&source))?;
        if there.is_some() {
            sources.insert(path, source);
        }
        Ok(())
    };
    for file in RUN_FILES {
        add(format!("{RUN}/{file}"), run.root.join(file))?;
    }
    for trial in &plan.trials {
        for file in trial_files() {
            let source = run.trial(&trial.name).root.join(file);
            add(format!("{RUN}/{}/{file}", trial.name), source)?;
        }
    }
    for component in components {
        if let Some(path) = component_path(&component.digest) {
            sources.insert(path, component.path.clone());
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
    appended.map_err(BundleError::at(Path::new("the bundle")))
}

fn open(path: &Path) -> Result<File, BundleError> {
    File::open(path).map_err(BundleError::at(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::PlannedTrial;
    use crate::workload::Workload;
    use serde_json::json;
    use std::fs;

    /// Changes a file as soon as anything is written.
    struct Meddler(PathBuf, &'static str);

    impl Write for Meddler {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            fs::write(&self.0, self.1)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn plan(names: &[String]) -> Plan {
        let trials = names.iter().map(|name| PlannedTrial {
            name: name.clone(),
            component: PathBuf::new(),
            digest: String::new(),
            imports: Vec::new(),
            reference: None,
            settings: [].into(),
        });
        let plan = json!({
            "runner_version": "0", "contract": "c", "workload_name": "w",
            "workload": Workload::default(), "trials": trials.collect::<Vec<_>>(),
            "database": "sqlite", "autocommit_writes": "prepared", "locks": "memory",
            "settings": {}, "seed": 1, "memory_mib": 1, "computing_ms": 10,
            "change_timeout_s": 1, "time_limit_s": null,
        });
        serde_json::from_value(plan).unwrap()
    }

    fn with_run(names: &[String], test: impl FnOnce(&RunDir, &Plan)) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        for name in names {
            fs::create_dir(root.join(name)).unwrap();
            fs::write(root.join(name).join("history.jsonl"), "as it was").unwrap();
        }
        let plan = plan(names);
        let bounds = crate::run_dir::bounds(&plan);
        test(&RunDir { root, bounds }, &plan);
    }

    #[test]
    fn file_that_changes_while_it_is_packed_is_detected() {
        with_run(&["cas".to_owned()], |run, plan| {
            let history = run.trial("cas").history_path();
            let packed = |content: &'static str| {
                fs::write(&history, "as it was").unwrap();
                pack(run, plan, &[], Meddler(history.clone(), content))
            };
            assert_eq!(packed("as it was").unwrap().bytes(), 9);
            for other in ["as it is ", "as it", "as it was, and more"] {
                let packed = packed(other);
                // What was only added is no part of it.
                match other.starts_with("as it was") {
                    true => assert!(packed.is_ok()),
                    false => assert!(
                        matches!(packed, Err(BundleError::Changed { .. })),
                        "{other}"
                    ),
                }
            }
        });
    }

    #[test]
    fn no_bundle_is_made_that_could_not_be_read() {
        with_run(&["cas".to_owned()], |run, plan| {
            let component = |number: usize| Component {
                path: run.trial("cas").history_path(),
                digest: format!("sha256:{number:064x}"),
            };
            let many: Vec<_> = (0..MAX_FILES).map(component).collect();
            let error = pack(run, plan, &many, io::sink()).unwrap_err();
            assert!(error.to_string().contains("10001 files"), "{error}");
        });
    }
}
