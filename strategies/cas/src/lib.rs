//! Compare-and-swap: one conditional UPDATE. The database compares the status and writes the new one
//! in a single statement, so no other worker can come between; one that finds another status looks again
//! after 10 ms.
//!
//! It holds nothing while it waits, and needs neither a transaction nor a lock service. Its limit:
//! waiting is polling, in no order, so with many workers on a row a few may wait much longer than
//! the rest, and each look costs a statement. On a multi-master cluster the loser of two updates of
//! one row on two nodes gets a `conflict` at once and tries again.

use contend_guest::prelude::*;

struct Cas {
    swap: PreparedUpdate,
    _session: Session,
}

impl StateStrategy for Cas {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        let swap = Update::table("volumes")
            .set("status", ARG)
            .set("attach_status", ARG)
            .when(column("id").equals(ARG))
            .when(column("status").equals(ARG))
            .prepare(&session)?;
        Ok(Self {
            swap,
            _session: session,
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        let values = [t.to, t.marker, t.row, t.from].map(Value::from);
        let swap = || self.swap.execute(&values);
        while retry_conflicts(RETRY_WAIT, swap)? == 0 {
            sleep(RETRY_WAIT);
        }
        Ok(())
    }
}

contend_guest::state_strategy!(Cas);
