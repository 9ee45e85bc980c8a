//! Two steps without locks. First, an address that is in the availability ranges and that no
//! other worker has reserved is inserted as RESERVED, with an expiry; the primary key decides between those
//! that choose the same one. Second, *all* reservations of the pool that have not expired are marked
//! ALLOCATED and taken out of the ranges, in one transaction: so the first worker does the work of
//! all, and a reservation is finished even if its owner dies.
//!
//! Two who adjust at once collide on the unique keys of the ranges' ends. Then, with the range check,
//! it is enough that another worker has taken the own address out; otherwise the step is made again.
//!
//! Its limit: each worker does the work of all, so rivals cost each other more the more there are, and
//! choosing in sequence makes all of them choose the same. Who has reserved and is then held up for
//! longer than the expiry loses the address to any worker that wants it. And one that got no answer to the first step
//! can't know how it ends: if the reservation stands, another worker makes an allocation of it later.
//!
//! Differences from the published program:
//! - It knew no conflicts: who met one died. Here each is tried again after 10 ms.
//! - Two who adjust need not collide: nothing is left of a range whose last addresses were reserved. So
//!   who finds that a range that it read was gone when it deleted it has collided too.
//! - It could not take an address whose reservation had expired. Here that row is deleted first.
//! - It took the range check for the proof. Here the own row must be ALLOCATED before it is reported.
//!
//! Settings: `choice` (sequential, or random), `range-check` (true), `expiry-s` (60), `attempts` (50:
//! duplicate keys, collisions and conflicts of both steps together), `step-wait-ms` (0).

mod adjust;
mod reserve;

use contend_guest::addresses::Address;
use contend_guest::{Choice, availability::Availability, prelude::*};

struct IpTwoStep {
    session: Session,
    availability: Availability,
    reservations: reserve::Statements,
    adjustments: adjust::Statements,
    limits: Limits,
    choice: Choice,
    range_check: bool,
    expiry_ns: u64,
}

/// A row of ours that was RESERVED when it was inserted.
struct Reservation<'a> {
    pool: &'a Pool,
    address: Address,
    marker: &'a str,
}

impl AllocationStrategy for IpTwoStep {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            availability: Availability::prepare(&session)?,
            reservations: reserve::Statements::prepare(&session)?,
            adjustments: adjust::Statements::prepare(&session)?,
            session,
            limits: Limits::given()?,
            choice: setting("choice", Choice::Sequential)?,
            range_check: setting("range-check", true)?,
            expiry_ns: setting("expiry-s", 60u64)?.saturating_mul(1_000_000_000),
        })
    }

    fn allocate(&mut self, pool: Pool, marker: String) -> Result<Allocated, Error> {
        let mut attempts = self.limits.begin();
        loop {
            let own = self.reserve(&pool, &marker, &mut attempts)?;
            let is_ours = match self.adjust(&own, &mut attempts) {
                Ok(is_ours) => is_ours,
                Err(error @ Error::Indefinite(_)) => return Err(error),
                // Unless another worker has finished it meanwhile.
                Err(error) => match self.give_up(&own)? {
                    true => true,
                    false => return Err(error),
                },
            };
            if is_ours {
                return Ok(attempts.ended_with(own.address));
            }
            attempts.again()?;
        }
    }

    fn release(&mut self, pool: Pool, address: String, marker: String) -> Result<(), Error> {
        self.availability
            .release(&self.session, &pool, &address, &marker)
    }
}

contend_guest::allocation_strategy!(IpTwoStep);
