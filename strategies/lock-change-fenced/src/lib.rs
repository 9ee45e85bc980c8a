//! A distributed lock whose fencing token decides, so that a holder who lost the lock without knowing
//! it changes nothing.
//!
//! Under a lock named after the row, the token is written into the row (`migration_status`), if no
//! greater one is there: the fence is raised. Then the status is read, and the new one written if the
//! row still carries this token. No row changed at either step means that a later holder was here,
//! and all begins again.
//!
//! The fence must be raised before the read. If the token were only compared in the last write, a
//! holder who stood still could write between another's read and write: the other, who read
//! `available`, has a greater token, and overwrites it. Once the fence is up, no earlier holder can write
//! any more, so what is read then stays true until this holder or a later one writes. Its limit: a
//! write more for each look, and the database must be able to compare. Nothing moves without the
//! lock service, or with one that gives no tokens, which is `rejected`.
//!
//! Settings: as `lock-change`.

use contend_guest::prelude::*;

const RAISE: &str = "UPDATE volumes SET migration_status = ? \
                     WHERE id = ? AND (migration_status IS NULL OR migration_status < ?)";
const LOOK: &str = "SELECT status FROM volumes WHERE id = ?";
const WRITE: &str = "UPDATE volumes SET status = ?, attach_status = ? \
                     WHERE id = ? AND migration_status = ?";

struct LockChangeFenced {
    session: Session,
    raise: Statement,
    look: Statement,
    write: Statement,
    locks: lock::Session,
    lock_wait_ns: u64,
}

impl StateStrategy for LockChangeFenced {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            lock_wait_ns: setting("lock-wait-ms", 30_000u64)?.saturating_mul(1_000_000),
            raise: session.prepare(RAISE)?,
            look: session.prepare(LOOK)?,
            write: session.prepare(WRITE)?,
            session,
            locks: open_locks()?,
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        while !retry_conflicts(RETRY_WAIT, || self.attempt(&t))? {
            sleep(RETRY_WAIT);
        }
        Ok(())
    }
}

impl LockChangeFenced {
    /// One look under the lock. Says whether the row was changed.
    fn attempt(&self, t: &Transition) -> Result<bool, Error> {
        let lock = self
            .locks
            .lock(std::slice::from_ref(&t.row), Mode::Exclusive)?;
        let grant = lock.acquire(self.lock_wait_ns)?;
        let Some(fence) = grant.fencing.first() else {
            let message = "the lock service gives no fencing tokens";
            return Err(Error::rejected("no-fencing", message));
        };
        // As text, tokens of one length compare like numbers.
        let changed = self.fenced(t, format!("{:020}", fence.token));
        // As in `lock-change`: what happened to the row is decided.
        let _ = lock.release();
        changed
    }

    fn fenced(&self, t: &Transition, token: String) -> Result<bool, Error> {
        let (row, token) = (Value::from(t.row.as_str()), Value::from(token));
        let raise = [token.clone(), row.clone(), token.clone()];
        if retry_conflicts(RETRY_WAIT, || self.raise.execute(&raise))? == 0 {
            return Ok(false);
        }
        self.session.sync()?;
        let values = [t.to.as_str().into(), t.marker.as_str().into(), row, token];
        let rows = self.look.query(&values[2..3])?;
        let expected = first_value(&rows).and_then(Value::as_text) == Some(&t.from);
        Ok(expected && self.write.execute(&values)? == 1)
    }
}

contend_guest::state_strategy!(LockChangeFenced);
