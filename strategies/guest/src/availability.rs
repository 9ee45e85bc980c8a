//! The account of what is free: the table `availability_ranges`.

use crate::addresses::{Address, Range, Ranges};
use crate::attempts::not_allocated;
use crate::{Error, Pool, Session, Value};
use std::collections::BTreeSet;

const LOOK: &str = "SELECT first_ip, last_ip FROM availability_ranges WHERE pool_id = ?";
const LOCK: &str = "SELECT first_ip, last_ip FROM availability_ranges WHERE pool_id = ? FOR UPDATE";
const DELETE: &str =
    "DELETE FROM availability_ranges WHERE pool_id = ? AND first_ip = ? AND last_ip = ?";
const INSERT: &str =
    "INSERT INTO availability_ranges (pool_id, first_ip, last_ip) VALUES (?, ?, ?)";
const FREE: &str = "DELETE FROM ip_allocations WHERE address = ? AND subnet_id = ? AND marker = ?";

/// Reads what is free.
pub fn look(session: &Session, pool: &Pool) -> Result<Ranges, Error> {
    Ranges::of_rows(&session.query(LOOK, &[(&*pool.id).into()])?)
}

/// The same; inside a transaction, no other session changes it on this node until the transaction ends.
pub fn lock(session: &Session, pool: &Pool) -> Result<Ranges, Error> {
    Ranges::of_rows(&session.query(LOCK, &[(&*pool.id).into()])?)
}

/// Takes addresses out of the ranges that were read before, inside a transaction. False if a range
/// was not there any more: then the transaction is not to be committed.
///
/// A range that is shrunk is another row, since its ends are its primary key.
pub fn take_out(
    session: &Session,
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
        all_were_there &= session.execute(DELETE, &row(pool, range))? == 1;
        for part in left {
            session.execute(INSERT, &row(pool, &part))?;
        }
    }
    Ok(all_were_there)
}

/// Gives back an address of `ip_allocations`: deletes its row and makes it a range of its own. Ranges
/// are not joined again.
pub fn release(session: &Session, pool: &Pool, address: &str, marker: &str) -> Result<(), Error> {
    let values = [address, &pool.subnet, marker].map(Value::from);
    let range = Range::parse(address, address)?;
    let freed = session.find_own(|| {
        session.transaction(|| {
            Ok(session.execute(FREE, &values)? == 1
                && session.execute(INSERT, &row(pool, &range))? == 1)
        })
    })?;
    freed.then_some(()).ok_or_else(|| not_allocated(address))
}

fn row(pool: &Pool, range: &Range) -> [Value; 3] {
    let (first, last) = (range.first().to_string(), range.last().to_string());
    [(&*pool.id).into(), first.into(), last.into()]
}
