use std::io;
use std::path::{Path, PathBuf};

/// An error of a bundle. Names from within it are shown with what steers a terminal escaped.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("{path} is no bundle of a run, as `runner bundle` makes it: {why}")]
    NotABundle { path: PathBuf, why: String },
    #[error(
        "{path} is a bundle of the format {format}, and this runner reads {} at most; take a newer \
         runner",
        super::FORMAT
    )]
    Newer { path: PathBuf, format: u64 },
    #[error("{path} is refused, and nothing of it was kept: the entry {entry:?} {why}")]
    Refused {
        path: PathBuf,
        entry: String,
        why: &'static str,
    },
    #[error(
        "{path} is refused: it has {files} files, and {} are the most",
        super::MAX_FILES
    )]
    TooManyFiles { path: PathBuf, files: usize },
    #[error(
        "{path} is refused: it takes {} MiB when it is unpacked, and unpacked-mib is {allowed_mib}; if \
         you know where it comes from, raise it with --unpacked-mib",
        bytes.div_ceil(1 << 20)
    )]
    TooLarge {
        path: PathBuf,
        bytes: u64,
        allowed_mib: u64,
    },
    #[error("{path} is damaged, and nothing of it was kept: {why}; get it again")]
    Damaged { path: PathBuf, why: String },
    #[error("{path} changed while it was packed; wait until the run is over")]
    Changed { path: PathBuf },
    #[error("{path:?} can't be in a bundle: {why}")]
    Unfit { path: String, why: &'static str },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
}

impl BundleError {
    /// Adds the path to an error of the file system.
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
