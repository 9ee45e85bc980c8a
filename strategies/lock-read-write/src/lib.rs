//! A distributed lock named after the document, from enter to leave: readers share it, up to their limit, and
//! a writer has it alone.
//!
//! If what the visit writes to the database fails after the lock was taken, the lock is given up: no visit, no
//! lock. It is kept if that is not certain (`indefinite`). On leaving, the lock is given up last, and in any
//! case.
//!
//! Its limits: a service that has no shared locks, or no limit for them, rejects readers. Most services do not
//! queue readers and writers together, so readers that follow each other closely can starve a writer; the
//! figures say for how long. And a lease can end before the visit does: that shows when the lock is given
//! back, and leave is `indefinite` then, with the code `lock-lost`.
//!
//! Settings: `lock-wait-ms` (30000): how long one try waits for the lock; then it is a `conflict`, and is tried
//! again. `lease-ms`, `poll-ms`: left to the service if not given. `sync` (true): see what was committed on other
//! nodes before looking.

use contend_guest::prelude::*;

struct LockReadWrite {
    visits: Visits,
    locks: lock::Session,
    held: Option<Lock>,
    lock_wait_ns: u64,
}

impl AccessStrategy for LockReadWrite {
    fn new() -> Result<Self, Error> {
        Ok(Self {
            visits: Visits::new()?,
            lock_wait_ns: setting("lock-wait-ms", 30_000u64)?.saturating_mul(1_000_000),
            locks: open_locks()?,
            held: None,
        })
    }

    fn enter(&mut self, visit: Visit) -> Result<(), Error> {
        // Left over from a visit that turned out not to have begun.
        self.held = None;
        let mode = match visit.purpose {
            Purpose::Read => Mode::Shared(visit.readers),
            Purpose::Write => Mode::Exclusive,
        };
        let document = std::slice::from_ref(&visit.document);
        let lock = self.locks.lock(document, mode)?;
        retry_conflicts(RETRY_WAIT, || lock.acquire(self.lock_wait_ns))?;
        let entered = self.visits.enter(&visit);
        if matches!(entered, Ok(()) | Err(Error::Indefinite(_))) {
            self.held = Some(lock);
        }
        entered
    }

    fn leave(&mut self, visit: Visit) -> Result<(), Error> {
        let lock = self.held.take();
        self.visits.leave(&visit)?;
        // None is held where another instance entered.
        lock.map_or(Ok(()), give_back)
    }
}

/// The visit is over already, so no error here can promise "no effect".
fn give_back(lock: Lock) -> Result<(), Error> {
    let lost = match lock.release() {
        Ok(ReleaseOutcome::Released) => return Ok(()),
        Ok(ReleaseOutcome::Expired) => "its lease ran out",
        Ok(ReleaseOutcome::NotOwner) => "another worker took it away",
        Err(error) => &error.into_detail().message,
    };
    let message = format!("the visit is over; the lock was not held until then: {lost}");
    Err(Error::indefinite("lock-lost", message))
}

contend_guest::access_strategy!(LockReadWrite);
