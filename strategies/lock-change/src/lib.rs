//! A distributed lock around each change: a lock named after the row is taken, the row is changed as
//! in `for-update`, and the lock is given back.
//!
//! The lock is never held while waiting for the expected status: the holder of the row needs the
//! same lock to release it, and could not get it. So each look takes the lock anew.
//!
//! The lock keeps workers from meeting in the database, which spares conflicts; what makes the
//! change correct is still the transaction. So a lease that ran out during a change does no harm,
//! and how the lock's release ended says nothing about the change. Its limit: every change pays for
//! two trips to the lock service, and when that service is away nothing moves.
//!
//! Settings: `lock-wait-ms` (30000): how long one try waits for the lock; then it is a `conflict`,
//! and is tried again. `lease-ms`, `poll-ms`: left to the service if not given.

use contend_guest::prelude::*;

const LOOK: &str = "SELECT status FROM volumes WHERE id = ? FOR UPDATE";
const WRITE: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ?";

struct LockChange {
    session: Session,
    look: Statement,
    write: Statement,
    locks: lock::Session,
    lock_wait_ns: u64,
}

impl StateStrategy for LockChange {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            lock_wait_ns: setting("lock-wait-ms", 30_000u64)?.saturating_mul(1_000_000),
            look: session.prepare(LOOK)?,
            write: session.prepare(WRITE)?,
            session,
            locks: open_locks()?,
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        let name = [t.row.clone()];
        let values = [t.to, t.marker, t.row].map(Value::from);
        let expected = Value::from(t.from);
        let attempt = || self.attempt(&name, &values, &expected);
        while !retry_conflicts(RETRY_WAIT, attempt)? {
            sleep(RETRY_WAIT);
        }
        Ok(())
    }
}

impl LockChange {
    /// One look under the lock. Says whether the row was changed.
    fn attempt(
        &self,
        name: &[String],
        values: &[Value; 3],
        expected: &Value,
    ) -> Result<bool, Error> {
        let lock = self.locks.lock(name, Mode::Exclusive)?;
        lock.acquire(self.lock_wait_ns)?;
        let changed = self.session.transaction(|| {
            let rows = self.look.query(&values[2..])?;
            if first_value(&rows) != Some(expected) {
                return Ok(false);
            }
            Ok(self.write.execute(values)? == 1)
        });
        // What happened to the row is decided. An error from here on must not claim otherwise, and
        // dropping the lock gives it up in any case.
        let _ = lock.release();
        changed
    }
}

contend_guest::state_strategy!(LockChange);
