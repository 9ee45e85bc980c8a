//! Advisory locks on the files of a folder (`flock`): exclusive and shared, asked for again and
//! again while waiting, without leases, tokens or fairness. The operating system gives a dead
//! process's locks up.

mod held;
mod made;
mod names;

use super::run_id::{self, RunState};
use crate::capability::budget::Shares;
use crate::capability::clock::Clock;
use crate::capability::lock::{
    Grant, Lock, LockService, LockSession, Mode, ReleaseOutcome, SessionOptions,
};
use crate::capability::lock_names;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use async_trait::async_trait;
use held::{HeldFile, SharedSession};
use made::{Made, MadeBy};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The locks of one folder.
pub struct FileLocks {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    made: Arc<Made>,
    /// The folder is this run's alone, and ends with it.
    is_of_run: bool,
}

impl FileLocks {
    /// Uses a folder, and makes it if it is missing. Waiting is measured on `clock`.
    pub fn open(folder: PathBuf, clock: Arc<dyn Clock>) -> Result<Self, CallError> {
        std::fs::create_dir_all(&folder).map_err(|error| {
            let folder = folder.display();
            let message = format!("can't use {folder} as a folder for locks: {error}");
            CallError::unavailable("lock-folder", message)
        })?;
        let made = Arc::default();
        Ok(Self {
            folder,
            clock,
            made,
            is_of_run: false,
        })
    }

    /// Keeps the locks of one run apart from those of others: in a folder of its own, named after the
    /// run, that goes with this service. What runs left there that are over goes now.
    pub fn of_run(folder: &Path, clock: Arc<dyn Clock>, run: &str) -> Result<Self, CallError> {
        let there = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for entry in there {
            let name = entry.file_name();
            let run_state = name.to_str().and_then(run_id::run_state);
            if run_state == Some(RunState::Over) {
                // Another run may be at it already.
                std::fs::remove_dir_all(entry.path()).ok();
            }
        }
        let mut locks = Self::open(folder.join(run), clock)?;
        locks.is_of_run = true;
        Ok(locks)
    }
}

impl Drop for FileLocks {
    fn drop(&mut self) {
        if self.is_of_run {
            // What can't be removed now goes with the next run.
            std::fs::remove_dir_all(&self.folder).ok();
        }
    }
}

#[async_trait]
impl LockService for FileLocks {
    fn traits(&self) -> Vec<(String, String)> {
        lock_names::traits([
            ("lease", "no"),
            ("fencing", "no"),
            ("shared", "yes"),
            ("shared-limit", "no"),
            ("fair", "no"),
            ("across-processes", "yes"),
            ("across-hosts", "only where the file system says so"),
        ])
    }

    fn divide(&self, shares: &Shares) {
        self.made.bound(shares.lock_files);
    }

    async fn open(
        &self,
        owner: String,
        options: SessionOptions,
    ) -> Result<Box<dyn LockSession>, CallError> {
        Ok(Box::new(FileSession {
            folder: self.folder.clone(),
            clock: Arc::clone(&self.clock),
            poll: lock_names::file_poll(options)?,
            made: MadeBy::new(&self.made, &owner),
            owner,
            shared: SharedSession::default(),
        }))
    }
}

struct FileSession {
    folder: PathBuf,
    made: MadeBy,
    clock: Arc<dyn Clock>,
    poll: Nanos,
    owner: String,
    shared: SharedSession,
}

#[async_trait]
impl LockSession for FileSession {
    fn lock(&mut self, names: Vec<String>, mode: Mode) -> Result<Box<dyn Lock>, CallError> {
        lock_names::check_mode_without_limit(mode)?;
        let names = lock_names::sorted(names)?;
        let in_folder = |name: String| (self.folder.join(names::file_name(&name)), name);
        Ok(Box::new(FileLock {
            files: names.into_iter().map(in_folder).collect(),
            mode,
            clock: Arc::clone(&self.clock),
            poll: self.poll,
            owner: self.owner.clone(),
            made: self.made.clone(),
            number: self.shared.new_lock(),
            session: self.shared.clone(),
        }))
    }

    async fn close(self: Box<Self>) {
        // The drop does it.
    }
}

impl Drop for FileSession {
    fn drop(&mut self) {
        self.shared.close();
    }
}

struct FileLock {
    /// The path and the name of each file, in the order of the names.
    files: Vec<(PathBuf, String)>,
    mode: Mode,
    clock: Arc<dyn Clock>,
    poll: Nanos,
    owner: String,
    made: MadeBy,
    /// This lock among those of its session, which keeps what is held.
    number: u64,
    session: SharedSession,
}

impl FileLock {
    /// Asks for one file until it is had. The calls go straight to the operating system: they don't
    /// wait, and a thread for each of them would cost more than they do.
    async fn take(&self, path: &Path, name: &str, deadline: Nanos) -> Result<HeldFile, CallError> {
        loop {
            if self.session.is_closed() {
                return Err(lock_names::session_closed());
            }
            if let Some(file) = HeldFile::try_lock(path, self.mode, &self.made)? {
                return Ok(file);
            }
            let left = deadline.saturating_sub(self.clock.now());
            if left == 0 {
                return Err(lock_names::wait_timeout(name));
            }
            self.clock.sleep(self.poll.min(left)).await;
        }
    }
}

#[async_trait]
impl Lock for FileLock {
    async fn acquire(&mut self, wait: Nanos) -> Result<Grant, CallError> {
        if self.session.holds(self.number) {
            return Err(lock_names::already_held());
        }
        self.session.give_up(self.number);
        let deadline = self.clock.now().saturating_add(wait);
        // Dropped on every way out but the last, and each file is unlocked with it.
        let mut files = Vec::with_capacity(self.files.len());
        for (path, name) in &self.files {
            files.push(self.take(path, name, deadline).await?);
        }
        self.session.keep(self.number, files)?;
        Ok(Grant::without_lease(&self.owner, Vec::new()))
    }

    async fn release(&mut self) -> Result<ReleaseOutcome, CallError> {
        let held = self.session.holds(self.number);
        self.session.give_up(self.number);
        Ok(if held {
            ReleaseOutcome::Released
        } else {
            ReleaseOutcome::NotOwner
        })
    }

    async fn renew(&mut self) -> Result<Grant, CallError> {
        Err(lock_names::no_lease("file locks"))
    }

    async fn is_owner(&mut self) -> Result<bool, CallError> {
        Ok(self.session.holds(self.number))
    }

    fn current_grant(&self) -> Option<Grant> {
        let grant = || Grant::without_lease(&self.owner, Vec::new());
        self.session.holds(self.number).then(grant)
    }

    async fn break_lock(&mut self) -> Result<(), CallError> {
        Err(lock_names::unbreakable_file())
    }

    async fn close(self: Box<Self>) {
        // The drop does it.
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        self.session.give_up(self.number);
    }
}
