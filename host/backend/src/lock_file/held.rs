//! Locked files, and the session that holds them.

use super::made::MadeBy;
use crate::capability::lock::Mode;
use crate::model::error::CallError;
use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One locked file. Dropping it closes the file, which unlocks it.
///
/// The file itself stays: if it were removed, one worker could hold the lock of the old file while
/// another takes that of a new one with the same name.
pub(super) struct HeldFile {
    file: File,
    path: PathBuf,
}

impl HeldFile {
    /// The lock, or `None` if another session holds it.
    pub(super) fn try_lock(
        path: &Path,
        mode: Mode,
        by: &MadeBy,
    ) -> Result<Option<Self>, CallError> {
        let explain = |error: io::Error| {
            let message = format!("can't lock the file {}: {error}", path.display());
            CallError::unavailable("lock-file", message)
        };
        let open = || File::options().write(true).open(path);
        let opened = match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                by.charge()?;
                match File::create_new(path) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => open(),
                    made => made,
                }
            }
            opened => opened,
        };
        let file = opened.map_err(explain)?;
        let locked = match mode {
            Mode::Exclusive => file.try_lock(),
            Mode::Shared(_) => file.try_lock_shared(),
        };
        match locked {
            Ok(()) => {
                let path = path.to_owned();
                let held = Self { file, path };
                Ok(held.still_counts().then_some(held))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(explain(error)),
        }
    }

    /// True if the path still leads to this file: another program may have emptied the folder.
    fn still_counts(&self) -> bool {
        let (Ok(ours), Ok(named)) = (self.file.metadata(), std::fs::metadata(&self.path)) else {
            return false;
        };
        (ours.dev(), ours.ino()) == (named.dev(), named.ino())
    }
}

/// State that a session shares with its locks, since either may end before the other.
#[derive(Clone, Default)]
pub(super) struct SharedSession(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    closed: bool,
    last_lock: u64,
    by_lock: HashMap<u64, Vec<HeldFile>>,
}

impl SharedSession {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn new_lock(&self) -> u64 {
        let mut held = self.lock();
        held.last_lock += 1;
        held.last_lock
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    pub(super) fn holds(&self, lock: u64) -> bool {
        let held = self.lock();
        let files = held.by_lock.get(&lock);
        files.is_some_and(|files| files.iter().all(HeldFile::still_counts))
    }

    /// Keeps what a lock acquired, unless the session ended in the meantime.
    pub(super) fn keep(&self, lock: u64, files: Vec<HeldFile>) -> Result<(), CallError> {
        let mut held = self.lock();
        if held.closed {
            return Err(crate::capability::lock_names::session_closed());
        }
        held.by_lock.insert(lock, files);
        Ok(())
    }

    pub(super) fn give_up(&self, lock: u64) {
        self.lock().by_lock.remove(&lock);
    }

    pub(super) fn close(&self) {
        let mut held = self.lock();
        held.closed = true;
        held.by_lock.clear();
    }
}
