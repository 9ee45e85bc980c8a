//! The history: one change per line, as JSON, in a file that is appended to as the run goes; or, of a
//! simulation, which is over before a reader could look, in memory.

mod bounds;
mod file;

pub use self::bounds::Bounds;

use self::bounds::Course;
use self::file::HistoryFile;
use super::lines::Lines;
use crate::model::change::Change;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

/// A history being written.
#[derive(Debug)]
pub struct Journal(Kept);

#[derive(Debug)]
enum Kept {
    InFile(HistoryFile),
    InMemory(Mutex<Vec<Change>>),
}

impl Journal {
    /// Makes the file; an error if it is there already, so that no history is ever overwritten.
    pub fn create(path: &Path) -> io::Result<Self> {
        HistoryFile::create(path).map(|file| Self(Kept::InFile(file)))
    }

    /// Keeps the changes until they are taken. It never fails.
    pub fn in_memory() -> Self {
        Self(Kept::InMemory(Mutex::default()))
    }

    /// Appends one change. After an error the change is not in the history, and its run can't be
    /// judged by it. Once a line was cut short, every further call is an error.
    pub fn append(&self, change: &Change) -> io::Result<()> {
        match &self.0 {
            Kept::InFile(file) => file.append(change),
            Kept::InMemory(changes) => {
                in_order(changes).push(change.clone());
                Ok(())
            }
        }
    }

    /// The changes that are kept in memory, in the order in which they ended; none of a file.
    pub fn take(&self) -> Vec<Change> {
        match &self.0 {
            Kept::InFile(_) => Vec::new(),
            Kept::InMemory(changes) => std::mem::take(&mut in_order(changes)),
        }
    }
}

fn in_order(changes: &Mutex<Vec<Change>>) -> MutexGuard<'_, Vec<Change>> {
    changes.lock().expect("no panic while held")
}

/// A history as it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Changes in the order in which they ended.
    pub changes: Vec<Change>,
    /// The last line was cut (the machine went down, or the disk was full) and is left out.
    pub torn: bool,
}

/// The reason why a history can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("can't read the history: {0}")]
    Io(#[from] io::Error),
    #[error("line {line} of the history is broken: {source}")]
    Line {
        /// From 1.
        line: usize,
        source: serde_json::Error,
    },
    #[error("line {line} of the history can't be of a run of its plan: {why}")]
    Impossible {
        /// From 1.
        line: usize,
        why: String,
    },
}

/// Reads a history, one being written included. A last line without its end is torn; any other
/// line that is not a change is an error, since something else than a crash has been at the file.
pub fn read(path: &Path) -> Result<History, ReadError> {
    read_lines(buffered(File::open(path)?), |_| Ok(()))
}

/// The same of a file of unknown origin: an error also if it has a change that no run
/// within these bounds could have recorded.
pub fn read_within(file: impl Read, bounds: Bounds) -> Result<History, ReadError> {
    let mut course = Course::new(bounds);
    read_lines(buffered(file), |change| course.admit(change))
}

fn buffered<R: Read>(file: R) -> BufReader<R> {
    BufReader::with_capacity(1 << 16, file)
}

