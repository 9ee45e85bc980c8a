//! Files in the folder of a trial.

use super::file::{read_json, read_json_by, replace, whole, write_json};
use super::hashed::Hashed;
use super::{
    BEGIN, CONDITIONS, DATABASE, EFFECTS, END, HISTOGRAMS, HISTORY, LONGEST_RUN, PRINTED, ROWS,
    RunDirError, VERDICT, regular,
};
use crate::check::of_stuck;
use crate::model::conditions::Conditions;
use crate::model::data::{AuditEntry, FinalRows, NodeRows};
use crate::model::end::{End, Ended};
use crate::model::verdict::Judgement;
use crate::record::histogram;
use crate::record::journal::{self, Bounds, History, Journal};
use crate::record::lines::Lines;
use crate::workload::final_state::FinalState;
use crate::workload::{Workload, kinds};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io::{self, BufReader, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

/// The contents of `rows.json`.
#[derive(Serialize, Deserialize)]
struct Rows<'a> {
    nodes: Cow<'a, [NodeRows]>,
    silent: Cow<'a, [String]>,
    /// The effects stand in the order of commits. Older runs don't say.
    #[serde(default)]
    effects_in_order: bool,
    #[serde(default)]
    unseen: u32,
    #[serde(default)]
    has_primary: bool,
}

/// The contents of `begin.json`.
#[derive(Serialize, Deserialize)]
struct Begin {
    /// In UTC, as RFC 3339 writes it.
    started: String,
}

/// A trial's folder within it.
#[derive(Debug, Clone)]
pub struct TrialDir {
    pub(super) root: PathBuf,
    pub(super) bounds: Bounds,
}

/// The record of a trial, as far as it came.
#[derive(Debug)]
pub struct TrialRecord {
    /// The time when the trial began, in UTC as RFC 3339 writes it; absent in folders of earlier versions.
    pub started: Option<String>,
    pub history: History,
    pub found: Option<FinalState>,
    /// Absent when the runner was killed.
    pub conditions: Option<Conditions>,
    /// Absent when the runner was killed.
    pub end: Option<End>,
}

impl TrialDir {
    pub fn history_path(&self) -> PathBuf {
        self.root.join(HISTORY)
    }

    /// Begins the history; an error if there is one.
    pub fn begin_history(&self) -> Result<Arc<Journal>, RunDirError> {
        let path = self.history_path();
        let journal = Journal::create(&path).map_err(RunDirError::at(&path))?;
        Ok(Arc::new(journal))
    }

    pub fn printed_path(&self) -> PathBuf {
        self.root.join(PRINTED)
    }

    /// `sha256:…` of the history's bytes; nothing if there is none.
    pub fn history_digest(&self) -> Result<Option<String>, RunDirError> {
        let path = self.history_path();
        let attempt = || {
            let Some(file) = regular::open(&path)? else {
                return Ok(None);
            };
            let mut file = Hashed::new(file);
            io::copy(&mut file, &mut io::sink())?;
            Ok(Some(file.end().1))
        };
        attempt().map_err(RunDirError::at(&path))
    }

    pub fn database_path(&self) -> PathBuf {
        self.root.join(DATABASE)
    }

    pub(super) fn write_begin(&self) -> Result<(), RunDirError> {
        let started = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        write_json(&self.root.join(BEGIN), &Begin { started })
    }

    pub fn write_conditions(&self, conditions: &Conditions) -> Result<(), RunDirError> {
        write_json(&self.root.join(CONDITIONS), conditions)
    }

    pub fn write_end(&self, end: &End) -> Result<(), RunDirError> {
        write_json(&self.root.join(END), end)
    }

    /// Writes the end of a trial that failed before its first change: without one, it would look as if the
    /// runner had been killed. Leaves a trial alone that has a change, or an end.
    pub fn end_as_failed(&self, why: &str) -> Result<(), RunDirError> {
        match self.load()? {
            Some(record) if record.end.is_none() && record.history.changes.is_empty() => self
                .write_end(&End {
                    how: Ended::Failed,
                    total_time: 0,
                    changes: 0,
                    effects: None,
                    data_unread: Some(format!("the trial failed before its first change: {why}")),
                    stuck: None,
                }),
            _ => Ok(()),
        }
    }

    /// Writes what was found in the database.
    pub fn write_found(&self, found: &FinalState) -> Result<(), RunDirError> {
        match found {
            FinalState::Rows(data) => self.write_data(data),
            FinalState::Own(own) => replace(&self.root.join(own.file()), |out| {
                own.write(out)?;
                out.write_all(b"\n")
            }),
        }
    }

