//! **An error kept on purpose:** `lock-change`, but every change first drops its lock session and opens
//! another.
//!
//! The published Redis solutions did this by mistake. They told the shared code to expect another
//! driver, so it never took its connection for the right one, and stopped and started it inside each
//! timed change. Their figures are figures of connecting. This strategy shows what that costs, beside
//! `lock-change` with the same lock service, which keeps its session for the worker's life.
//!
//! The change itself is still a transaction under the lock, so the rows stay right.
//!
//! Settings: as `lock-change`.

use contend_guest::prelude::*;

const LOOK: &str = "SELECT status FROM volumes WHERE id = ? FOR UPDATE";
const WRITE: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ?";

struct LockChangeReconnect {
    session: Session,
    look: Statement,
    write: Statement,
    locks: Option<lock::Session>,
    lock_wait_ns: u64,
}

impl StateStrategy for LockChangeReconnect {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            lock_wait_ns: setting("lock-wait-ms", 30_000u64)?.saturating_mul(1_000_000),
            look: session.prepare(LOOK)?,
            write: session.prepare(WRITE)?,
            session,
            locks: Some(open_locks()?),
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        // The error.
        self.locks = None;
        self.locks = Some(open_locks()?);
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

impl LockChangeReconnect {
    /// One look under the lock. Says whether the row was changed.
    fn attempt(
        &self,
        name: &[String],
        values: &[Value; 3],
        expected: &Value,
    ) -> Result<bool, Error> {
        let Some(locks) = &self.locks else {
            return Ok(false);
        };
        let lock = locks.lock(name, Mode::Exclusive)?;
        lock.acquire(self.lock_wait_ns)?;
        let changed = self.session.transaction(|| {
            let rows = self.look.query(&values[2..])?;
            if first_value(&rows) != Some(expected) {
                return Ok(false);
            }
            Ok(self.write.execute(values)? == 1)
        });
        // As in `lock-change`: what happened to the row is decided.
        let _ = lock.release();
        changed
    }
}

contend_guest::state_strategy!(LockChangeReconnect);