fn read_lines(
    file: impl BufRead,
    mut admit: impl FnMut(&Change) -> Result<(), String>,
) -> Result<History, ReadError> {
    let mut changes = Vec::new();
    let mut lines = Lines::new(file);
    let mut torn = false;
    while let Some(line) = lines.next_line()? {
        let number = line.number;
        match serde_json::from_slice(line.text) {
            Ok(change) => {
                admit(&change).map_err(|why| ReadError::Impossible { line: number, why })?;
                changes.push(change);
            }
            Err(_) if !line.is_whole() => torn = true,
            Err(source) => {
                return Err(ReadError::Line {
                    line: number,
                    source,
                });
            }
        }
    }
    Ok(History { changes, torn })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{change, errors, failed, indeterminate};
    use super::*;
    use crate::model::change::{Restored, Settled};
    use crate::model::error::ErrorKind;
    use std::collections::BTreeSet;
    use std::fs::OpenOptions;
    use std::io::Write;

    fn in_folder(test: impl FnOnce(&Path)) {
        let folder = tempfile::tempdir().unwrap();
        test(&folder.path().join("history.jsonl"));
    }

    #[test]
    fn changes_of_every_outcome_come_back_as_they_were() {
        in_folder(|path| {
            let mut unsettled = indeterminate(2, 1, 9);
            unsettled.acquire.settled = Some(Settled::Unknown);
            unsettled.acquire.errors = vec![errors(ErrorKind::Conflict, "1213", 3)];
            unsettled.restored = Restored::Yes;
            let changes = [change(1, 0, 5, 6), failed(2, 0, 7), unsettled];
            let journal = Journal::create(path).unwrap();
            for change in &changes {
                journal.append(change).unwrap();
            }
            let history = read(path).unwrap();
            assert_eq!(history.changes, changes);
            assert!(!history.torn);
        });
    }

    #[test]
    fn changes_in_memory_are_given_once_in_the_order_in_which_they_ended() {
        let journal = Journal::in_memory();
        let changes = [change(2, 0, 5, 6), failed(1, 0, 7), change(2, 1, 5, 6)];
        for change in &changes {
            journal.append(change).unwrap();
        }
        assert_eq!(journal.take(), changes);
        assert_eq!(journal.take(), []);
    }

    #[test]
    fn many_workers_append_at_once_and_no_line_is_lost_or_mixed() {
        in_folder(|path| {
            let journal = Journal::create(path).unwrap();
            std::thread::scope(|scope| {
                for worker in 0..8 {
                    let journal = &journal;
                    scope.spawn(move || {
                        for number in 0..500 {
                            journal.append(&change(worker, number, 5, 6)).unwrap();
                        }
                    });
                }
            });
            let history = read(path).unwrap();
            let markers: BTreeSet<_> = history.changes.iter().map(Change::marker).collect();
            assert_eq!((history.changes.len(), markers.len()), (4000, 4000));
        });
    }

    #[test]
    fn a_history_is_never_overwritten() {
        in_folder(|path| {
            let journal = Journal::create(path).unwrap();
            let mut other = OpenOptions::new().append(true).open(path).unwrap();
            let line = serde_json::to_string(&change(1, 0, 5, 6)).unwrap();
            writeln!(other, "{line}").unwrap();
            journal.append(&change(1, 1, 5, 6)).unwrap();
            assert_eq!(read(path).unwrap().changes.len(), 2);
            let again = Journal::create(path).unwrap_err();
            assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        });
    }

    #[test]
    fn torn_last_line_is_reported_and_a_broken_one_in_the_middle_is_an_error() {
        let line = |change| serde_json::to_string(&change).unwrap();
        let (one, two) = (line(change(1, 0, 5, 6)), line(failed(2, 0, 7)));
        let read = |text: String| read_lines(text.as_bytes(), |_| Ok(()));

        let torn = read(format!("{one}\n{}", &two[..two.len() / 2])).unwrap();
        assert_eq!((torn.changes.len(), torn.torn), (1, true));
        let only_its_end_is_missing = read(format!("{one}\n{two}")).unwrap();
        let History { changes, torn } = only_its_end_is_missing;
        assert_eq!((changes.len(), torn), (2, false));
        let empty = read(String::new()).unwrap();
        assert_eq!((empty.changes.len(), empty.torn), (0, false));

        let half = &two[..two.len() / 2];
        let broken = read(format!("{one}\n{half}\n{two}\n")).unwrap_err();
        assert!(
            broken.to_string().contains("line 2 of the history"),
            "{broken}"
        );
        // A line with its end was written whole, so it is no crash that broke it.
        let broken = read(format!("{one}\n{half}\n")).unwrap_err();
        assert!(broken.to_string().contains("line 2"), "{broken}");
        assert!(matches!(broken, ReadError::Line { line: 2, .. }));
    }
}
