//! **An error kept on purpose:** `for-update`, but a conflict is not tried again, and is reported as
//! a success.
//!
//! A published harness did this by mistake. Its handler of deadlocks, meant to try again, fell through
//! to the end of the loop, so the change counted as made, and as a quick one: a third of its
//! allocations on a cluster had never happened. This strategy shows what such a figure is worth, and
//! that the data tells: the step is reported ok, and no update carries its marker.
//!
//! Without conflicts nothing is wrong with it. So it is right on SQLite, which makes writers wait
//! for each other, and on one node of MariaDB as long as no worker waits for a lock too long; on
//! several nodes with rivals the verdict must be `violated`.

use contend_guest::prelude::*;

const LOOK: &str = "SELECT status FROM volumes WHERE id = ? FOR UPDATE";
const WRITE: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ?";

struct ForUpdateNoRetry {
    session: Session,
    look: Statement,
    write: Statement,
}

impl StateStrategy for ForUpdateNoRetry {
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
        loop {
            match self.attempt(&values, &expected) {
                Ok(true) => return Ok(()),
                Ok(false) => sleep(RETRY_WAIT),
                // The error.
                Err(Error::Conflict(_)) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

impl ForUpdateNoRetry {
    /// As in `for-update`: one transaction, which says whether it changed the row.
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

contend_guest::state_strategy!(ForUpdateNoRetry);
