//! Wrong on purpose. A transaction reads the status, finds it as expected, and writes the new one by
//! the row's id alone. A conflict means that the whole of it is done again.
//!
//! It looks safe, because it is a transaction. But a plain SELECT reads a snapshot and locks
//! nothing, so two workers can read `available` at the same time, and the second overwrites what
//! the first wrote: a lost update. MariaDB and MySQL let that happen as they come, on one node as on
//! several: a cluster refuses two writes that were under way at once, and not one that began after
//! the other had been applied, however old the snapshot is that it was computed from. With
//! `innodb_snapshot_isolation` such a write is refused, but for a short time that remains. SQLite
//! always refuses it, so there this is right, and shows nothing but conflicts.

use contend_guest::prelude::*;

const LOOK: &str = "SELECT status FROM volumes WHERE id = ?";
const WRITE: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ?";

struct ReadModifyWrite {
    session: Session,
    look: Statement,
    write: Statement,
}

impl StateStrategy for ReadModifyWrite {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            look: session.prepare(LOOK)?,
            write: session.prepare(WRITE)?,
            session,
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        let values = [t.to, t.marker, t.row].map(Value::from);
        let expected = Value::from(t.from);
        let attempt = || self.attempt(&values, &expected);
        while !retry_conflicts(RETRY_WAIT, attempt)? {
            sleep(RETRY_WAIT);
        }
        Ok(())
    }
}

impl ReadModifyWrite {
    /// One transaction. `values` are the new status, the marker and the row. Says whether the row
    /// was in the expected status, and was changed.
    fn attempt(&self, values: &[Value; 3], expected: &Value) -> Result<bool, Error> {
        self.session.transaction(|| {
            let rows = self.look.query(&values[2..])?;
            if first_value(&rows) != Some(expected) {
                return Ok(false);
            }
            Ok(self.write.execute(values)? == 1)
        })
    }
}

contend_guest::state_strategy!(ReadModifyWrite);
