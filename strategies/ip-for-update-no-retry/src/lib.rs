//! **An error kept on purpose:** `ip-for-update`, but a conflict is not tried again, and is reported as
//! a success.
//!
//! A published harness did this by mistake. Its handler of deadlocks, meant to try again, fell
//! through to the end of the loop, so the address counted as allocated, and as a quick one: of 150
//! allocations on a cluster 52 had never happened, and its conclusion rests on their times. This
//! strategy shows what such a figure is worth, and that the data tells: an address is reported,
//! and no row has it with this marker.
//!
//! It reports the address that it had chosen when the conflict came, so that two who are told the
//! same one believe that it is theirs. If it had not come to choose, that is the lowest one that it
//! last read as free, or the pool's first.
//!
//! Without conflicts nothing is wrong with it, as on SQLite, which makes writers wait for each other;
//! on several nodes with rivals the verdict must be `violated`.
//!
//! Settings: `step-wait-ms` (0): before the transaction a random wait of at most so long.

use contend_guest::{availability::Availability, prelude::*};
use std::collections::{BTreeMap, BTreeSet};

const INSERT: &str = "INSERT INTO ip_allocations (address, subnet_id, pool_id, status, marker) \
                      VALUES (?, ?, ?, 'ALLOCATED', ?)";

struct IpForUpdateNoRetry {
    session: Session,
    availability: Availability,
    insert: Statement,
    limits: Limits,
    /// For each pool, the lowest address that was last read as free.
    chosen: BTreeMap<String, String>,
}

impl AllocationStrategy for IpForUpdateNoRetry {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            availability: Availability::prepare(&session)?,
            insert: session.prepare(INSERT)?,
            session,
            limits: Limits::given()?,
            chosen: BTreeMap::new(),
        })
    }

    fn allocate(&mut self, pool: Pool, marker: String) -> Result<Allocated, Error> {
        let mut attempts = self.limits.begin();
        attempts.step(|| match self.attempt(&pool, &marker) {
            // The error.
            Err(Error::Conflict(_)) => Ok(()),
            done => done,
        })?;
        Ok(attempts.ended_with(self.chosen.get(&pool.id).unwrap_or(&pool.first)))
    }

    fn release(&mut self, pool: Pool, address: String, marker: String) -> Result<(), Error> {
        self.availability
            .release(&self.session, &pool, &address, &marker)
    }
}

impl IpForUpdateNoRetry {
    /// As in `ip-for-update`: one transaction.
    fn attempt(&mut self, pool: &Pool, marker: &str) -> Result<(), Error> {
        let Self {
            session,
            availability,
            insert,
            chosen,
            ..
        } = self;
        session.atomically(|| {
            let free = availability.lock(pool)?;
            let lowest = free.lowest().ok_or_else(exhausted)?;
            chosen.insert(pool.id.clone(), lowest.to_string());
            availability.take_out(pool, &free, &BTreeSet::from([lowest]))?;
            let address = lowest.to_string();
            let values = [&*address, &pool.subnet, &pool.id, marker].map(Value::from);
            insert.execute(&values)?;
            Ok(())
        })
    }
}

contend_guest::allocation_strategy!(IpForUpdateNoRetry);
