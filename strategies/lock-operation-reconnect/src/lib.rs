//! **An error kept on purpose:** `lock-operation`, but every change first drops its lock session and
//! opens another. The release is a change too, so it drops the lock before it has released the row,
//! and then gives back a lock that it does not hold.
//!
//! The published Redis solutions did this by mistake. They told the shared code to expect another
//! driver, so it never took its connection for the right one, stopped it, which gave its locks up,
//! and started another. The release of a lock that was not held was logged, once for each change, and
//! the change reported as a success; so this strategy too is told `not-owner` and goes on.
//!
//! Its limit: the lock is worthless, whatever service gives it. The rows stay right all the same,
//! since the change itself is a compare-and-swap; anything that only the lock should have guarded
//! would not.
//!
//! Settings: as `lock-operation`.

use contend_guest::prelude::*;

const SWAP: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?";

struct LockOperationReconnect {
    swap: Statement,
    _session: Session,
    locks: Option<lock::Session>,
    held: Option<Lock>,
    lock_wait_ns: u64,
}

impl StateStrategy for LockOperationReconnect {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            lock_wait_ns: setting("lock-wait-ms", 30_000u64)?.saturating_mul(1_000_000),
            swap: session.prepare(SWAP)?,
            _session: session,
            locks: Some(open_locks()?),
            held: None,
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        // The error: whatever the session holds is given up with it.
        self.locks = None;
        let locks = self.locks.insert(open_locks()?);
        if !t.is_acquire() {
            self.swap(t)?;
            if let Some(lock) = self.held.take() {
                // Not held any more, which the original only logged.
                let _ = lock.release();
            }
            return Ok(());
        }
        self.held = None;
        let lock = locks.lock(std::slice::from_ref(&t.row), Mode::Exclusive)?;
        retry_conflicts(RETRY_WAIT, || lock.acquire(self.lock_wait_ns))?;
        let acquired = self.swap(t);
        if matches!(acquired, Ok(()) | Err(Error::Indefinite(_))) {
            self.held = Some(lock);
        }
        acquired
    }
}

impl LockOperationReconnect {
    fn swap(&self, t: Transition) -> Result<(), Error> {
        let values = [t.to, t.marker, t.row, t.from].map(Value::from);
        while retry_conflicts(RETRY_WAIT, || self.swap.execute(&values))? == 0 {}
        Ok(())
    }
}

contend_guest::state_strategy!(LockOperationReconnect);
