//! **Wrong on purpose:** a leader that relies for ever on its election.
//!
//! As `leader-lease`, but the row is read and then written without a condition, and the leadership is looked
//! at when it is granted and never again. As long as the lease lasts there is one leader, and all is well.
//! One that is paused for longer goes on to write what another leader holds by then; so does one whose
//! service forgot it.
//!
//! Settings: as `leader-lease`.

use contend_guest::prelude::*;

const LOOK: &str = "SELECT status FROM volumes WHERE id = ?";
const WRITE: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ?";

struct LeaderNaive {
    session: Session,
    look: Statement,
    write: Statement,
    office: Office,
    leads: bool,
}

impl StateStrategy for LeaderNaive {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            look: session.prepare(LOOK)?,
            write: session.prepare(WRITE)?,
            session,
            office: Office::new()?,
            leads: false,
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        let is_acquire = t.is_acquire();
        let row = t.row.clone();
        let values = [t.to, t.marker, t.row].map(Value::from);
        let expected = Value::from(t.from);
        loop {
            let changed = retry_conflicts(RETRY_WAIT, || self.attempt(&row, &values, &expected));
            if !(matches!(changed, Ok(true)) && is_acquire) {
                self.office.resign();
                self.leads = false;
            }
            match changed {
                Ok(false) => sleep(RETRY_WAIT),
                changed => return changed.map(drop),
            }
        }
    }
}

impl LeaderNaive {
    fn attempt(&mut self, row: &str, values: &[Value; 3], expected: &Value) -> Result<bool, Error> {
        // The error: what was true then.
        if !self.leads {
            self.office.term(row)?;
            self.leads = true;
        }
        self.session.sync()?;
        let rows = self.look.query(&values[2..])?;
        if first_value(&rows) != Some(expected) {
            return Ok(false);
        }
        Ok(self.write.execute(values)? == 1)
    }
}

contend_guest::state_strategy!(LeaderNaive);
