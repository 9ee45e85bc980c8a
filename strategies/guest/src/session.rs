//! Opening sessions, and transactions that can't be left open.

use crate::{
    Error, RETRY_WAIT, Session, db, lock, replication, retry_conflicts, setting_or_nothing,
};

/// Opens a session through the run's endpoint. The first was opened before the clock started.
pub fn connect() -> Result<Session, Error> {
    db::connect(&db::Target::Endpoint)
}

/// Opens a session with the lock service. Settings: `lease-ms` and `poll-ms`; left out, the service
/// chooses.
pub fn open_locks() -> Result<lock::Session, Error> {
    let nanoseconds = |name| {
        let ms: Option<u64> = setting_or_nothing(name)?;
        Ok(ms.map(|ms| ms.saturating_mul(1_000_000)))
    };
    lock::open(lock::SessionOptions {
        lease: nanoseconds("lease-ms")?,
        poll: nanoseconds("poll-ms")?,
    })
}

impl Session {
    /// Waits until this session sees everything that was committed anywhere before the call.
    pub fn sync(&self) -> Result<(), Error> {
        replication::sync(self)
    }

    /// Makes a step that has to find a row which this strategy has written before, and says whether it
    /// did. That there is none is believed only after [`Session::sync`]: a session that was lost may
    /// have been opened again on a node that has not heard of the row yet. Conflicts are tried again.
    pub fn find_own(&self, mut step: impl FnMut() -> Result<bool, Error>) -> Result<bool, Error> {
        if retry_conflicts(RETRY_WAIT, &mut step)? {
            return Ok(true);
        }
        self.sync()?;
        retry_conflicts(RETRY_WAIT, step)
    }

    /// Runs `work` in a transaction: commits if it says true; rolls back if it says false or fails.
    ///
    /// It retries nothing. After a `conflict` the transaction is gone, so only the whole of it may
    /// be tried again: a statement that went on alone would commit by itself, outside any
    /// transaction. A commit that ends `indefinite` is returned as that.
    pub fn transaction(&self, work: impl FnOnce() -> Result<bool, Error>) -> Result<bool, Error> {
        self.commit_if(|&commit| commit, work)
    }

    /// The same for work that is to be committed whenever it does not fail.
    pub fn atomically<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        self.commit_if(|_| true, work)
    }

    fn commit_if<T>(
        &self,
        is_to_be_committed: impl FnOnce(&T) -> bool,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.begin()?;
        match work() {
            Ok(done) if is_to_be_committed(&done) => self.commit().map(|()| done),
            Ok(done) => self.rollback().map(|()| done),
            Err(error) => {
                // Also after a conflict: it may have come from the lock service, and then the
                // transaction is still open. What went wrong first is what counts.
                let _ = self.rollback();
                Err(error)
            }
        }
    }
}
