//! Writing the history file.

use crate::model::change::Change;
use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    /// The line being built. Each thread has its own, so that workers share no lock.
    static LINE: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(1024));
}

/// A history being written, by many workers at once and without a lock of ours: each line goes out
/// in one write call, and on a local file the kernel appends each as a whole. What was appended
/// survives the end of the process, `kill -9` included; not that of the machine.
#[derive(Debug)]
pub struct HistoryFile {
    file: File,
    /// A line was cut short. Another one after it would hide the cut in the middle of the file.
    cut: AtomicBool,
}

impl HistoryFile {
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.create_new(true).append(true).open(path)?;
        let cut = AtomicBool::new(false);
        Ok(Self { file, cut })
    }

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
            let message = "the history was cut short before: the disk is full, or the file has reached a \
                        size limit";
            return Err(io::Error::other(message));
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
                let message = format!("can't append to the history: {error}");
                return Err(io::Error::new(error.kind(), message));
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

#[cfg(test)]
mod tests {
    use super::super::super::fixtures::change;
    use super::super::read;
    use super::*;

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
        let message = error.to_string();
        assert!(message.contains("3 of a line's 6 bytes"), "{message}");
        assert!(message.contains("disk is full"), "{message}");
        write_line(&mut Limited(6), b"12345\n").unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_that_says_so() {
        let file = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let cut = AtomicBool::new(false);
        let journal = HistoryFile { file, cut };
        let error = journal.append(&change(1, 0, 5, 6)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(error.to_string().contains("history"), "{error}");
    }

    #[test]
    fn nothing_is_written_after_a_line_that_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        let journal = HistoryFile::create(&path).unwrap();
        journal.append(&change(1, 0, 5, 6)).unwrap();
        journal.write(&mut Limited(3), b"12345\n").unwrap_err();
        journal.append(&change(1, 1, 5, 6)).unwrap_err();
        assert_eq!(read(&path).unwrap().changes.len(), 1);
    }
}
