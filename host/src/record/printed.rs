//! Keeping what strategies print.

use crate::capability::budget::Shares;
use crate::capability::printed::Printed;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A file with a line for each line printed. It is made when there is one, and each line goes out in
/// one write call, so that workers share no lock of ours. Each worker has a share of it, with all its
/// instances; the rest of a flood is dropped.
pub struct PrintedFile {
    path: PathBuf,
    file: OnceLock<Option<File>>,
    share: u64,
    /// Bytes printed so far, by worker.
    bytes: Vec<AtomicU64>,
}

impl PrintedFile {
    pub fn new(path: PathBuf, workers: u32, shares: &Shares) -> Self {
        Self {
            path,
            file: OnceLock::new(),
            share: shares.printed,
            bytes: (0..workers).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    fn create(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create_new(true).append(true).open(&self.path)
    }
}

impl Printed for PrintedFile {
    fn line(&self, worker: u32, line: &str) {
        let Some(printed) = self.bytes.get(worker as usize) else {
            return;
        };
        let mut text = format!("worker {worker}: {line}\n");
        let bytes = text.len() as u64;
        let before = printed.fetch_add(bytes, Relaxed);
        let share = self.share;
        if before > share {
            return;
        }
        if before + bytes > share {
            text = format!("(what worker {worker} prints after {share} bytes is left out)\n");
        }
        if let Some(mut file) = self.file.get_or_init(|| self.create().ok()).as_ref() {
            // The history reports a full disk.
            let _ = file.write_all(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn each_worker_has_a_share_of_the_output() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("printed.log");
        let shares = Shares::new(8, None);
        let printed = PrintedFile::new(path.clone(), 8, &shares);
        assert!(!path.exists());
        printed.line(3, "hello");
        assert_eq!(fs::read_to_string(&path).unwrap(), "worker 3: hello\n");
        let long = "x".repeat(1 << 18);
        for _ in 0..40 {
            printed.line(4, &long);
        }
        printed.line(3, "still here");
        printed.line(8, "no worker");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.len() as u64 <= shares.printed + 200);
        assert_eq!(
            text.matches("worker 4 prints after 2097152 bytes").count(),
            1
        );
        assert!(text.ends_with("left out)\nworker 3: still here\n"));
    }
}
