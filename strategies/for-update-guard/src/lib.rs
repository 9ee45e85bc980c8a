//! SELECT … FOR UPDATE as a lock: a transaction locks one row, the guard, and writes nothing. While it
//! is open, a second session reads the status of the row in question and writes the new one by its
//! id alone. Then the first session rolls back.
//!
//! On one node this is right: no other worker gets the guard, so no other reads or writes. On several
//! nodes it is wrong. A row lock counts on its own node; what other nodes hear of is the write set,
//! and a transaction that wrote nothing has none. Two nodes give out the guard at the same time, and
//! neither ever learns of it. Its limit on one node: all rows wait for one guard.
//!
//! The guard is `volume-0`. The lock on it keeps the second session out too, so that row's own
//! changes are made in the first, and so are all on SQLite, whose locks are on the whole database.

use contend_guest::{db, prelude::*};

const GUARD: &str = "volume-0";
const LOCK: &str = "SELECT status FROM volumes WHERE id = ? FOR UPDATE";
const LOOK: &str = "SELECT status FROM volumes WHERE id = ?";
const WRITE: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ?";

struct ForUpdateGuard {
    guard: Session,
    lock: Statement,
    /// The look and the write, on the session of the guard and on the other one.
    inside: Work,
    outside: Work,
    _second: Session,
    whole_database: bool,
}

struct Work {
    look: Statement,
    write: Statement,
}

impl StateStrategy for ForUpdateGuard {
    fn new() -> Result<Self, Error> {
        let (guard, second) = (connect()?, connect()?);
        Ok(Self {
            lock: guard.prepare(LOCK)?,
            inside: Work::prepare(&guard)?,
            outside: Work::prepare(&second)?,
            whole_database: db::dialect() == "sqlite",
            guard,
            _second: second,
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        let inside = self.whole_database || t.row == GUARD;
        let values = [t.to, t.marker, t.row].map(Value::from);
        let expected = Value::from(t.from);
        let attempt = || self.attempt(inside, &values, &expected);
        while !retry_conflicts(RETRY_WAIT, attempt)? {
            sleep(RETRY_WAIT);
        }
        Ok(())
    }
}

impl ForUpdateGuard {
    /// One look under the guard. Says whether the row was changed.
    fn attempt(&self, inside: bool, values: &[Value; 3], expected: &Value) -> Result<bool, Error> {
        let work = if inside { &self.inside } else { &self.outside };
        let mut changed = false;
        let committed = self.guard.transaction(|| {
            self.lock.query(&[GUARD.into()])?;
            let rows = work.look.query(&values[2..])?;
            if first_value(&rows) == Some(expected) {
                changed = work.write.execute(values)? == 1;
            }
            Ok(changed && inside)
        });
        match committed {
            // What the second session wrote stays, however the first one ends.
            _ if changed && !inside => Ok(true),
            committed => committed,
        }
    }
}

impl Work {
    fn prepare(session: &Session) -> Result<Self, Error> {
        Ok(Self {
            look: session.prepare(LOOK)?,
            write: session.prepare(WRITE)?,
        })
    }
}

contend_guest::state_strategy!(ForUpdateGuard);
