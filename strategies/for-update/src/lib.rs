//! SELECT … FOR UPDATE: a transaction locks the row, reads its status, and writes the new one if the
//! status is the expected one. Otherwise it ends the transaction, waits 10 ms and looks again.
//!
//! The row lock is held for two round trips and a commit, and only on the node that gave it: on a
//! multi-master cluster two nodes can lock the same row at once, and the one that commits later
//! gets a `conflict`, perhaps only from its commit. So the answer of COMMIT is what counts, and a
//! conflict at any point means that the transaction is gone: the whole of it is done again, never
//! its next statement alone. A commit whose answer was lost (`indefinite`) is returned as that,
//! since trying again could make the change twice.

use contend_guest::prelude::*;

const LOOK: &str = "SELECT status FROM volumes WHERE id = ? FOR UPDATE";
const WRITE: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ?";

struct ForUpdate {
    session: Session,
    look: Statement,
    write: Statement,
}

impl StateStrategy for ForUpdate {
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

impl ForUpdate {
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

contend_guest::state_strategy!(ForUpdate);
