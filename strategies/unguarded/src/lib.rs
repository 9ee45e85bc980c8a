//! Wrong on purpose. To acquire, it reads the status until it is the expected one, and then writes
//! by the row's id alone; two workers that read `available` at the same time both write, and both
//! believe that the row is theirs. To release, it writes without looking.
//!
//! This is the code that people write first. It is here so that every run can show that its
//! checkers see the difference: with rivals on a row the verdict must be `violated`. With one worker
//! for each row it looks perfect, and is the cheapest of all.

use contend_guest::prelude::*;

const LOOK: &str = "SELECT status FROM volumes WHERE id = ?";
const WRITE: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ?";

struct Unguarded {
    _session: Session,
    look: Statement,
    write: Statement,
}

impl StateStrategy for Unguarded {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            look: session.prepare(LOOK)?,
            write: session.prepare(WRITE)?,
            _session: session,
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        let acquire = t.is_acquire();
        let values = [t.to, t.marker, t.row].map(Value::from);
        let expected = Value::from(t.from);
        while acquire && !retry_conflicts(RETRY_WAIT, || self.is(&values[2..], &expected))? {
            sleep(RETRY_WAIT);
        }
        retry_conflicts(RETRY_WAIT, || self.write.execute(&values))?;
        Ok(())
    }
}

impl Unguarded {
    fn is(&self, row: &[Value], expected: &Value) -> Result<bool, Error> {
        let rows = self.look.query(row)?;
        Ok(first_value(&rows) == Some(expected))
    }
}

contend_guest::state_strategy!(Unguarded);
