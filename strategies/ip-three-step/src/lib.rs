//! Three steps without locks and without a key on the address. First, an address is chosen and a request
//! for it inserted as REQUESTED, with a timestamp. Second, the request gives up if another one for the
//! address is ALLOCATED or older; else it becomes ALLOCATED, if its timestamp is still its own. Third,
//! it bullies the others: it gives up if its timestamp is gone, else overwrites theirs with it, and
//! gives up if fewer were changed than there had been. Who gives up leaves a request that is
//! RECYCLABLE, and begins anew.
//!
//! **Its limit: it is not exclusive.** Two requests can both pass the second step, if each reads before
//! the other has written: a later one that saw no older, and an older one that saw no allocated. In
//! the third step each overwrites the other's timestamp and looks for its own only before; done at
//! the same time, both find all as they expect. That is a short moment on one server and a long one on
//! a multi-master cluster: the rows that the two write are different ones, so no certification fails.
//!
//! A request that is left REQUESTED by a worker that died blocks its address for ever, since it is
//! older than all that follow. Requests are never deleted.
//!
//! Differences from the published program: its timestamps were the process's computing time, and it
//! compared an expiry in local time with a clock in UTC; here they are the run's clock and the
//! marker, so ordered and unique. It used a recyclable request again, here each is a new one. It
//! waited for 50 ms before it gave up (`give-up-wait-ms`).
//!
//! Settings: `choice` (random, or sequential), `give-up-wait-ms` (0), `attempts` (50, each
//! conflict being one), `step-wait-ms` (0).

mod confirm;
mod request;

use contend_guest::{Choice, prelude::*};
use std::time::Duration;

const FREE: &str = "UPDATE ip_requests SET status = 'RECYCLABLE' WHERE address = ? \
                    AND subnet_id = ? AND marker = ? AND status = 'ALLOCATED'";

struct IpThreeStep {
    session: Session,
    requests: request::Statements,
    confirmations: confirm::Statements,
    free: Statement,
    limits: Limits,
    choice: Choice,
    give_up_wait: Duration,
}

/// A row of ours that was REQUESTED when it was inserted.
struct Request<'a> {
    pool: &'a Pool,
    id: String,
    address: String,
    requested_at: String,
}

impl AllocationStrategy for IpThreeStep {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            requests: request::Statements::prepare(&session)?,
            confirmations: confirm::Statements::prepare(&session)?,
            free: session.prepare(FREE)?,
            session,
            limits: Limits::given()?,
            choice: setting("choice", Choice::Random)?,
            give_up_wait: Duration::from_millis(setting("give-up-wait-ms", 0)?),
        })
    }

    fn allocate(&mut self, pool: Pool, marker: String) -> Result<Allocated, Error> {
        let mut attempts = self.limits.begin();
        loop {
            let own = self.request(&pool, &marker, &mut attempts)?;
            match self.confirm(&own, &mut attempts) {
                Ok(true) => return Ok(attempts.ended_with(own.address)),
                Ok(false) => self.give_up(&own)?,
                Err(error @ Error::Indefinite(_)) => return Err(error),
                Err(error) => return self.give_up(&own).and(Err(error)),
            }
            attempts.again()?;
        }
    }

    fn release(&mut self, pool: Pool, address: String, marker: String) -> Result<(), Error> {
        let values = [&*address, &pool.subnet, &marker].map(Value::from);
        let free = || Ok(self.free.execute(&values)? == 1);
        let freed = self.session.find_own(free)?;
        freed.then_some(()).ok_or_else(|| not_allocated(&address))
    }
}

contend_guest::allocation_strategy!(IpThreeStep);
