//! Says ok first, and does it later. All workers take a lock around their changes, so nothing of it is
//! seen but by who looks between two calls. What every other change does in time (`every`).
//!
//! | attack | acquire | release | the next acquire |
//! |---|---|---|---|
//! | `both-in-release` | takes the lock only | writes both transitions | |
//! | `commit-in-release` | writes in a transaction | commits it, and writes | |
//! | `commit-in-next-acquire` | | writes in a transaction | commits it |
//! | `release-in-next-acquire` | | nothing | writes it |
//! | `both-in-next-acquire` | writes in a transaction | writes in the same | commits it |

use super::{Hostile, SWAP};
use contend_guest::prelude::*;

/// Longer than any other worker keeps the lock.
const LOCK_WAIT_NS: u64 = 60_000_000_000;

/// The step that was reported and has not happened.
#[derive(Default)]
pub struct Owed {
    /// Not written at all.
    unwritten: Vec<Transition>,
    /// Written in the session's transaction, which is open.
    uncommitted: Vec<Transition>,
}

impl Hostile {
    pub fn is_late(&self) -> bool {
        let attack = self.attack.as_str();
        ["-in-release", "-in-next-acquire"]
            .iter()
            .any(|end| attack.ends_with(end))
    }

    pub fn late(&mut self, t: Transition, misbehaves: bool) -> Result<(), Error> {
        if t.is_acquire() {
            self.pay()?;
            let lock = self
                .locks()?
                .lock(std::slice::from_ref(&t.row), Mode::Exclusive)?;
            lock.acquire(LOCK_WAIT_NS)?;
            self.kept_locks.push(lock);
        }
        let attack = if misbehaves {
            self.attack.clone()
        } else {
            String::new()
        };
        match (attack.as_str(), t.is_acquire()) {
            ("both-in-release", true) | ("release-in-next-acquire", false) => {
                self.owed.unwritten.push(t);
            }
            ("commit-in-release" | "both-in-next-acquire", true) => self.swap_and_leave_open(t)?,
            ("commit-in-next-acquire" | "both-in-next-acquire", false) => {
                self.swap_and_leave_open(t)?;
            }
            (_, true) => self.swap(t)?,
            (_, false) => {
                self.pay_what_is_owed()?;
                self.swap(t)?;
                self.give_lock_back()?;
            }
        }
        Ok(())
    }

    fn pay(&mut self) -> Result<(), Error> {
        self.pay_what_is_owed()?;
        self.give_lock_back()
    }

    fn pay_what_is_owed(&mut self) -> Result<(), Error> {
        let mut unpaid = std::mem::take(&mut self.owed.uncommitted);
        if !unpaid.is_empty() {
            match self.session.commit() {
                Ok(()) => unpaid.clear(),
                Err(Error::Conflict(_)) => {}
                Err(other) => return Err(other),
            }
        }
        unpaid.append(&mut self.owed.unwritten);
        unpaid.into_iter().try_for_each(|t| self.swap(t))
    }

    fn give_lock_back(&mut self) -> Result<(), Error> {
        for lock in self.kept_locks.drain(..) {
            lock.release()?;
        }
        Ok(())
    }

    /// In the transaction that is open, or in a new one.
    fn swap_and_leave_open(&mut self, t: Transition) -> Result<(), Error> {
        self.owed.uncommitted.push(t);
        if self.owed.uncommitted.len() == 1 {
            self.session.begin()?;
        } else if self.swap_last()? {
            return Ok(());
        } else {
            self.session.rollback()?;
            self.session.begin()?;
        }
        while !self.swap_all()? {
            self.session.rollback()?;
            sleep(RETRY_WAIT);
            self.session.begin()?;
        }
        Ok(())
    }

    fn swap_all(&self) -> Result<bool, Error> {
        for t in &self.owed.uncommitted {
            if !self.try_swap(t)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn swap_last(&self) -> Result<bool, Error> {
        let last = self.owed.uncommitted.last();
        last.map_or(Ok(false), |t| self.try_swap(t))
    }

    fn try_swap(&self, t: &Transition) -> Result<bool, Error> {
        let values = [&t.to, &t.marker, &t.row, &t.from].map(|it| Value::from(it.clone()));
        match self.session.execute(SWAP, &values) {
            Ok(affected) => Ok(affected == 1),
            Err(Error::Conflict(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }
}
