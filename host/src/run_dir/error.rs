use crate::record::journal;
use std::io;
use std::path::{Path, PathBuf};

/// An error of a run's folder.
#[derive(Debug, thiserror::Error)]
pub enum RunDirError {
    #[error(
        "{0} is there already, and nothing is ever overwritten; name another folder with --out"
    )]
    Taken(PathBuf),
    #[error(
        "a strategy called {0:?} would have its folder where a run has a file; rename its .wasm file"
    )]
    NameTaken(String),
    #[error("{path} is not the folder of a run: {why}")]
    NotARun { path: PathBuf, why: String },
    #[error(
        "{0} is there already and is not the folder of a batch; name another folder with --out"
    )]
    NotABatch(PathBuf),
    #[error("another runner is at work in {0}; wait for its end or name another folder with --out")]
    Busy(PathBuf),
    #[error(
        "{path} holds a run of another batch; name another folder with --out. What differs: {}",
        differences.join("; ")
    )]
    OtherBatch {
        path: PathBuf,
        differences: Vec<String>,
    },
    #[error(
        "{path} is refused: its files take {} MiB, and unpacked-mib is {allowed_mib}; if you know where \
         it comes from, raise it with --unpacked-mib",
        bytes.div_ceil(1 << 20)
    )]
    TooLarge {
        path: PathBuf,
        bytes: u64,
        allowed_mib: u64,
    },
    #[error("{path}: line {line} is no update of the audit: {source}")]
    AuditEntry {
        path: PathBuf,
        /// From 1.
        line: usize,
        source: serde_json::Error,
    },
    #[error("{path} can't be of this run: {why}")]
    Impossible { path: PathBuf, why: String },
    #[error("{path}: {}", explain(source))]
    Io { path: PathBuf, source: io::Error },
    #[error("{path}: {source}")]
    History {
        path: PathBuf,
        source: journal::ReadError,
    },
    #[error(
        "{path} is not whole: {found} of {recorded} lines are there, so nothing is judged by it"
    )]
    NotWhole {
        path: PathBuf,
        found: u64,
        recorded: u64,
    },
}

impl RunDirError {
    /// Adds the path to an error of the file system.
    pub fn at(path: &Path) -> impl Fn(io::Error) -> Self + Copy {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge => {
            format!("the disk is full ({error}); what was measured until then is kept")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            format!("can't be written ({error}); name another folder with --out")
        }
        _ => error.to_string(),
    }
}
