//! Compare-and-swap: one conditional UPDATE, so no other worker can come between. One that finds another status
//! looks again. What a strategy promises is in `wit/state-change.wit`.

use contend::strategy::db::{self, Session, Statement, Target};
use contend::strategy::timing;
use contend::strategy::types::{Error, Value};
use exports::contend::strategy::state_change::{Guest, Transition};
use std::sync::OnceLock;

wit_bindgen::generate!({ path: "wit", world: "state-strategy" });

const SWAP: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?";

// CHANGE THIS: make the transition, and say whether it was made.
fn attempt(worker: &Worker, t: &Transition) -> Result<bool, Error> {
    let values = [&t.to, &t.marker, &t.row, &t.from].map(|text| Value::Text(text.clone()));
    Ok(worker.swap.execute(&values)? == 1)
}

struct Strategy;

impl Guest for Strategy {
    fn change(transition: Transition) -> Result<(), Error> {
        loop {
            match attempt(worker()?, &transition) {
                Ok(true) => return Ok(()),
                // It certainly had no effect: try again in 10 ms.
                Ok(false) | Err(Error::Conflict(_)) => timing::sleep(10_000_000),
                // It would fail again; or it may have happened, and must not be done twice.
                Err(error) => return Err(error),
            }
        }
    }
}

/// Each worker has an instance of its own, which keeps its session and its statements for the whole run.
struct Worker {
    swap: Statement,
    _session: Session,
}

fn worker() -> Result<&'static Worker, Error> {
    static WORKER: OnceLock<Worker> = OnceLock::new();
    if let Some(worker) = WORKER.get() {
        return Ok(worker);
    }
    let session = db::connect(&Target::Endpoint)?;
    let worker = Worker {
        swap: session.prepare(SWAP)?,
        _session: session,
    };
    Ok(WORKER.get_or_init(|| worker))
}

// Only there: the names of the exports are more than other linkers take.
#[cfg(target_arch = "wasm32")]
export!(Strategy);
