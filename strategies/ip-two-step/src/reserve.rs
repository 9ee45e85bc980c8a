//! The first step: a row that says whose the address shall be.

use super::{IpTwoStep, Reservation};
use contend_guest::addresses::Address;
use contend_guest::{integer_of, prelude::*, text_of, timing};
use std::collections::BTreeSet;

const RESERVED: &str =
    "SELECT address, expires_at FROM ip_allocations WHERE pool_id = ? AND status = 'RESERVED'";
const CLEAR: &str = "DELETE FROM ip_allocations WHERE address = ? AND subnet_id = ? \
                     AND status = 'RESERVED' AND expires_at <= ?";
const INSERT: &str = "INSERT INTO ip_allocations \
                      (address, subnet_id, pool_id, status, expires_at, marker) \
                      VALUES (?, ?, ?, 'RESERVED', ?, ?)";

pub struct Statements {
    reserved: Statement,
    clear: Statement,
    insert: Statement,
}

impl Statements {
    pub fn prepare(session: &Session) -> Result<Self, Error> {
        Ok(Self {
            reserved: session.prepare(RESERVED)?,
            clear: session.prepare(CLEAR)?,
            insert: session.prepare(INSERT)?,
        })
    }
}

/// The run's clock, as a column holds it.
pub fn now() -> i64 {
    timing::now().cast_signed()
}

impl IpTwoStep {
    /// Reserves an address. `exhausted` if the ranges are empty; where all that is in them is
    /// reserved by others, it waits, since a reservation can come to nothing.
    pub fn reserve<'a>(
        &self,
        pool: &'a Pool,
        marker: &'a str,
        attempts: &mut Attempts,
    ) -> Result<Reservation<'a>, Error> {
        loop {
            match attempts.step(|| self.try_to_reserve(pool, marker)) {
                Ok(Some(address)) => {
                    return Ok(Reservation {
                        pool,
                        address,
                        marker,
                    });
                }
                Ok(None) => sleep(RETRY_WAIT),
                Err(error) if error.is_duplicate_key() => {}
                Err(error) => return Err(error),
            }
            attempts.again()?;
        }
    }

    /// One choice; nothing if there is nothing to choose from now.
    fn try_to_reserve(&self, pool: &Pool, marker: &str) -> Result<Option<Address>, Error> {
        let (now, statements) = (now(), &self.reservations);
        let (mut reserved, mut expired) = (BTreeSet::new(), BTreeSet::new());
        for row in statements.reserved.query(&[(&*pool.id).into()])? {
            let address: Address = text_of(&row, 0)?.parse()?;
            let has_expired = integer_of(&row, 1)? <= now;
            let list = if has_expired {
                &mut expired
            } else {
                &mut reserved
            };
            list.insert(address);
        }
        let ranges = self.availability.look(pool)?;
        if ranges.lowest().is_none() {
            return Err(exhausted());
        }
        let Some(address) = self.choice.of(&ranges.without(&reserved)) else {
            return Ok(None);
        };
        let (text, subnet) = (address.to_string(), pool.subnet.clone());
        if expired.contains(&address) {
            let values = [(&*text).into(), (&*subnet).into(), now.into()];
            statements.clear.execute(&values)?;
        }
        let expires_at = now.saturating_add_unsigned(self.expiry_ns);
        let values = [
            text.into(),
            subnet.into(),
            (&*pool.id).into(),
            expires_at.into(),
            marker.into(),
        ];
        statements.insert.execute(&values)?;
        Ok(Some(address))
    }
}
