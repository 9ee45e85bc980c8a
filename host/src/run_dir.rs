//! The folder of a run: the only place that knows the names of result files.
//!
//! ```text
//! plan.json              what was decided, with seed, versions and the digest of each component
//! machine.json           where it ran
//! results.csv            one line for each trial
//! <strategy>/
//!   begin.json           when the trial began
//!   history.jsonl        every change, appended as it ended
//!   database.sqlite      the embedded database, if the run had one of its own
//!   conditions.json      the servers, their counters, the background load, what it all used
//!   end.json             how the trial ended, and when
//!   rows.json            the rows of every node afterwards
//!   effects.jsonl        every committed update, as the database's audit recorded it
//!   allocations.json     of ip-allocation: the tables of every node afterwards, instead of both
//!   latency.hlog         HdrHistogram log; a tag for each step and outcome
//!   printed.log          what the strategy printed, within a limit; only if it printed anything
//!   verdict.json         what the checkers said
//! ```

pub mod batch;
pub mod bundle;
mod error;
mod file;
mod hashed;
mod trial;

pub use self::error::RunDirError;
pub use self::trial::{TrialDir, TrialRecord};

use self::file::{aside, read_json, replace, write_json};
use crate::plan::Plan;
use crate::plan::recorded::is_plain_name;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const PLAN: &str = "plan.json";
const MACHINE: &str = "machine.json";
const RESULTS: &str = "results.csv";
const BEGIN: &str = "begin.json";
const HISTORY: &str = "history.jsonl";
const DATABASE: &str = "database.sqlite";
const CONDITIONS: &str = "conditions.json";
const END: &str = "end.json";
const ROWS: &str = "rows.json";
const EFFECTS: &str = "effects.jsonl";
const ALLOCATIONS: &str = "allocations.json";
const HISTOGRAMS: &str = "latency.hlog";
const PRINTED: &str = "printed.log";
const VERDICT: &str = "verdict.json";

/// What a run may have, and each of its trials, without the database: what was read from that is in
/// other files.
const RUN_FILES: &[&str] = &[PLAN, MACHINE, RESULTS];
const TRIAL_FILES: &[&str] = &[
    BEGIN,
    HISTORY,
    CONDITIONS,
    END,
    ROWS,
    EFFECTS,
    ALLOCATIONS,
    HISTOGRAMS,
    PRINTED,
    VERDICT,
];

/// Where a run took place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    pub os: String,
    pub kernel: Option<String>,
    pub processor: Option<String>,
    pub processors: usize,
    pub memory_kib: Option<u64>,
}

/// A run's folder.
#[derive(Debug, Clone)]
pub struct RunDir {
    root: PathBuf,
}

impl RunDir {
    /// Makes the folder of a new run, with its plan. Never touches one that is there.
    pub fn create(root: &Path, plan: &Plan, machine: &Machine) -> Result<Self, RunDirError> {
        let io_error = |source| RunDirError::Io {
            path: root.to_owned(),
            source,
        };
        if let Some(trial) = plan.trials.iter().find(|trial| is_of_the_run(&trial.name)) {
            return Err(RunDirError::NameTaken(trial.name.clone()));
        }
        if let Some(parent) = root.parent() {
            fs::create_dir_all(parent).map_err(io_error)?;
        }
        fs::create_dir(root).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => RunDirError::Taken(root.to_owned()),
            _ => io_error(error),
        })?;
        write_json(&root.join(PLAN), plan)?;
        write_json(&root.join(MACHINE), machine)?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// Opens the folder of a run that has been.
    pub fn open(root: &Path) -> Result<(Self, Plan), RunDirError> {
        let not_a_run = |why: String| RunDirError::NotARun {
            path: root.to_owned(),
            why: format!("{PLAN}: {why}"),
        };
        let text = fs::read_to_string(root.join(PLAN)).map_err(|e| not_a_run(e.to_string()))?;
        let plan: Plan = serde_json::from_str(&text).map_err(|e| not_a_run(e.to_string()))?;
        // A plan that somebody else wrote must not lead out of its folder.
        if let Some(trial) = plan.trials.iter().find(|trial| !is_plain_name(&trial.name)) {
            return Err(not_a_run(format!(
                "{:?} is no name of a strategy",
                trial.name
            )));
        }
        let root = root.to_owned();
        Ok((Self { root }, plan))
    }

    /// Where the run took place; nothing if that is not kept.
    pub fn machine(&self) -> Result<Option<Machine>, RunDirError> {
        read_json(&self.root.join(MACHINE))
    }

    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Makes the folder of a trial that begins now.
    pub fn create_trial(&self, name: &str) -> Result<TrialDir, RunDirError> {
        let trial = self.trial(name);
        fs::create_dir(&trial.root).map_err(|source| RunDirError::Io {
            path: trial.root.clone(),
            source,
        })?;
        trial.write_begin()?;
        Ok(trial)
    }

    pub fn trial(&self, name: &str) -> TrialDir {
        TrialDir {
            root: self.root.join(name),
        }
    }

    /// Whether the table of the run has been written.
    pub fn has_results(&self) -> bool {
        self.root.join(RESULTS).exists()
    }

    /// Writes the table as far as it has come, over that of the trial before.
    pub fn write_results(&self, csv: &[u8]) -> Result<(), RunDirError> {
        replace(&self.root.join(RESULTS), |out| out.write_all(csv))
    }
}

/// Whether a run writes a file of this name, or has it aside while it writes.
fn is_of_the_run(name: &str) -> bool {
    RUN_FILES
        .iter()
        .any(|file| name == *file || Path::new(name) == aside(Path::new(file)))
}
