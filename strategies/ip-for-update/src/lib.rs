//! SELECT … FOR UPDATE on what is free: one transaction locks the pool's availability ranges, takes the
//! lowest address of the lowest range, shrinks or deletes the range, and inserts the address as
//! allocated.
//!
//! On one node all allocations from a pool wait for each other, and that is all they do: no
//! worker tries in vain. Row locks count on their own node only, so on a multi-master cluster two nodes
//! take the same address, and the one that commits later gets a `conflict`. A conflict at any
//! point means that the transaction is gone: the whole of it is done again after 10 ms. Its limit: as
//! many nodes as allocate at once, so many fight for the same lowest address.
//!
//! A range that is shrunk is deleted and inserted, since its ends are its primary key. A released
//! address becomes a range of its own.
//!
//! On PostgreSQL it needs REPEATABLE READ (`--isolation repeatable-read`). At READ COMMITTED, the default
//! there, whoever waited for the range finds it deleted, does not see the one that was inserted
//! since, and takes the pool for exhausted.
//!
//! Settings: `attempts` (50), each conflict being one; `step-wait-ms` (0): before each transaction a
//! random wait of at most so long.

use contend_guest::{availability::Availability, prelude::*};
use std::collections::BTreeSet;

const INSERT: &str = "INSERT INTO ip_allocations (address, subnet_id, pool_id, status, marker) \
                      VALUES (?, ?, ?, 'ALLOCATED', ?)";

struct IpForUpdate {
    session: Session,
    availability: Availability,
    insert: Statement,
    limits: Limits,
}

impl AllocationStrategy for IpForUpdate {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            availability: Availability::prepare(&session)?,
            insert: session.prepare(INSERT)?,
            limits: Limits::given()?,
            session,
        })
    }

    fn allocate(&mut self, pool: Pool, marker: String) -> Result<Allocated, Error> {
        let mut attempts = self.limits.begin();
        let address = attempts.step(|| self.attempt(&pool, &marker))?;
        Ok(attempts.ended_with(address))
    }

    fn release(&mut self, pool: Pool, address: String, marker: String) -> Result<(), Error> {
        self.availability
            .release(&self.session, &pool, &address, &marker)
    }
}

impl IpForUpdate {
    /// One transaction. Gives the address that it took.
    fn attempt(&self, pool: &Pool, marker: &str) -> Result<String, Error> {
        self.session.atomically(|| {
            let free = self.availability.lock(pool)?;
            let lowest = free.lowest().ok_or_else(exhausted)?;
            // The ranges are locked, so they are there.
            let taken = BTreeSet::from([lowest]);
            self.availability.take_out(pool, &free, &taken)?;
            let address = lowest.to_string();
            let values = [&*address, &pool.subnet, &pool.id, marker].map(Value::from);
            self.insert.execute(&values)?;
            Ok(address)
        })
    }
}

contend_guest::allocation_strategy!(IpForUpdate);
