//! The second step: all reservations become allocations, and leave the ranges.

use super::reserve::now;
use super::{IpTwoStep, Reservation};
use contend_guest::addresses::Address;
use contend_guest::{prelude::*, text_of};
use std::collections::BTreeSet;

const UNEXPIRED: &str = "SELECT address, marker FROM ip_allocations \
                         WHERE pool_id = ? AND status = 'RESERVED' AND expires_at > ?";
const MARK: &str = "UPDATE ip_allocations SET status = 'ALLOCATED' \
                    WHERE address = ? AND subnet_id = ? AND marker = ? AND status = 'RESERVED'";
const STATUS: &str =
    "SELECT status FROM ip_allocations WHERE address = ? AND subnet_id = ? AND marker = ?";
const GIVE_UP: &str = "DELETE FROM ip_allocations \
                       WHERE address = ? AND subnet_id = ? AND marker = ? AND status = 'RESERVED'";

pub struct Statements {
    unexpired: Statement,
    mark: Statement,
    status: Statement,
    give_up: Statement,
}

impl Statements {
    pub fn prepare(session: &Session) -> Result<Self, Error> {
        Ok(Self {
            unexpired: session.prepare(UNEXPIRED)?,
            mark: session.prepare(MARK)?,
            status: session.prepare(STATUS)?,
            give_up: session.prepare(GIVE_UP)?,
        })
    }
}

/// The end of an adjustment. Only the last had no effect.
enum Adjusted {
    /// The own reservation is among those that were marked.
    Own,
    /// Others at most: the own one was marked already, or is not there, or has expired.
    Others,
    /// Another worker has adjusted the same ranges.
    Collided,
}

impl IpTwoStep {
    /// Says whether the reservation became an allocation. If not, it is gone.
    pub fn adjust(&self, own: &Reservation, attempts: &mut Attempts) -> Result<bool, Error> {
        loop {
            match attempts.step(|| self.adjust_once(own))? {
                Adjusted::Own => return Ok(true),
                Adjusted::Others => break,
                Adjusted::Collided => {}
            }
            if self.range_check {
                let ranges = attempts.step(|| self.availability.look(own.pool))?;
                if !ranges.has(own.address) {
                    break;
                }
            }
            attempts.again()?;
        }
        Ok(self.is_allocated(own)? || self.give_up(own)?)
    }

    /// One transaction for the reservations of all.
    fn adjust_once(&self, own: &Reservation) -> Result<Adjusted, Error> {
        let mut own_too = false;
        let adjusted = self.session.transaction(|| {
            let mut marked = BTreeSet::new();
            let pool = own.pool;
            let values = [(&*pool.id).into(), now().into()];
            for row in self.adjustments.unexpired.query(&values)? {
                let (address, marker) = (text_of(&row, 0)?, text_of(&row, 1)?);
                let values = [address, &pool.subnet, marker].map(Value::from);
                if self.adjustments.mark.execute(&values)? == 1 {
                    own_too |= marker == own.marker;
                    marked.insert(address.parse::<Address>()?);
                }
            }
            let ranges = self.availability.look(pool)?;
            self.availability.take_out(pool, &ranges, &marked)
        });
        match adjusted {
            Ok(true) if own_too => Ok(Adjusted::Own),
            Ok(true) => Ok(Adjusted::Others),
            Ok(false) => Ok(Adjusted::Collided),
            Err(error) if error.is_duplicate_key() => Ok(Adjusted::Collided),
            Err(error) => Err(error),
        }
    }

    fn is_allocated(&self, own: &Reservation) -> Result<bool, Error> {
        let values = own.key();
        let rows = retry_conflicts(RETRY_WAIT, || self.adjustments.status.query(&values))?;
        Ok(first_value(&rows) == Some(&"ALLOCATED".into()))
    }

    /// Deletes the reservation, unless it was marked meanwhile; says whether it was. As long as it
    /// stands, others may mark it: so if it can't be deleted, the allocation is `indefinite`.
    pub fn give_up(&self, own: &Reservation) -> Result<bool, Error> {
        let values = own.key();
        let give_up = || Ok(self.adjustments.give_up.execute(&values)? == 1);
        let given_up = match self.session.find_own(give_up) {
            Ok(false) => self.is_allocated(own),
            given_up => given_up.map(|_| false),
        };
        given_up.map_err(|error| {
            let detail = error.into_detail();
            let message = format!("{} may be allocated yet: {}", own.address, detail.message);
            Error::indefinite(&detail.code, message)
        })
    }
}

impl Reservation<'_> {
    fn key(&self) -> [Value; 3] {
        let address = self.address.to_string();
        [
            address.into(),
            (&*self.pool.subnet).into(),
            self.marker.into(),
        ]
    }
}
