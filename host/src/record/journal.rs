//! The history file: one change per line, as JSON, appended as the run goes.

use crate::model::change::Change;
use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    /// A line under way. Each thread has its own, so that workers share nothing of ours.
    static LINE: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(1024));
}

/// A history being written, by many workers at once and without a lock of ours: each line goes out
/// in one write call, and on a local file the kernel appends each as a whole. What was appended
/// survives the end of the process, `kill -9` included; not that of the machine.
#[derive(Debug)]
pub struct Journal {
    file: File,
    /// A line was cut short. Another one after it would hide the cut in the middle of the file.
    cut: AtomicBool,
}

impl Journal {
    /// Makes the file; an error if it is there already, so that no history is ever overwritten.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.create_new(true).append(true).open(path)?;
        let cut = AtomicBool::new(false);
        Ok(Self { file, cut })
    }

    /// Appends one change. After an error the change is not in the history, and its run can't be
    /// judged by it. Once a line was cut short, every further call is an error.
    pub fn append(&self, change: &Change) -> io::Result<()> {
        LINE.with_borrow_mut(|line| {
            line.clear();
            serde_json::to_writer(&mut *line, change)?;
            line.push(b'\n');
            self.write(&mut &self.file, line)
        })
    }

    fn write(&self, file: &mut impl Write, line: &[u8]) -> io::Result<()> {
        if self.cut.load(Ordering::Relaxed) {
            let told = "the history was cut short before: the disk is full, or the file has reached a \
                        size limit";
            return Err(io::Error::other(told));
        }
        let written = write_line(file, line);
        if matches!(&written, Err(error) if error.kind() == io::ErrorKind::WriteZero) {
            self.cut.store(true, Ordering::Relaxed);
        }
        written
    }
}

/// One write call for the whole line; only one that a signal stopped before its first byte is made
/// again. A short write is `WriteZero`, and never continued: another worker's line may stand after
/// it already.
fn write_line(file: &mut impl Write, line: &[u8]) -> io::Result<()> {
    let written = loop {
        match file.write(line) {
            Ok(written) => break written,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let told = format!("can't append to the history: {error}");
                return Err(io::Error::new(error.kind(), told));
            }
        }
    };
    if written == line.len() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::WriteZero,
        format!(
            "the history took {written} of a line's {} bytes: the disk is full, or the file has \
             reached a size limit",
            line.len()
        ),
    ))
}

/// A history as it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// In the order in which they ended.
    pub changes: Vec<Change>,
    /// The last line was cut (the machine went down, or the disk was full) and is left out.
    pub torn: bool,
}

/// Why a history can't be read.
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
}

/// Reads a history, one being written included. A last line without its end is torn; any other
/// line that is not a change is an error, since something else than a crash has been at the file.
pub fn read(path: &Path) -> Result<History, ReadError> {
    read_lines(BufReader::with_capacity(1 << 16, File::open(path)?))
}

fn read_lines(mut file: impl BufRead) -> Result<History, ReadError> {
    let mut changes = Vec::new();
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        if file.read_until(b'\n', &mut text)? == 0 {
            break;
        }
        match serde_json::from_slice(&text) {
            Ok(change) => changes.push(change),
            Err(_) if text.last() != Some(&b'\n') => {
                let torn = true;
                return Ok(History { changes, torn });
            }
            Err(source) => return Err(ReadError::Line { line, source }),
        }
    }
    let torn = false;
    Ok(History { changes, torn })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{change, failed, faults, indeterminate};
    use super::*;
    use crate::model::change::{Restored, Settled};
    use crate::model::fault::FaultKind;
    use std::collections::BTreeSet;

    fn in_folder(test: impl FnOnce(&Path)) {
        let folder = tempfile::tempdir().unwrap();
        test(&folder.path().join("history.jsonl"));
    }

    #[test]
    fn changes_of_every_outcome_come_back_as_they_were() {
        in_folder(|path| {
            let mut unsettled = indeterminate(2, 1, 9);
            unsettled.acquire.settled = Some(Settled::Unknown);
            unsettled.acquire.faults = vec![faults(FaultKind::Conflict, "1213", 3)];
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
    fn a_torn_last_line_is_told_and_a_broken_one_in_the_middle_is_an_error() {
        let line = |change| serde_json::to_string(&change).unwrap();
        let (one, two) = (line(change(1, 0, 5, 6)), line(failed(2, 0, 7)));
        let read = |text: String| read_lines(text.as_bytes());

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

    /// Takes so many bytes of each write.
    struct Limited(usize);

    impl Write for Limited {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len().min(self.0))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_short_write_is_an_error_that_says_so() {
        let error = write_line(&mut Limited(3), b"12345\n").unwrap_err();
        let told = error.to_string();
        assert!(told.contains("3 of a line's 6 bytes"), "{told}");
        assert!(told.contains("disk is full"), "{told}");
        write_line(&mut Limited(6), b"12345\n").unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_that_says_so() {
        let file = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let cut = AtomicBool::new(false);
        let journal = Journal { file, cut };
        let error = journal.append(&change(1, 0, 5, 6)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(error.to_string().contains("history"), "{error}");
    }

    #[test]
    fn nothing_is_written_after_a_line_that_was_cut() {
        in_folder(|path| {
            let journal = Journal::create(path).unwrap();
            journal.append(&change(1, 0, 5, 6)).unwrap();
            journal.write(&mut Limited(3), b"12345\n").unwrap_err();
            journal.append(&change(1, 1, 5, 6)).unwrap_err();
            assert_eq!(read(path).unwrap().changes.len(), 1);
        });
    }
}
