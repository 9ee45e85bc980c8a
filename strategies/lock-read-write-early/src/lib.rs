//! **Wrong on purpose:** `lock-read-write`, but a reader gives its shared lock up as soon as it has looked, as if
//! reading were over then. A reader that stays longer than a look is not protected then: a writer may come, and
//! more readers than the limit. The verdict must be `violated` as soon as readers and writers meet.
//!
//! Settings: those of `lock-read-write`.

use contend_guest::prelude::*;

struct EarlyRelease {
    visits: Visits,
    locks: lock::Session,
    /// A writer's.
    held: Option<Lock>,
    lock_wait_ns: u64,
}

impl AccessStrategy for EarlyRelease {
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
        let is_writer = visit.purpose == Purpose::Write;
        if is_writer && matches!(entered, Ok(()) | Err(Error::Indefinite(_))) {
            self.held = Some(lock);
        }
        entered
    }

    fn leave(&mut self, visit: Visit) -> Result<(), Error> {
        let lock = self.held.take();
        self.visits.leave(&visit)?;
        if let Some(lock) = lock {
            lock.release()?;
        }
        Ok(())
    }
}

contend_guest::access_strategy!(EarlyRelease);
