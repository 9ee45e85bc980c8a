//! A run that has been, from its folder or from a bundle of it.

use super::{RunError, reported};
use crate::console::OutputError;
use crate::plan::Plan;
use crate::report::RunReport;
use crate::report::comparison::Side;
use crate::run_dir::bundle::{component_of, run_of, unpack};
use crate::run_dir::{RunDir, RunDirError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A run to read. A bundle is unpacked for as long as this value is there.
pub struct Opened {
    /// The path that the user named.
    given: PathBuf,
    pub folder: RunDir,
    pub plan: Plan,
    unpacked: Option<TempDir>,
}

impl Opened {
    /// Opens the folder of a run, or a bundle, that takes at most so much (unpacked).
    pub fn open(given: &Path, unpacked_mib: u64) -> Result<Self, RunError> {
        let unpacked = match given.is_file() {
            false => None,
            true => {
                let folder = tempfile::Builder::new().prefix("contend-").tempdir();
                let folder =
                    folder.map_err(|error| OutputError::at(&std::env::temp_dir(), error))?;
                unpack(given, folder.path(), unpacked_mib)?;
                Some(folder)
            }
        };
        let (folder, plan) = match &unpacked {
            None => RunDir::open(given, unpacked_mib)?,
            Some(unpacked) => {
                let as_bundle_error = |error| bundle_error(error, given);
                RunDir::open(&run_of(unpacked.path()), unpacked_mib).map_err(as_bundle_error)?
            }
        };
        Ok(Self {
            given: given.to_owned(),
            folder,
            plan,
            unpacked,
        })
    }

    /// The path of the component with this digest in the bundle, if the run is one and has it.
    pub fn component(&self, digest: &str) -> Option<PathBuf> {
        component_of(self.unpacked.as_ref()?.path(), digest)
    }

    /// All that the run recorded, whole or cut short. An error if nothing of it was recorded.
    pub fn report(&self) -> Result<RunReport, RunError> {
        let mut report = RunReport::new(self.plan.clone(), self.given.clone());
        for planned in &self.plan.trials {
            if let Some(record) = self.folder.trial(&planned.name).load()? {
                let judgement = record.judge(&self.plan.workload);
                report.add(reported(planned, &record, judgement));
            }
        }
        match report.trials.is_empty() {
            false => Ok(report),
            true => Err(RunDirError::NotARun {
                path: self.given.clone(),
                why: "no strategy of its plan has a history".to_owned(),
            }
            .into()),
        }
    }

    /// The run as one side of a comparison.
    pub fn side(&self, label: &'static str) -> Result<Side, RunError> {
        Ok(Side {
            label,
            report: self.report()?,
            machine: serde_json::to_value(self.folder.machine()?).expect("plain data"),
            histories: self.histories()?,
        })
    }

    /// The digest of each history, by strategy.
    fn histories(&self) -> Result<BTreeMap<String, String>, RunError> {
        let mut digests = BTreeMap::new();
        for trial in &self.plan.trials {
            if let Some(digest) = self.folder.trial(&trial.name).history_digest()? {
                digests.insert(trial.name.clone(), digest);
            }
        }
        Ok(digests)
    }
}

/// A bundle is named by its own name, and not by that of the folder that is gone afterwards.
fn bundle_error(error: RunDirError, given: &Path) -> RunDirError {
    match error {
        RunDirError::NotARun { why, .. } => {
            let path = given.to_owned();
            RunDirError::NotARun { path, why }
        }
        other => other,
    }
}
