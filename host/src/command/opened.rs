//! A run that has been, from its folder or from a bundle of it.

use super::{CommandError, output};
use crate::plan::Plan;
use crate::report::{RunReport, TrialReport};
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
    pub fn open(given: &Path, unpacked_mib: u64) -> Result<Self, CommandError> {
        let unpacked = match given.is_file() {
            false => None,
            true => {
                let folder = tempfile::Builder::new().prefix("contend-").tempdir();
                let folder = folder.map_err(|error| {
                    output::output_error(&std::env::temp_dir(), error.to_string())
                })?;
                unpack(given, folder.path(), unpacked_mib)?;
                Some(folder)
            }
        };
        let (folder, plan) = match &unpacked {
            None => RunDir::open(given, unpacked_mib)?,
            Some(unpacked) => {
                let told = |error| bundle_error(error, given);
                RunDir::open(&run_of(unpacked.path()), unpacked_mib).map_err(told)?
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

    /// All that the run tells, whole or cut short. An error if nothing of it was recorded.
    pub fn report(&self) -> Result<RunReport, CommandError> {
        let mut report = RunReport::new(self.plan.clone(), self.given.clone());
        for planned in &self.plan.trials {
            if let Some(record) = self.folder.trial(&planned.name).load()? {
                let judgement = record.judge(&self.plan.workload);
                let (end, conditions) = (record.end.as_ref(), record.conditions);
                let trial = TrialReport::new(planned, &record.history, end, conditions, judgement);
                report.add(trial.started(record.started));
            }
        }
        match report.trials.is_empty() {
            false => Ok(report),
            true => Err(CommandError::RunDir(RunDirError::NotARun {
                path: self.given.clone(),
                why: "no strategy of its plan has a history".to_owned(),
            })),
        }
    }

    /// The digest of each history, by strategy.
    pub fn histories(&self) -> Result<BTreeMap<String, String>, CommandError> {
        let mut digests = BTreeMap::new();
        for trial in &self.plan.trials {
            if let Some(digest) = self.folder.trial(&trial.name).history_digest()? {
                digests.insert(trial.name.clone(), digest);
            }
        }
        Ok(digests)
    }
}

/// A bundle is told by its own name, and not by that of the folder that is gone afterwards.
fn bundle_error(error: RunDirError, given: &Path) -> RunDirError {
    match error {
        RunDirError::NotARun { why, .. } => {
            let path = given.to_owned();
            RunDirError::NotARun { path, why }
        }
        other => other,
    }
}
