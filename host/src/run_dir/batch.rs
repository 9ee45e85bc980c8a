//! The folder of a batch: a run's folder for each of its cells.
//!
//! ```text
//! batch.json             its seed, and what it has taken for itself
//! batch.lock             locked while a runner is at work on it
//! results.csv            one line for each cell
//! <workload>/<cell>/     the run of a cell
//! <workload>/<cell>~1/   one that was cut, kept aside
//! ```

use super::file::{read_json, replace, replace_by, write_json};
use super::{ANY_SIZE_MIB, PLAN, RESULTS, RunDir, RunDirError, TrialRecord};
use crate::model::end::Ended;
use crate::plan::Plan;
use crate::plan::differences::{Difference, differences};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const BATCH: &str = "batch.json";
const LOCK: &str = "batch.lock";

/// The record that a batch keeps from one runner to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRecord {
    /// For every workload whose file says no other.
    pub seed: u64,
    /// The database whose tables it fills.
    pub database: String,
    /// The files that have its table: no others are replaced.
    pub csv: Vec<PathBuf>,
}

/// A batch's folder, which no other runner works on as long as this value is there.
#[derive(Debug)]
pub struct BatchDir {
    root: PathBuf,
    _locked: File,
}

/// The state of a cell's folder.
pub enum Found {
    /// Its turn has never come.
    Nothing,
    /// It was begun, and ended before its time.
    Cut,
    /// It ended by itself or at its time limit.
    Finished {
        folder: RunDir,
        record: Box<TrialRecord>,
    },
}

/// Reads a batch's record; `None` if there is no such folder yet.
pub fn find(root: &Path) -> Result<Option<BatchRecord>, RunDirError> {
    match read_json(&root.join(BATCH))? {
        None if root.exists() && !is_all_ours(root, &[LOCK, "batch.part"]) => {
            Err(RunDirError::NotABatch(root.to_owned()))
        }
        found => Ok(found),
    }
}

/// The folders of a batch's cells, sorted, without those that were kept aside; `None` if this is no
/// folder of a batch.
pub fn cells(root: &Path) -> Result<Option<Vec<PathBuf>>, RunDirError> {
    if read_json::<BatchRecord>(&root.join(BATCH))?.is_none() {
        return Ok(None);
    }
    let mut cells = Vec::new();
    for workload in folders(root)? {
        let of_workload = folders(&workload)?.into_iter();
        cells.extend(of_workload.filter(|cell| cell.join(PLAN).is_file() && !is_aside(cell)));
    }
    Ok(Some(cells))
}

fn folders(root: &Path) -> Result<Vec<PathBuf>, RunDirError> {
    let io_error = RunDirError::at(root);
    let mut folders = Vec::new();
    for entry in fs::read_dir(root).map_err(io_error)? {
        let entry = entry.map_err(io_error)?;
        if entry.file_type().map_err(io_error)?.is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

/// Says whether a cell was cut and kept, under its name and a number.
fn is_aside(cell: &Path) -> bool {
    let name = cell.file_name().unwrap_or_default().to_string_lossy();
    let number = name.rsplit_once('~').map(|(_, number)| number);
    number.is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()))
}

impl BatchDir {
    /// Opens the folder or makes it, and takes it for this runner.
    pub fn open(root: &Path) -> Result<Self, RunDirError> {
        let io_error = RunDirError::at(root);
        fs::create_dir_all(root).map_err(io_error)?;
        let lock = File::create(root.join(LOCK)).map_err(io_error)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => RunDirError::Busy(root.to_owned()),
            TryLockError::Error(error) => io_error(error),
        })?;
        Ok(Self {
            root: root.to_owned(),
            _locked: lock,
        })
    }

    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Writes what the next runner is to know.
    pub fn write_record(&self, record: &BatchRecord) -> Result<(), RunDirError> {
        write_json(&self.root.join(BATCH), record)
    }

    /// Reads the state of the cell with this folder and plan. Returns an error if it is of another
    /// plan.
    pub fn look(&self, cell: &Path, plan: &Plan) -> Result<Found, RunDirError> {
        let path = self.root.join(cell);
        if !path.exists() {
            return Ok(Found::Nothing);
        }
        let Some(there) = read_json(&path.join(PLAN))? else {
            // A runner may have been killed between the making of the folder and its first file.
            return match is_all_ours(&path, &["plan.part"]) {
                true => Ok(Found::Cut),
                false => Err(RunDirError::NotARun {
                    why: format!("it has no {PLAN}"),
                    path,
                }),
            };
        };
        let here = serde_json::to_value(plan).expect("a plan can be written");
        let differences = differences(&there, &here);
        if !differences.is_empty() {
            let differences = differences.iter().map(Difference::to_string).collect();
            return Err(RunDirError::OtherBatch { path, differences });
        }
        let (folder, plan) = RunDir::open(&path, ANY_SIZE_MIB)?;
        let trial = folder.trial(&plan.trials[0].name);
        let ended = trial.load_end()?.map(|end| end.how);
        if !matches!(
            ended,
            Some(Ended::Completed | Ended::TimeLimit | Ended::Stuck)
        ) {
            return Ok(Found::Cut);
        }
        Ok(match trial.load()? {
            Some(record) => Found::Finished {
                folder,
                record: Box::new(record),
            },
            None => Found::Cut,
        })
    }

    /// The path of a cell's run.
    pub fn cell(&self, cell: &Path) -> PathBuf {
        self.root.join(cell)
    }

    /// Moves what was begun of a cell out of the way. Says where to.
    pub fn keep_aside(&self, cell: &Path) -> Result<PathBuf, RunDirError> {
        let path = self.root.join(cell);
        let mut number = 1;
        let kept = loop {
            let mut name = path.clone().into_os_string();
            name.push(format!("~{number}"));
            let kept = PathBuf::from(name);
            if !kept.exists() {
                break kept;
            }
            number += 1;
        };
        fs::rename(&path, &kept).map_err(RunDirError::at(&path))?;
        Ok(kept)
    }

    /// Writes the table as far as it has come, over that of the cell before.
    pub fn write_results(&self, csv: &[u8]) -> Result<(), RunDirError> {
        replace(&self.root.join(RESULTS), |out| out.write_all(csv))
    }
}

/// Writes the table to a file of the user's choice, which is the batch's own.
pub fn write_table(path: &Path, csv: &[u8]) -> Result<(), RunDirError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    replace_by(Path::new(&beside), path, |out| out.write_all(csv))
}

/// Says whether a folder holds nothing but files of these names.
fn is_all_ours(folder: &Path, names: &[&str]) -> bool {
    let is_ours = |entry: io::Result<fs::DirEntry>| {
        entry.is_ok_and(|entry| names.iter().any(|&name| entry.file_name() == name))
    };
    fs::read_dir(folder).is_ok_and(|mut entries| entries.all(is_ours))
}
