//! A distributed lock, and nothing else: under a lock named after the row, the status is read and the
//! new one written by the row's id alone, without a transaction, a row lock or a condition.
//!
//! This is what most people mean by a distributed lock, and it is right as long as the lock is. What
//! the last holder wrote must be seen, so it waits for the node before it reads
//! (`replication.sync`): on several nodes it would be wrong without that, even with a perfect lock.
//! Its limit: a lock that ends under its holder guards nothing. A lease that runs out while the
//! worker stands still, or a service that fails over and forgets, lets two workers in, and nothing
//! else notices.
//!
//! Settings: as `lock-change`; and `sync` (true): with `false` it reads without waiting, so that what
//! was said of several nodes can be seen.

use contend_guest::prelude::*;

const LOOK: &str = "SELECT status FROM volumes WHERE id = ?";
const WRITE: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ?";

struct LockOnly {
    session: Session,
    look: Statement,
    write: Statement,
    locks: lock::Session,
    lock_wait_ns: u64,
    syncs: bool,
}

impl StateStrategy for LockOnly {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            lock_wait_ns: setting("lock-wait-ms", 30_000u64)?.saturating_mul(1_000_000),
            syncs: setting("sync", true)?,
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

impl LockOnly {
    /// One look under the lock. Says whether the row was changed.
    fn attempt(
        &self,
        name: &[String],
        values: &[Value; 3],
        expected: &Value,
    ) -> Result<bool, Error> {
        let lock = self.locks.lock(name, Mode::Exclusive)?;
        lock.acquire(self.lock_wait_ns)?;
        let changed = self.read_and_write(values, expected);
        // As in `lock-change`: what happened to the row is decided.
        let _ = lock.release();
        changed
    }

    fn read_and_write(&self, values: &[Value; 3], expected: &Value) -> Result<bool, Error> {
        if self.syncs {
            self.session.sync()?;
        }
        let rows = self.look.query(&values[2..])?;
        if first_value(&rows) != Some(expected) {
            return Ok(false);
        }
        Ok(self.write.execute(values)? == 1)
    }
}

contend_guest::state_strategy!(LockOnly);
