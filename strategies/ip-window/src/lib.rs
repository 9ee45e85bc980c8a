//! The primary key decides: read which addresses of the pool are taken, pick one of the next free ones
//! at random, and insert it as allocated, all without a transaction. A worker that finds that
//! another one has inserted it (a duplicate key) reads and picks anew.
//!
//! This is what the project behind the published harness adopted later. The window is a balance: in a
//! small one the rivals pick the same address, a large one scatters the addresses over the pool. On
//! a multi-master cluster two nodes can insert the same address at once, and the one that commits
//! later gets a `conflict`, which is another attempt after 10 ms.
//!
//! Its limit: of those who try at once at most as many succeed as the window has addresses, so with more
//! than `window` × `attempts` rivals some give up. And each attempt reads all allocations of the pool,
//! so the nth one costs as much as there are.
//!
//! Settings: `window` (10): how many of the lowest free addresses to pick from; `attempts` (50), each
//! duplicate key and each conflict being one; `step-wait-ms` (0): before each attempt a random
//! wait of at most so long.

use contend_guest::addresses::Ranges;
use contend_guest::{among_the_lowest, prelude::*, text_of};
use std::num::NonZeroU64;

const LOOK: &str = "SELECT address FROM ip_allocations WHERE pool_id = ?";
const INSERT: &str = "INSERT INTO ip_allocations (address, subnet_id, pool_id, status, marker) \
                      VALUES (?, ?, ?, 'ALLOCATED', ?)";
const FREE: &str = "DELETE FROM ip_allocations WHERE address = ? AND subnet_id = ? AND marker = ?";
const WINDOW: NonZeroU64 = NonZeroU64::new(10).unwrap();

struct IpWindow {
    session: Session,
    look: Statement,
    insert: Statement,
    free: Statement,
    limits: Limits,
    window: u128,
}

impl AllocationStrategy for IpWindow {
    fn new() -> Result<Self, Error> {
        let session = connect()?;
        Ok(Self {
            look: session.prepare(LOOK)?,
            insert: session.prepare(INSERT)?,
            free: session.prepare(FREE)?,
            session,
            limits: Limits::given()?,
            window: setting("window", WINDOW)?.get().into(),
        })
    }

    fn allocate(&mut self, pool: Pool, marker: String) -> Result<Allocated, Error> {
        let mut attempts = self.limits.begin();
        loop {
            match attempts.step(|| self.attempt(&pool, &marker)) {
                Err(error) if error.is_duplicate_key() => attempts.again()?,
                done => return done.map(|address| attempts.ended_with(address)),
            }
        }
    }

    fn release(&mut self, pool: Pool, address: String, marker: String) -> Result<(), Error> {
        let values = [&*address, &pool.subnet, &marker].map(Value::from);
        let free = || Ok(self.free.execute(&values)? == 1);
        let freed = self.session.find_own(free)?;
        freed.then_some(()).ok_or_else(|| not_allocated(&address))
    }
}

impl IpWindow {
    fn attempt(&self, pool: &Pool, marker: &str) -> Result<String, Error> {
        let rows = self.look.query(&[(&*pool.id).into()])?;
        let taken = rows.iter().map(|row| text_of(row, 0)?.parse());
        let free = Ranges::of(pool)?.without(&taken.collect::<Result<_, _>>()?);
        let picked = among_the_lowest(&free, self.window).ok_or_else(exhausted)?;
        let address = picked.to_string();
        let values = [&*address, &pool.subnet, &pool.id, marker].map(Value::from);
        self.insert.execute(&values)?;
        Ok(address)
    }
}

contend_guest::allocation_strategy!(IpWindow);
