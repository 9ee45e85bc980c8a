//! The first step: choose an address, and say so.

use super::{IpThreeStep, Request};
use contend_guest::addresses::{Address, Ranges};
use contend_guest::{Choice, prelude::*, text_of, timing};
use std::collections::BTreeSet;

const LOOK: &str = "SELECT address, status FROM ip_requests WHERE pool_id = ?";
const INSERT: &str = "INSERT INTO ip_requests \
                      (id, address, subnet_id, pool_id, status, requested_at, marker) \
                      VALUES (?, ?, ?, ?, 'REQUESTED', ?, ?)";

pub struct Statements {
    look: Statement,
    insert: Statement,
}

impl Statements {
    pub fn prepare(session: &Session) -> Result<Self, Error> {
        Ok(Self {
            look: session.prepare(LOOK)?,
            insert: session.prepare(INSERT)?,
        })
    }
}

impl IpThreeStep {
    /// Requests an address. `exhausted` if all of them are ALLOCATED; where some are only requested
    /// by others, it waits, since a request can come to nothing.
    pub fn request<'a>(
        &self,
        pool: &'a Pool,
        marker: &str,
        attempts: &mut Attempts,
    ) -> Result<Request<'a>, Error> {
        loop {
            // Each attempt has at most one request, so this is unique.
            let id = format!("{marker}/{}", attempts.made());
            match attempts.step(|| self.try_to_request(pool, marker, &id))? {
                Some(request) => return Ok(request),
                None => sleep(RETRY_WAIT),
            }
            attempts.again()?;
        }
    }

    /// One choice; nothing if there is nothing to choose from now.
    fn try_to_request<'a>(
        &self,
        pool: &'a Pool,
        marker: &str,
        id: &str,
    ) -> Result<Option<Request<'a>>, Error> {
        let Some(address) = self.choose(pool)? else {
            return Ok(None);
        };
        let own = Request {
            pool,
            id: id.to_owned(),
            address: address.to_string(),
            // As a text, in the order of time.
            requested_at: format!("{:020}-{marker}", timing::now()),
        };
        let values = [
            id,
            &own.address,
            &pool.subnet,
            &pool.id,
            &own.requested_at,
            marker,
        ];
        self.requests.insert.execute(&values.map(Value::from))?;
        Ok(Some(own))
    }

    /// In sequence: the one after the last that was ever requested, at the end of the pool the lowest
    /// that is recyclable. At random: any that is neither allocated nor requested.
    fn choose(&self, pool: &Pool) -> Result<Option<Address>, Error> {
        let whole = Ranges::of(pool)?;
        let (mut allocated, mut taken) = (BTreeSet::new(), BTreeSet::new());
        let mut last = None;
        for row in self.requests.look.query(&[(&*pool.id).into()])? {
            let address: Address = text_of(&row, 0)?.parse()?;
            last = last.max(Some(address));
            match text_of(&row, 1)? {
                "RECYCLABLE" => continue,
                "ALLOCATED" => allocated.insert(address),
                _ => false,
            };
            taken.insert(address);
        }
        if whole.without(&allocated).lowest().is_none() {
            return Err(exhausted());
        }
        let next = last.and_then(|last| last.plus(1));
        Ok(match next.filter(|&next| whole.has(next)) {
            Some(next) if self.choice == Choice::Sequential => Some(next),
            _ => self.choice.of(&whole.without(&taken)),
        })
    }
}