    fn write_data(&self, data: &FinalRows) -> Result<(), RunDirError> {
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
            effects_in_order: data.is_ordered,
            unseen: data.unseen,
            has_primary: data.has_primary,
        };
        write_json(&self.root.join(ROWS), &rows)
    }

    /// Reads the record of the trial; `None` if it never began. Returns an error if a file has lost
    /// some of its lines, or says what no run of the plan could have recorded.
    pub fn load(&self) -> Result<Option<TrialRecord>, RunDirError> {
        let path = self.history_path();
        let io_error = RunDirError::at(&path);
        let Some(file) = regular::open(&path).map_err(io_error)? else {
            return Ok(None);
        };
        let end = self.load_end()?;
        let until = end.as_ref().map_or(LONGEST_RUN, |end| end.total_time);
        let bounds = Bounds {
            until,
            ..self.bounds
        };
        let history = match journal::read_within(file, bounds) {
            Ok(history) => history,
            Err(source) => return Err(RunDirError::History { path, source }),
        };
        let conditions: Option<Conditions> = read_json(&self.root.join(CONDITIONS))?;
        let found = self.load_found()?.map(|found| match &conditions {
            Some(conditions) => found.after(conditions),
            None => found,
        });
        if let Some(end) = &end {
            whole(path, history.changes.len(), Some(end.changes))?;
            let effects = found.as_ref().and_then(FinalState::effects).unwrap_or(0);
            let read = found.as_ref().and(end.effects);
            whole(self.root.join(EFFECTS), effects as usize, read)?;
        }
        Ok(Some(TrialRecord {
            started: self.load_started()?,
            history,
            found,
            conditions,
            end,
        }))
    }

    fn load_started(&self) -> Result<Option<String>, RunDirError> {
        let path = self.root.join(BEGIN);
        match read_json::<Begin>(&path)? {
            Some(begin) if humantime::parse_rfc3339(&begin.started).is_err() => {
                let why = format!("{:?} is no time", begin.started);
                Err(RunDirError::Impossible { path, why })
            }
            begin => Ok(begin.map(|begin| begin.started)),
        }
    }

    /// Reads the end of the trial; `None` if it did not end.
    pub fn load_end(&self) -> Result<Option<End>, RunDirError> {
        let path = self.root.join(END);
        match read_json::<End>(&path)? {
            Some(end) if end.total_time > LONGEST_RUN => {
                let why = format!(
                    "total_time is {} ns, and {LONGEST_RUN} are the most",
                    end.total_time
                );
                Err(RunDirError::Impossible { path, why })
            }
            end => Ok(end),
        }
    }

    fn load_found(&self) -> Result<Option<FinalState>, RunDirError> {
        for file in kinds::files() {
            let found = read_json_by(&self.root.join(file.name), file.read)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(self.load_data()?.map(FinalState::Rows))
    }

    fn load_data(&self) -> Result<Option<FinalRows>, RunDirError> {
        // The rows are written after the effects: where they are, both are whole.
        let path = self.root.join(ROWS);
        let Some(rows) = read_json::<Rows>(&path)? else {
            return Ok(None);
        };
        let planned = self.bounds.rows as usize;
        if let Some(node) = rows.nodes.iter().find(|node| node.rows.len() != planned) {
            let (name, found) = (&node.node, node.rows.len());
            let why = format!("node {name:?} has {found} rows, and the plan {planned}");
            return Err(RunDirError::Impossible { path, why });
        }
        Ok(Some(FinalRows {
            effects: self.load_effects()?,
            is_ordered: rows.effects_in_order,
            nodes: rows.nodes.into_owned(),
            silent: rows.silent.into_owned(),
            unseen: rows.unseen,
            has_primary: rows.has_primary,
            breakdowns: Vec::new(),
        }))
    }

    fn load_effects(&self) -> Result<Option<Vec<AuditEntry>>, RunDirError> {
        let path = self.root.join(EFFECTS);
        let io_error = RunDirError::at(&path);
        let Some(file) = regular::open(&path).map_err(io_error)? else {
            return Ok(None);
        };
        let mut effects = Vec::new();
        let mut lines = Lines::new(BufReader::new(file));
        while let Some(line) = lines.next_line().map_err(io_error)? {
            match serde_json::from_slice(line.text) {
                Ok(effect) => effects.push(effect),
                Err(source) => {
                    let line = line.number;
                    return Err(RunDirError::AuditEntry { path, line, source });
                }
            }
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
        let judgement = workload.judge(&self.history.changes, found);
        match self.cut() {
            Some(how) => {
                let (made, planned) = (self.history.changes.len(), workload.changes());
                judgement.cut(format!("{how}: {made} of {planned} changes were made"))
            }
            None => match self.end.as_ref().and_then(|end| end.stuck.as_ref()) {
                Some(stuck) => judgement.with(of_stuck(stuck)),
                None => judgement,
            },
        }
    }

    /// Returns what cut the trial short of its planned end. A time limit was planned.
    fn cut(&self) -> Option<&'static str> {
        match self.end.as_ref().map(|end| end.how) {
            None => Some("the runner was killed"),
            Some(Ended::Interrupted) => Some("the run was interrupted"),
            Some(Ended::Failed) => Some("the run broke down"),
            Some(Ended::Completed | Ended::TimeLimit | Ended::Stuck) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::synthetic;
    use crate::record::journal::Journal;

    #[test]
    fn trial_that_failed_before_its_first_change_was_not_killed() {
        let dir = tempfile::tempdir().unwrap();
        let bounds = Bounds {
            workers: 2,
            rows: 1,
            changes_per_worker: 2,
            always_releases: true,
            until: u64::MAX,
        };
        let root = dir.path().to_owned();
        let folder = TrialDir { root, bounds };
        folder.end_as_failed("no room").unwrap();
        assert_eq!(folder.load_end().unwrap(), None, "nothing was recorded");

        let journal = Journal::create(&folder.history_path()).unwrap();
        folder.end_as_failed("no room").unwrap();
        let end = folder.load_end().unwrap().unwrap();
        assert_eq!((end.how, end.changes), (Ended::Failed, 0));
        assert_eq!(
            end.data_unread.unwrap(),
            "the trial failed before its first change: no room"
        );

        std::fs::remove_file(folder.root.join(END)).unwrap();
        let (changes, _) = synthetic::history(2, 1, 1);
        journal.append(&changes[0]).unwrap();
        folder.end_as_failed("a node is away").unwrap();
        assert_eq!(folder.load_end().unwrap(), None, "it had begun");
    }
}
