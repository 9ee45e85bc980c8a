//! The primary key decides: read which addresses are taken, and insert one of the next free ones.
//! A worker that finds it just inserted by another one reads and picks anew. What a strategy
//! promises is in `wit/allocation.wit`.

mod addresses;

use contend::strategy::db::{self, Session, Statement, Target};
use contend::strategy::types::{Detail, Error, Value};
use contend::strategy::{replication, timing};
use exports::contend::strategy::allocation::{Allocated, Guest, Pool};
use std::sync::OnceLock;

wit_bindgen::generate!({ path: "wit", world: "allocation-strategy" });

const LOOK: &str = "SELECT address FROM ip_allocations WHERE pool_id = ?";
const INSERT: &str = "INSERT INTO ip_allocations (address, subnet_id, pool_id, status, marker) \
                      VALUES (?, ?, ?, 'ALLOCATED', ?)";
const FREE: &str = "DELETE FROM ip_allocations WHERE address = ? AND subnet_id = ? AND marker = ?";

/// The codes of MariaDB and SQLite for a duplicate key.
const DUPLICATE_KEY: [&str; 3] = ["1062", "1555", "2067"];

// CHANGE THIS: take an address, and say which; none if another worker was quicker.
fn attempt(worker: &Worker, pool: &Pool, marker: &str) -> Result<Option<String>, Error> {
    let taken = worker.look.query(&texts([&pool.id]))?;
    let next = addresses::next_free(pool, &taken, 10);
    let random = timing::random() as usize;
    let Some(address) = next.get(random % next.len().max(1)) else {
        return Err(rejected("exhausted", "all addresses are taken"));
    };
    let values = texts([address, &pool.subnet, &pool.id, marker]);
    match worker.insert.execute(&values) {
        Ok(_) => Ok(Some(address.clone())),
        Err(Error::Rejected(why)) if DUPLICATE_KEY.contains(&&*why.code) => Ok(None),
        Err(error) => Err(error),
    }
}

struct Strategy;

impl Guest for Strategy {
    fn allocate(pool: Pool, marker: String) -> Result<Allocated, Error> {
        for attempts in 1..=50 {
            match attempt(worker()?, &pool, &marker) {
                Ok(Some(address)) => return Ok(Allocated { address, attempts }),
                Ok(None) => {}
                // It certainly had no effect: try again in 10 ms.
                Err(Error::Conflict(_)) => timing::sleep(10_000_000),
                // It would fail again; or it may have happened, and must not be done twice.
                Err(error) => return Err(error),
            }
        }
        Err(rejected("attempts-exhausted", "gave up after 50 attempts"))
    }

    fn release(pool: Pool, address: String, marker: String) -> Result<(), Error> {
        loop {
            // The session may have been opened again on a node that lags.
            replication::sync(&worker()?.session)?;
            let values = texts([&address, &pool.subnet, &marker]);
            match worker()?.free.execute(&values) {
                Ok(1) => return Ok(()),
                Ok(_) => return Err(rejected("not-allocated", "there is no such allocation")),
                Err(Error::Conflict(_)) => timing::sleep(10_000_000),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Each worker has an instance of its own, which keeps its session and its statements for the whole run.
struct Worker {
    session: Session,
    look: Statement,
    insert: Statement,
    free: Statement,
}

fn worker() -> Result<&'static Worker, Error> {
    static WORKER: OnceLock<Worker> = OnceLock::new();
    if let Some(worker) = WORKER.get() {
        return Ok(worker);
    }
    let session = db::connect(&Target::Endpoint)?;
    let worker = Worker {
        look: session.prepare(LOOK)?,
        insert: session.prepare(INSERT)?,
        free: session.prepare(FREE)?,
        session,
    };
    Ok(WORKER.get_or_init(|| worker))
}

fn texts<const N: usize>(texts: [&str; N]) -> [Value; N] {
    texts.map(|text| Value::Text(text.to_owned()))
}

fn rejected(code: &str, message: &str) -> Error {
    Error::Rejected(Detail {
        code: code.to_owned(),
        message: message.to_owned(),
        rows: Vec::new(),
    })
}

// Only there: the names of the exports are more than other linkers take.
#[cfg(target_arch = "wasm32")]
export!(Strategy);
