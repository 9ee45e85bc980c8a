//! The folder of a run: the only place that knows the names of result files.
//!
//! ```text
//! plan.json              what was decided, with seed, versions and the digest of each component
//! machine.json           where it ran
//! results.csv            one line for each trial
//! <strategy>/
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

pub use self::error::RunDirError;

use self::file::{aside, read_json, replace, whole, write_json};
use self::hashed::Hashed;
use crate::model::allocations::Allocations;
use crate::model::conditions::Conditions;
use crate::model::data::{Data, Effect, NodeRows};
use crate::model::end::{End, Ended};
use crate::model::found::Found;
use crate::model::verdict::Judgement;
use crate::plan::Plan;
use crate::plan::recorded::is_plain_name;
use crate::record::histogram;
use crate::record::journal::{self, History};
use crate::workload::Workload;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

const PLAN: &str = "plan.json";
const MACHINE: &str = "machine.json";
const RESULTS: &str = "results.csv";
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

/// What `rows.json` holds.
#[derive(Serialize, Deserialize)]
struct Rows<'a> {
    nodes: Cow<'a, [NodeRows]>,
    silent: Cow<'a, [String]>,
}

/// A run's folder.
#[derive(Debug, Clone)]
pub struct RunDir {
    root: PathBuf,
}

/// A trial's folder within it.
#[derive(Debug, Clone)]
pub struct TrialDir {
    root: PathBuf,
}

/// What a trial left behind, as far as it came.
#[derive(Debug)]
pub struct TrialRecord {
    pub history: History,
    pub found: Option<Found>,
    /// Absent when the runner was killed.
    pub conditions: Option<Conditions>,
    /// Absent when the runner was killed.
    pub end: Option<End>,
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

    /// Makes the folder of a trial.
    pub fn create_trial(&self, name: &str) -> Result<TrialDir, RunDirError> {
        let trial = self.trial(name);
        fs::create_dir(&trial.root).map_err(|source| RunDirError::Io {
            path: trial.root.clone(),
            source,
        })?;
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

impl TrialDir {
    pub fn history_path(&self) -> PathBuf {
        self.root.join(HISTORY)
    }

    pub fn printed_path(&self) -> PathBuf {
        self.root.join(PRINTED)
    }

    /// `sha256:…` of the history's bytes; nothing if there is none.
    pub fn history_digest(&self) -> Result<Option<String>, RunDirError> {
        let path = self.history_path();
        let attempt = || {
            let mut file = Hashed::new(File::open(&path)?);
            io::copy(&mut file, &mut io::sink())?;
            Ok(Some(file.end().1))
        };
        match attempt() {
            Err(error) if io::Error::kind(&error) == io::ErrorKind::NotFound => Ok(None),
            done => done.map_err(|source| RunDirError::Io { path, source }),
        }
    }

    pub fn database_path(&self) -> PathBuf {
        self.root.join(DATABASE)
    }

    pub fn write_conditions(&self, conditions: &Conditions) -> Result<(), RunDirError> {
        write_json(&self.root.join(CONDITIONS), conditions)
    }

    pub fn write_end(&self, end: &End) -> Result<(), RunDirError> {
        write_json(&self.root.join(END), end)
    }

    /// Writes what was found in the database.
    pub fn write_found(&self, found: &Found) -> Result<(), RunDirError> {
        match found {
            Found::VolumeState(data) => self.write_data(data),
            Found::IpAllocation(found) => write_json(&self.root.join(ALLOCATIONS), found),
        }
    }

    fn write_data(&self, data: &Data) -> Result<(), RunDirError> {
        if let Some(effects) = &data.effects {
            replace(&self.root.join(EFFECTS), |out| {
                effects.iter().try_for_each(|effect| {
                    serde_json::to_writer(&mut *out, effect)?;
                    out.write_all(b"\n")
                })
            })?;
        }
        let rows = Rows {
            nodes: Cow::Borrowed(&data.nodes),
            silent: Cow::Borrowed(&data.silent),
        };
        write_json(&self.root.join(ROWS), &rows)
    }

    /// What the trial left; nothing if it never began. An error if a file has lost some of its lines.
    pub fn load(&self) -> Result<Option<TrialRecord>, RunDirError> {
        let path = self.history_path();
        if !path.exists() {
            return Ok(None);
        }
        let history = match journal::read(&path) {
            Ok(history) => history,
            Err(source) => return Err(RunDirError::History { path, source }),
        };
        let found = self.load_found()?;
        let end = self.load_end()?;
        if let Some(end) = &end {
            whole(path, history.changes.len(), Some(end.changes))?;
            let effects = found.as_ref().and_then(Found::effects).unwrap_or(0);
            let read = found.as_ref().and(end.effects);
            whole(self.root.join(EFFECTS), effects as usize, read)?;
        }
        Ok(Some(TrialRecord {
            history,
            found,
            conditions: read_json(&self.root.join(CONDITIONS))?,
            end,
        }))
    }

    /// How the trial ended; nothing if it did not.
    pub fn load_end(&self) -> Result<Option<End>, RunDirError> {
        read_json(&self.root.join(END))
    }

    fn load_found(&self) -> Result<Option<Found>, RunDirError> {
        let found = read_json::<Allocations>(&self.root.join(ALLOCATIONS))?;
        match found {
            Some(found) => Ok(Some(Found::IpAllocation(found))),
            None => Ok(self.load_data()?.map(Found::VolumeState)),
        }
    }

    fn load_data(&self) -> Result<Option<Data>, RunDirError> {
        // The rows are written after the effects: where they are, both are whole.
        let Some(rows) = read_json::<Rows>(&self.root.join(ROWS))? else {
            return Ok(None);
        };
        Ok(Some(Data {
            effects: self.load_effects()?,
            nodes: rows.nodes.into_owned(),
            silent: rows.silent.into_owned(),
        }))
    }

    fn load_effects(&self) -> Result<Option<Vec<Effect>>, RunDirError> {
        let path = self.root.join(EFFECTS);
        let io_error = |source| RunDirError::Io {
            path: path.clone(),
            source,
        };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error(error)),
        };
        let mut effects = Vec::new();
        for line in BufReader::new(file).lines() {
            let line = line.map_err(io_error)?;
            effects.push(serde_json::from_str(&line).map_err(|e| io_error(e.into()))?);
        }
        Ok(Some(effects))
    }

    /// Writes what can be computed again from the rest: the histograms and the verdict.
    pub fn write_findings(
        &self,
        record: &TrialRecord,
        judgement: &Judgement,
    ) -> Result<(), RunDirError> {
        replace(&self.root.join(HISTOGRAMS), |out| {
            histogram::write_log(&record.history.changes, out)
        })?;
        write_json(&self.root.join(VERDICT), judgement)
    }
}

impl TrialRecord {
    /// The checkers' answers, from this record alone. A history that lacks changes is not held
    /// against the data, since what they did would be laid at the strategy's door.
    pub fn judge(&self, workload: &Workload) -> Judgement {
        let failed = self
            .end
            .as_ref()
            .is_some_and(|end| end.how == Ended::Failed);
        let lacks_changes = failed || self.history.torn;
        let found = self.found.as_ref().filter(|_| !lacks_changes);
        workload.judge(&self.history.changes, found)
    }
}

/// Whether a run writes a file of this name, or has it aside while it writes.
fn is_of_the_run(name: &str) -> bool {
    RUN_FILES
        .iter()
        .any(|file| name == *file || Path::new(name) == aside(Path::new(file)))
}
