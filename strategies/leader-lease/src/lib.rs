//! Only the leader of a row changes it, and the database decides all the same.
//!
//! Each row has a group. A worker leads it from acquire to release, so that its rivals wait for the
//! leadership instead of asking the row; the change itself is a compare-and-swap. A leader that was paused
//! for longer than its lease may act when another leads already: its update then finds another state, and it
//! changes nothing. So the leadership spares conflicts, and the row stays right without it. Its limit:
//! nothing moves without a lock service that has groups.
//!
//! Settings: `lead-wait-ms` (30000), `lease-ms`; without the last one the lock service chooses.

use contend_guest::prelude::*;

const SWAP: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?";

struct LeaderLease {
    _session: Session,
    swap: Statement,
    office: Office,
}

impl StateStrategy for LeaderLease {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            swap: session.prepare(SWAP)?,
            _session: session,
            office: Office::new()?,
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        let is_acquire = t.is_acquire();
        let row = t.row.clone();
        let values = [t.to, t.marker, t.row, t.from].map(Value::from);
        loop {
            let changed = retry_conflicts(RETRY_WAIT, || {
                self.office.term(&row)?;
                Ok(self.swap.execute(&values)? == 1)
            });
            let is_done = matches!(changed, Ok(true));
            // It leads on while it holds the row, and in no other case.
            if !(is_done && is_acquire) {
                self.office.resign();
            }
            match changed {
                Ok(false) => sleep(RETRY_WAIT),
                changed => return changed.map(drop),
            }
        }
    }
}

contend_guest::state_strategy!(LeaderLease);
