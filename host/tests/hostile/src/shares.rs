//! Attacks on what all workers share.

use super::{Hostile, escaped};
use contend_guest::prelude::*;

/// More locks than any share has names.
const MANY_NAMES: usize = 5_000;

const LONG_STATEMENTS: u32 = 40;

impl Hostile {
    /// Every acquire takes a lock named after its row, and gives it back. Who misbehaves takes all that
    /// it gets before, and keeps it.
    pub(super) fn hoarded_names(&mut self, t: Transition, misbehaves: bool) -> Result<(), Error> {
        if misbehaves {
            self.hoard()?;
        }
        // The lock is for who wants the row, and not for who gives it back.
        if misbehaves || !t.is_acquire() {
            return self.swap(t);
        }
        let row = [t.row.clone()];
        let lock = self.locks()?.lock(&row, Mode::Exclusive)?;
        lock.acquire(10_000_000_000)?;
        self.swap(t)?;
        lock.release()?;
        Ok(())
    }

    fn hoard(&mut self) -> Result<(), Error> {
        for count in [1000, 64, 16, 4, 1] {
            for number in 0..MANY_NAMES {
                let names: Vec<_> = (0..count)
                    .map(|name| format!("hoard-{count}-{number}-{name}"))
                    .collect();
                let taken = self
                    .locks()?
                    .lock(&names, Mode::Exclusive)
                    .and_then(|lock| {
                        lock.acquire(0)?;
                        Ok(lock)
                    });
                match taken {
                    Ok(lock) => self.kept_locks.push(lock),
                    Err(Error::Rejected(d)) if d.code == "too-many" => break,
                    Err(other) => return Err(other),
                }
                if number + 1 == MANY_NAMES {
                    return Err(escaped(format!("{MANY_NAMES} locks of {count} names")));
                }
            }
        }
        Ok(())
    }

    /// Each row of the table gives 30 texts of 60 KB.
    pub(super) fn large_answers(&self) -> Result<(), Error> {
        let columns = vec!["concat(?, id)"; 30].join(", ");
        let texts = vec![Value::Text("x".repeat(60_000)); 30];
        let asked = format!("SELECT {columns} FROM volumes");
        match self.session.query(&asked, &texts) {
            Err(Error::Rejected(d)) if d.code == "answer-too-large" => Ok(()),
            Err(other) => Err(other),
            Ok(rows) => Err(escaped(format!("an answer of {} rows", rows.len()))),
        }
    }

    /// The same texts for all workers, so that they are judged once.
    pub(super) fn long_statements(&self) -> Result<(), Error> {
        for number in 0..LONG_STATEMENTS {
            let first = 10_000 + number * 6_000;
            let list: Vec<_> = (first..first + 5_200).map(|id| id.to_string()).collect();
            let list = list.join(", ");
            let asked = format!("SELECT id FROM volumes WHERE id IN ({list})");
            self.session.query(&asked, &[])?;
        }
        Ok(())
    }

    /// Within one statement: four times as long with each level.
    pub(super) fn growing_text(&self) -> Result<(), Error> {
        let mut nested = "(SELECT ? AS t) AS t".to_owned();
        for _ in 0..8 {
            nested = format!("(SELECT concat(t, t, t, t) AS t FROM {nested}) AS t");
        }
        let nested = format!("SELECT length(t) FROM {nested}");
        let long = Value::Text("x".repeat(1000));
        match self.session.query(&nested, std::slice::from_ref(&long)) {
            Err(Error::Rejected(d)) if d.code != "syntax" => Ok(()),
            other => Err(escaped(format!("{other:?}"))),
        }
    }
}
