//! Compare-and-swap: one conditional UPDATE, so no other worker can come between. One that finds another status
//! looks again. What a strategy promises is in `wit/state-change.wit`.

use contend::strategy::db::{self, Session, Target};
use contend::strategy::timing;
use contend::strategy::types::{Error, Value};
use exports::contend::strategy::state_change::{Guest, Transition};
use std::sync::OnceLock;

wit_bindgen::generate!({ path: "wit", world: "state-strategy" });

// CHANGE THIS: make the transition, and say whether it was made.
fn attempt(session: &Session, t: &Transition) -> Result<bool, Error> {
    let sql = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?";
    let values = [&t.to, &t.marker, &t.row, &t.from].map(|text| Value::Text(text.clone()));
    Ok(session.execute(sql, &values)? == 1)
}

struct Strategy;

impl Guest for Strategy {
    fn change(transition: Transition) -> Result<(), Error> {
        loop {
            match attempt(session()?, &transition) {
                Ok(true) => return Ok(()),
                // It certainly had no effect: try again in 10 ms.
                Ok(false) | Err(Error::Conflict(_)) => timing::sleep(10_000_000),
                // It would fail again; or it may have happened, and must not be done twice.
                Err(error) => return Err(error),
            }
        }
    }
}

/// Each worker has an instance of its own, which keeps its session for the whole run.
fn session() -> Result<&'static Session, Error> {
    static SESSION: OnceLock<Session> = OnceLock::new();
    match SESSION.get() {
        Some(session) => Ok(session),
        None => db::connect(&Target::Endpoint).map(|session| SESSION.get_or_init(|| session)),
    }
}

// Only there: the names of the exports are more than other linkers take.
#[cfg(target_arch = "wasm32")]
export!(Strategy);
