//! The ways in which one change can be written. What a transaction leaves behind is what counts, so most
//! of these are right although a look at their statements one by one would say otherwise.
//!
//! | attack | how the change is written | verdict |
//! |---|---|---|
//! | `two-updates` | status and marker in two UPDATEs of one transaction; `order=marker` (`status`) says which first | `valid` |
//! | `two-autocommits` | the same without a transaction | `violated` |
//! | `scratch-state` | through a state of its own, within one transaction | `valid` |
//! | `delete-insert` | the row is deleted and inserted again in one transaction | `valid` |
//! | `replace` | REPLACE | `valid` |
//! | `upsert` | INSERT that updates where the key is there | `valid` |
//! | `swap-keys` | acquires, and gives the row the key of another one, and the other way round | `violated` |
//! | `swap-rows` | the same by DELETE and INSERT | `violated` |
//! | `steal` | takes over a row that was taken longer than `steal-ms` (20) ago | `valid`, if nobody holds a row for so long |

use contend_guest::db;
use contend_guest::prelude::*;
use contend_guest::timing;

const LOCK: &str = "SELECT status FROM volumes WHERE id = ? FOR UPDATE";
const STATUS: &str = "UPDATE volumes SET status = ? WHERE id = ?";
const SWAP_STATUS: &str = "UPDATE volumes SET status = ? WHERE id = ? AND status = ?";
const MARKER: &str = "UPDATE volumes SET attach_status = ? WHERE id = ?";
const BOTH: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ?";
const KEY: &str = "UPDATE volumes SET id = ? WHERE id = ?";
const DELETE: &str = "DELETE FROM volumes WHERE id = ?";
const INSERT: &str = "INSERT INTO volumes (id, status, attach_status) VALUES (?, ?, ?)";
const REPLACE: &str = "REPLACE INTO volumes (id, status, attach_status) VALUES (?, ?, ?)";
const TAKE_OVER: &str = "UPDATE volumes SET status = ?, attach_status = ?, migration_status = ? \
                         WHERE id = ? AND (status = ? OR migration_status < ?)";
const FREE_OWN: &str = "UPDATE volumes SET status = ?, attach_status = ? \
                        WHERE id = ? AND attach_status = ?";

/// Writes the change in this way; nothing if there is no such way.
pub fn written(session: &Session, way: &str, t: &Transition) -> Option<Result<(), Error>> {
    Some(match way {
        "two-autocommits" => two_autocommits(session, t),
        "steal" => steal(session, t),
        "two-updates" | "scratch-state" | "delete-insert" | "replace" | "upsert" | "swap-keys"
        | "swap-rows" => until(|| {
            session.transaction(|| {
                let found = session.query(LOCK, &[t.row.as_str().into()])?;
                let is_free = found == [[Value::from(t.from.as_str())]];
                if is_free {
                    write(session, way, t)?;
                }
                Ok(is_free)
            })
        }),
        _ => return None,
    })
}

/// Within a transaction, on a row that is locked.
fn write(session: &Session, way: &str, t: &Transition) -> Result<(), Error> {
    let execute = |sql: &str, values: &[&str]| {
        let values: Vec<_> = values.iter().map(|value| Value::from(*value)).collect();
        session.execute(sql, &values).map(drop)
    };
    let (row, to, marker) = (t.row.as_str(), t.to.as_str(), t.marker.as_str());
    match way {
        "two-updates" if setting("order", "status".to_owned())? == "marker" => {
            execute(MARKER, &[marker, row])?;
            execute(STATUS, &[to, row])
        }
        "two-updates" => {
            execute(STATUS, &[to, row])?;
            execute(MARKER, &[marker, row])
        }
        "scratch-state" => {
            execute(STATUS, &["scratch", row])?;
            execute(BOTH, &[to, marker, row])
        }
        "delete-insert" => {
            execute(DELETE, &[row])?;
            execute(INSERT, &[row, to, marker])
        }
        "replace" => execute(REPLACE, &[row, to, marker]),
        "upsert" => execute(&upsert(), &[row, to, marker, to, marker]),
        _ => {
            execute(BOTH, &[to, marker, row])?;
            if t.is_acquire() {
                swap(session, way, row)?;
            }
            Ok(())
        }
    }
}

fn upsert() -> String {
    let update = match db::dialect().as_str() {
        "sqlite" => "ON CONFLICT (id) DO UPDATE SET status = ?, attach_status = ?",
        _ => "ON DUPLICATE KEY UPDATE status = ?, attach_status = ?",
    };
    format!("{INSERT} {update}")
}

/// Rows 0 and 1 change places.
fn swap(session: &Session, way: &str, row: &str) -> Result<(), Error> {
    let other = match row {
        "volume-0" => "volume-1",
        _ => "volume-0",
    };
    let execute = |sql: &str, values: &[Value]| session.execute(sql, values).map(drop);
    if way == "swap-keys" {
        for (to, from) in [("away", row), (row, other), (other, "away")] {
            execute(KEY, &[to.into(), from.into()])?;
        }
        return Ok(());
    }
    let mut rows = Vec::new();
    for id in [row, other] {
        let sql = "SELECT status, attach_status FROM volumes WHERE id = ? FOR UPDATE";
        rows.push(session.query(sql, &[id.into()])?.remove(0));
        execute(DELETE, &[id.into()])?;
    }
    for (id, values) in [other, row].into_iter().zip(rows) {
        let mut all = vec![Value::from(id)];
        all.extend(values);
        execute(INSERT, &all)?;
    }
    Ok(())
}

fn two_autocommits(session: &Session, t: &Transition) -> Result<(), Error> {
    let status = [&t.to, &t.row, &t.from].map(|text| Value::from(text.as_str()));
    until(|| Ok(session.execute(SWAP_STATUS, &status)? == 1))?;
    let marker = [&t.marker, &t.row].map(|text| Value::from(text.as_str()));
    until(|| Ok(session.execute(MARKER, &marker)? == 1))
}

/// The row says since when it is held.
fn steal(session: &Session, t: &Transition) -> Result<(), Error> {
    let time = |ns: u64| Value::from(format!("{ns:020}"));
    let text = |text: &String| Value::from(text.as_str());
    if !t.is_acquire() {
        let values = [text(&t.to), text(&t.marker), text(&t.row), text(&t.marker)];
        return match retry_conflicts(RETRY_WAIT, || session.execute(FREE_OWN, &values))? {
            1 => Ok(()),
            _ => Err(Error::rejected(
                "lock-stolen",
                "another worker took the row over",
            )),
        };
    }
    let limit = setting("steal-ms", 20u64)? * 1_000_000;
    until(|| {
        let now = timing::now();
        let values = [
            text(&t.to),
            text(&t.marker),
            time(now),
            text(&t.row),
            text(&t.from),
            time(now.saturating_sub(limit)),
        ];
        Ok(session.execute(TAKE_OVER, &values)? == 1)
    })
}

/// Tries until it is true.
fn until(mut attempt: impl FnMut() -> Result<bool, Error>) -> Result<(), Error> {
    while !retry_conflicts(RETRY_WAIT, &mut attempt)? {
        sleep(RETRY_WAIT);
    }
    Ok(())
}
