//! Only the leader of a row changes it, and the term decides, so that a leader who was deposed without
//! knowing it changes nothing.
//!
//! Each row has a group. Its leader raises the term in the row (`migration_status`) before it reads, if
//! no greater one is there, and writes only if the row still carries its own term: the fence of
//! `lock-change-fenced`, with a leadership that lasts from acquire to release. No row changed at either
//! step means that a later leader was here, and all begins again. Its limit: a write more for each look, and
//! nothing moves without a lock service that has groups.
//!
//! Settings: as `leader-lease`.

use contend_guest::prelude::*;

const RAISE: &str = "UPDATE volumes SET migration_status = ? \
                     WHERE id = ? AND (migration_status IS NULL OR migration_status <= ?)";
const LOOK: &str = "SELECT status, migration_status FROM volumes WHERE id = ?";
const WRITE: &str = "UPDATE volumes SET status = ?, attach_status = ? \
                     WHERE id = ? AND migration_status = ?";

struct LeaderFenced {
    session: Session,
    raise: Statement,
    look: Statement,
    write: Statement,
    office: Office,
}

impl StateStrategy for LeaderFenced {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            raise: session.prepare(RAISE)?,
            look: session.prepare(LOOK)?,
            write: session.prepare(WRITE)?,
            session,
            office: Office::new()?,
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        loop {
            let changed = retry_conflicts(RETRY_WAIT, || self.attempt(&t));
            // It leads on while it holds the row, and in no other case.
            if !(matches!(changed, Ok(true)) && t.is_acquire()) {
                self.office.resign();
            }
            match changed {
                Ok(false) => sleep(RETRY_WAIT),
                changed => return changed.map(drop),
            }
        }
    }
}

impl LeaderFenced {
    /// One look as leader. Says whether the row was changed.
    fn attempt(&mut self, t: &Transition) -> Result<bool, Error> {
        // As text, terms of one length compare like numbers.
        let term = Value::from(format!("{:020}", self.office.term(&t.row)?));
        let row = Value::from(t.row.as_str());
        let raise = [term.clone(), row.clone(), term.clone()];
        retry_conflicts(RETRY_WAIT, || self.raise.execute(&raise))?;
        self.session.sync()?;
        let values = [t.to.as_str().into(), t.marker.as_str().into(), row, term];
        let rows = self.look.query(&values[2..3])?;
        // The fence may have been up before: a row that is not changed is not counted by every server.
        let seen = [Value::from(t.from.as_str()), values[3].clone()];
        let expected = rows.first().is_some_and(|row| row[..] == seen);
        Ok(expected && self.write.execute(&values)? == 1)
    }
}

contend_guest::state_strategy!(LeaderFenced);
