//! A distributed lock around the whole operation: taken at acquire, kept until release. The change
//! itself is a compare-and-swap that tries again at once: the holder of the lock has no rival.
//!
//! If acquiring the row fails after the lock was taken, the lock is given up: no row, no lock. It is
//! kept if that is not certain (`indefinite`), and also if releasing the row fails: as long as the
//! row may be ours, the lock is.
//!
//! Its limit is what a lock service can promise. A lease can end before the work does, and then
//! another worker holds the lock; the status still keeps them off the row, but not off anything that
//! the lock alone should have guarded. That shows when the lock is given back (`expired`,
//! `not-owner`). The row is released by then, so neither ok (the exclusion was broken) nor an error
//! that promises "no effect" would be true: the release ends `indefinite` with the code
//! `lock-lost`, and the runner finds out from the data what happened.
//!
//! Settings: `lock-wait-ms` (30000): how long one try waits for the lock; then it is a `conflict`,
//! and is tried again. `lease-ms`, `poll-ms`: left to the service if not given.

use contend_guest::prelude::*;

const SWAP: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?";

struct LockOperation {
    swap: Statement,
    _session: Session,
    locks: lock::Session,
    held: Option<Lock>,
    lock_wait_ns: u64,
}

impl StateStrategy for LockOperation {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            lock_wait_ns: setting("lock-wait-ms", 30_000u64)?.saturating_mul(1_000_000),
            swap: session.prepare(SWAP)?,
            _session: session,
            locks: open_locks()?,
            held: None,
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        if !t.is_acquire() {
            self.swap(t)?;
            // None is held when this cleans up after an acquire that failed. To take it now could
            // block for ever: its holder may be waiting for this very release.
            return self.held.take().map_or(Ok(()), give_back);
        }
        // A lock left over from a row that the host had to release is given up first.
        self.held = None;
        let lock = self.take_lock(&t.row)?;
        let acquired = self.swap(t);
        if matches!(acquired, Ok(()) | Err(Error::Indefinite(_))) {
            self.held = Some(lock);
        }
        acquired
    }
}

impl LockOperation {
    fn take_lock(&self, row: &str) -> Result<Lock, Error> {
        let lock = self.locks.lock(&[row.to_owned()], Mode::Exclusive)?;
        retry_conflicts(RETRY_WAIT, || lock.acquire(self.lock_wait_ns))?;
        Ok(lock)
    }

    fn swap(&self, t: Transition) -> Result<(), Error> {
        let values = [t.to, t.marker, t.row, t.from].map(Value::from);
        while retry_conflicts(RETRY_WAIT, || self.swap.execute(&values))? == 0 {}
        Ok(())
    }
}

/// The row is released already, so whatever goes wrong here can't promise "no effect".
fn give_back(lock: Lock) -> Result<(), Error> {
    let lost = match lock.release() {
        Ok(ReleaseOutcome::Released) => return Ok(()),
        Ok(ReleaseOutcome::Expired) => "its lease ran out",
        Ok(ReleaseOutcome::NotOwner) => "another worker took it away",
        Err(error) => &error.into_detail().message,
    };
    let message = format!("the row is released; the lock was not held until then: {lost}");
    Err(Error::indefinite("lock-lost", message))
}

contend_guest::state_strategy!(LockOperation);
