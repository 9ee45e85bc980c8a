//! The account of what is free: the table `availability_ranges`.

use crate::addresses::{Address, Range, Ranges};
use crate::attempts::not_allocated;
use crate::{Error, Pool, Session, Statement, Value};
use std::collections::BTreeSet;

const LOOK: &str = "SELECT first_ip, last_ip FROM availability_ranges WHERE pool_id = ?";
const LOCK: &str = "SELECT first_ip, last_ip FROM availability_ranges WHERE pool_id = ? FOR UPDATE";
const DELETE: &str =
    "DELETE FROM availability_ranges WHERE pool_id = ? AND first_ip = ? AND last_ip = ?";
const INSERT: &str =
    "INSERT INTO availability_ranges (pool_id, first_ip, last_ip) VALUES (?, ?, ?)";
const FREE: &str = "DELETE FROM ip_allocations WHERE address = ? AND subnet_id = ? AND marker = ?";

/// The statements of the account, prepared on one session.
pub struct Availability {
    look: Statement,
    lock: Statement,
    delete: Statement,
    insert: Statement,
    free: Statement,
}

impl Availability {
    pub fn prepare(session: &Session) -> Result<Self, Error> {
        Ok(Self {
            look: session.prepare(LOOK)?,
            lock: session.prepare(LOCK)?,
            delete: session.prepare(DELETE)?,
            insert: session.prepare(INSERT)?,
            free: session.prepare(FREE)?,
        })
    }

    /// Reads what is free.
    pub fn look(&self, pool: &Pool) -> Result<Ranges, Error> {
        Ranges::of_rows(&self.look.query(&[(&*pool.id).into()])?)
    }

    /// The same; inside a transaction, no other session changes it on this node until the transaction
    /// ends.
    pub fn lock(&self, pool: &Pool) -> Result<Ranges, Error> {
        Ranges::of_rows(&self.lock.query(&[(&*pool.id).into()])?)
    }

    /// Takes addresses out of the ranges that were read before, inside a transaction. False if a range
    /// was not there any more: then the transaction is not to be committed.
    ///
    /// A range that is shrunk is another row, since its ends are its primary key.
    pub fn take_out(
        &self,
        pool: &Pool,
        ranges: &Ranges,
        addresses: &BTreeSet<Address>,
    ) -> Result<bool, Error> {
        let mut all_were_there = true;
        for range in ranges.iter() {
            let left = range.without(addresses);
            if left == [*range] {
                continue;
            }
            all_were_there &= self.delete.execute(&row(pool, range))? == 1;
            for part in left {
                self.insert.execute(&row(pool, &part))?;
            }
        }
        Ok(all_were_there)
    }

    /// Gives back an address of `ip_allocations`: deletes its row and makes it a range of its own, in a
    /// transaction of the session that prepared this. Ranges are not joined again.
    pub fn release(
        &self,
        session: &Session,
        pool: &Pool,
        address: &str,
        marker: &str,
    ) -> Result<(), Error> {
        let values = [address, &pool.subnet, marker].map(Value::from);
        let range = Range::parse(address, address)?;
        let freed = session.find_own(|| {
            session.transaction(|| {
                Ok(self.free.execute(&values)? == 1
                    && self.insert.execute(&row(pool, &range))? == 1)
            })
        })?;
        freed.then_some(()).ok_or_else(|| not_allocated(address))
    }
}

fn row(pool: &Pool, range: &Range) -> [Value; 3] {
    let (first, last) = (range.first().to_string(), range.last().to_string());
    [(&*pool.id).into(), first.into(), last.into()]
}
