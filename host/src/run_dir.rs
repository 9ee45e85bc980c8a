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
//!   effects.jsonl        the net changes of all committed transactions, from the database's audit
//!   <tables>.json        of a kind with tables of its own: what every node had, instead of both
//!   latency.hlog         HdrHistogram log; a tag for each step and outcome
//!   printed.log          what the strategy printed, within a limit; only if it printed anything
//!   verdict.json         what the checkers said
//! ```

pub mod batch;
pub mod bundle;
mod error;
mod file;
mod hashed;
mod machine;
mod regular;
mod trial;

pub use self::error::RunDirError;
pub use self::machine::Machine;
pub use self::trial::{TrialDir, TrialRecord};

use self::file::{aside, read_json, replace, write_json};
use crate::model::change::Nanos;
use crate::plan::Plan;
use crate::record::journal::Bounds;
use crate::workload::kinds;
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
const HISTOGRAMS: &str = "latency.hlog";
const PRINTED: &str = "printed.log";
const VERDICT: &str = "verdict.json";

/// The files that a run may have, and each of its trials, without the database: what was read from that is in
/// other files.
const RUN_FILES: &[&str] = &[PLAN, MACHINE, RESULTS];
const TRIAL_FILES: &[&str] = &[
    BEGIN, HISTORY, CONDITIONS, END, ROWS, EFFECTS, HISTOGRAMS, PRINTED, VERDICT,
];

/// All of them, those of each kind of workload included.
fn trial_files() -> impl Iterator<Item = &'static str> {
    let own = kinds::files().map(|file| file.name);
    TRIAL_FILES.iter().copied().chain(own)
}

/// The longest run that is believed: 400 days. A plan's time limit is a month at most.
const LONGEST_RUN: Nanos = 400 * 86_400 * 1_000_000_000;

/// In place of a limit for the size of a folder: it is the user's own.
pub const ANY_SIZE_MIB: u64 = u64::MAX >> 20;

/// A run's folder.
#[derive(Debug, Clone)]
pub struct RunDir {
    root: PathBuf,
    /// The limits of the history of each trial.
    bounds: Bounds,
}

impl RunDir {
    /// Makes the folder of a new run, with its plan. Never touches one that is there.
    pub fn create(root: &Path, plan: &Plan) -> Result<Self, RunDirError> {
        let io_error = RunDirError::at(root);
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
        write_json(&root.join(MACHINE), &Machine::this())?;
        Ok(Self {
            root: root.to_owned(),
            bounds: bounds(plan),
        })
    }

    /// Opens the folder of a run that has been, of whatever origin: as of a bundle, its plan is one that
    /// a runner could have decided, its files are regular ones, and they take so much at most.
    pub fn open(root: &Path, most_mib: u64) -> Result<(Self, Plan), RunDirError> {
        let not_a_run = |why: String| RunDirError::NotARun {
            path: root.to_owned(),
            why: format!("{PLAN}: {why}"),
        };
        let text = regular::read(&root.join(PLAN)).map_err(|e| not_a_run(e.to_string()))?;
        let text = text.ok_or_else(|| not_a_run("there is none".to_owned()))?;
        let plan: Plan = serde_json::from_slice(&text).map_err(|e| not_a_run(e.to_string()))?;
        plan.check_recorded()
            .map_err(|error| not_a_run(error.to_string()))?;
        let run = Self {
            root: root.to_owned(),
            bounds: bounds(&plan),
        };
        run.check_size(&plan, most_mib)?;
        Ok((run, plan))
    }

    /// Looks at every file that a run has, without opening one.
    fn check_size(&self, plan: &Plan, allowed_mib: u64) -> Result<(), RunDirError> {
        let mut files: Vec<_> = RUN_FILES.iter().map(|file| self.root.join(file)).collect();
        for trial in &plan.trials {
            let folder = self.root.join(&trial.name);
            regular::look_at_folder(&folder).map_err(RunDirError::at(&folder))?;
            files.extend(trial_files().map(|file| folder.join(file)));
        }
        let mut bytes = 0u64;
        for file in files {
            let there = regular::look(&file).map_err(RunDirError::at(&file))?;
            bytes = bytes.saturating_add(there.map_or(0, |there| there.len()));
        }
        match bytes <= allowed_mib.saturating_mul(1 << 20) {
            true => Ok(()),
            false => Err(RunDirError::TooLarge {
                path: self.root.clone(),
                bytes,
                allowed_mib,
            }),
        }
    }

    /// The machine of the run; `None` if that is not kept.
    pub fn machine(&self) -> Result<Option<Machine>, RunDirError> {
        read_json(&self.root.join(MACHINE))
    }

    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Makes the folder of a trial that begins now.
    pub fn create_trial(&self, name: &str) -> Result<TrialDir, RunDirError> {
        let trial = self.trial(name);
        fs::create_dir(&trial.root).map_err(RunDirError::at(&trial.root))?;
        trial.write_begin()?;
        Ok(trial)
    }

    pub fn trial(&self, name: &str) -> TrialDir {
        TrialDir {
            root: self.root.join(name),
            bounds: self.bounds,
        }
    }

    /// True if the table of the run has been written.
    pub fn has_results(&self) -> bool {
        self.root.join(RESULTS).exists()
    }

    /// Writes the table as far as it has come, over that of the trial before.
    pub fn write_results(&self, csv: &[u8]) -> Result<(), RunDirError> {
        replace(&self.root.join(RESULTS), |out| out.write_all(csv))
    }
}

/// The limits of a history of this plan, however long the run was.
fn bounds(plan: &Plan) -> Bounds {
    let workload = &plan.workload;
    Bounds {
        workers: workload.workers(),
        rows: workload.rows,
        changes_per_worker: workload.changes_per_worker,
        always_releases: workload.kind.always_releases(),
        until: LONGEST_RUN,
    }
}

/// True if a run writes a file of this name, or has it aside while it writes.
fn is_of_the_run(name: &str) -> bool {
    RUN_FILES
        .iter()
        .any(|file| name == *file || Path::new(name) == aside(Path::new(file)))
}
