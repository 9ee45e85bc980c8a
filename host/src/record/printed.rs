//! Keeping what strategies print.

use crate::capability::printed::Printed;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What is kept of one trial; the rest of a flood is dropped.
const MAX_BYTES: u64 = 16 << 20;

/// A file with a line for each line printed. It is made when there is one, and each line goes out in
/// one write call, so that workers share no lock of ours.
pub struct PrintedFile {
    path: PathBuf,
    file: OnceLock<Option<File>>,
    bytes: AtomicU64,
}

impl PrintedFile {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            file: OnceLock::new(),
            bytes: AtomicU64::new(0),
        }
    }

    fn create(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create_new(true).append(true).open(&self.path)
    }
}

impl Printed for PrintedFile {
    fn line(&self, worker: u32, line: &str) {
        let mut text = format!("worker {worker}: {line}\n");
        let bytes = text.len() as u64;
        let before = self.bytes.fetch_add(bytes, Relaxed);
        if before > MAX_BYTES {
            return;
        }
        if before + bytes > MAX_BYTES {
            text = format!("(what is printed after {MAX_BYTES} bytes is left out)\n");
        }
        if let Some(mut file) = self.file.get_or_init(|| self.create().ok()).as_ref() {
            // A disk that is full is told by the history.
            let _ = file.write_all(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn there_is_a_file_when_something_is_printed_and_it_has_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("printed.log");
        let printed = PrintedFile::new(path.clone());
        assert!(!path.exists());
        printed.line(3, "hello");
        assert_eq!(fs::read_to_string(&path).unwrap(), "worker 3: hello\n");
        let long = "x".repeat(1 << 20);
        for _ in 0..40 {
            printed.line(4, &long);
        }
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.len() as u64 <= MAX_BYTES);
        assert!(text.ends_with("is left out)\n"));
        assert_eq!(text.matches("left out").count(), 1);
    }
}
