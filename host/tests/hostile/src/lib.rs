//! A component that misbehaves, for the host's tests. `--set attack=NAME` says how;
//! `--set every=N` (1) lets only each Nth change misbehave, and the others are a compare-and-swap.
//! A trap ends the instance, and the next one counts from the beginning.
//!
//! Whatever it does, it may cost its own worker one failed change and nothing else. Where the host
//! should have refused something and did not, the change ends `rejected` with the code `ESCAPED`.
//!
//! | attack | what it does | what the host owes |
//! |---|---|---|
//! | `none` | nothing: compare-and-swap | ok |
//! | `endless-loop` | computes for ever | an end to it; other workers go on |
//! | `chatter` | calls the host for ever, cheaply | the same |
//! | `sleeps-of-nothing` | likewise, with a sleep of 0 | the same |
//! | `refused-for-ever` | is refused the same statement for ever, and sleeps in between | the same |
//! | `waits-for-ever` | waits in acquire for a status that never comes | the trial ends as `stuck` |
//! | `release-waits-for-ever` | likewise in release | the same |
//! | `sleep-forever` | sleeps for 584 years | the same |
//! | `trap` | panics before it does anything | one failed change, a new instance |
//! | `trap-at-release` | acquires, then panics in the release | the row is restored |
//! | `deep-recursion` | calls itself for ever | a trap, not the host's stack |
//! | `memory-bomb` | takes memory until it is refused | a limit: `rejected`, `out-of-memory`, or a trap |
//! | `huge-sql` | a statement of `size-mb` (32) | `rejected` or a trap |
//! | `huge-param` | a parameter of that size | a bound on what is copied |
//! | `aliased-params` | 4096 parameters that are all the same `size-mb` of memory | the same |
//! | `aliased-names` | 4096 names of a lock, likewise | the same |
//! | `huge-fault` | an error whose code and message have that size | the same; results stay small |
//! | `not-utf8` | a statement that is no UTF-8 | a trap |
//! | `forged-handle` | uses a session that it never got | a trap |
//! | `used-after-drop` | uses a session that it has dropped | a trap |
//! | `dropped-twice` | drops a session twice | a trap |
//! | `wrong-kind` | uses the handle of a lock as a session | a trap |
//! | `orphan` | drops a session of the lock service, and uses its lock | an answer |
//! | `many-statements` | gives each of very many statements a text of its own | a bound on what is kept |
//! | `growing-text` | joins a text with itself until it has gigabytes | `rejected` |
//! | `forbidden-sql` | DDL, PRAGMA, other tables, two statements … ([`FORBIDDEN`]) | each `rejected` |
//! | `many-sessions` | opens database sessions until refused, and keeps them | a limit |
//! | `many-lock-sessions` | likewise at the lock service | a limit |
//! | `many-locks` | names locks until refused, and keeps them | a limit |
//! | `hoarded-names` | takes locks until refused, and keeps them; everybody takes one for each change | a share |
//! | `large-answers` | asks for 1.8 MB of each row | a share |
//! | `long-statements` | runs 40 statements of 36 KiB each | a bound on what is kept |
//! | `lost-lock` | traps while it holds a lock that every change needs | the lock is given up |
//! | `lost-transaction` | traps in a transaction that has locked the row | it is rolled back |
//! | `lie` | says ok, does nothing | found out from the data |
//! | `lie-at-release` | acquires; says that it released, and did not | the same |
//! | `lie-no-effect` | makes the change, and says `rejected` | the same |
//! | `uncommitted` | makes the change in a transaction, says ok, never commits | the same |
//! | `indefinite-is-ok` | takes a commit whose answer was lost for one that happened | `runner test` finds it |
//! | `wrong-marker` | writes a marker that is not the change's | the same |
//! | `wrong-release` | its release frees every row of the table | verdict `violated` |
//! | others | the change is written in some other way: `writes.rs` | as it says there |
//! | `both-in-release` … | says ok first, and does it later ([`late`]) | `effect-before-ok` |

#![expect(unsafe_code, reason = "it forges handles and texts on purpose")]

mod burning;
mod forbidden;
mod late;
mod memory;
mod shares;
mod writes;

use burning::{chatter, recurse, spin};
use contend_guest::lock::SessionOptions;
use contend_guest::prelude::*;
use forbidden::FORBIDDEN;
use late::Owed;
use memory::{aliased, memory_bomb};
use std::hint::black_box;
use std::mem::ManuallyDrop;
use std::time::Duration;

const SWAP: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?";
const FREE_ALL: &str = "UPDATE volumes SET status = ?, attach_status = ?";

/// Enough to be sure that there is no limit.
const MANY: usize = 20_000;

/// Many times as many as anybody keeps.
const MANY_STATEMENTS: usize = 600;

struct Hostile {
    session: Session,
    attack: String,
    every: u64,
    /// The start of the marker; every worker, if nothing is given.
    worker: String,
    size: usize,
    changes: u64,
    sessions: Vec<Session>,
    lock_sessions: Vec<lock::Session>,
    kept_locks: Vec<Lock>,
    owed: Owed,
}

impl StateStrategy for Hostile {
    fn new() -> Result<Self, Error> {
        Ok(Self {
            session: connect()?,
            attack: setting("attack", "none".to_owned())?,
            every: setting("every", 1u64)?.max(1),
            worker: setting("worker", String::new())?,
            size: setting("size-mb", 32usize)? << 20,
            changes: 0,
            sessions: Vec::new(),
            lock_sessions: Vec::new(),
            kept_locks: Vec::new(),
            owed: Owed::default(),
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        self.changes += u64::from(t.is_acquire());
        let misbehaves =
            self.changes.is_multiple_of(self.every) && t.marker.starts_with(&self.worker);
        match self.attack.as_str() {
            "lost-lock" => self.lost_lock(t, misbehaves),
            "hoarded-names" => self.hoarded_names(t, misbehaves),
            _ if self.is_late() => self.late(t, misbehaves),
            _ if !misbehaves => self.swap(t),
            "trap-at-release" | "lie-at-release" | "wrong-release" | "release-waits-for-ever"
                if t.is_acquire() =>
            {
                self.swap(t)
            }
            _ => self.attack(t),
        }
    }
}

impl Hostile {
    fn attack(&mut self, t: Transition) -> Result<(), Error> {
        match self.attack.as_str() {
            "endless-loop" => spin(),
            "chatter" => chatter(),
            "sleeps-of-nothing" => loop {
                sleep(Duration::ZERO);
            },
            "refused-for-ever" => loop {
                let _ = self.session.execute("DROP TABLE volumes", &[]);
                sleep(Duration::from_micros(10));
            },
            "waits-for-ever" | "release-waits-for-ever" => {
                let from = "nowhere".to_owned();
                return self.swap(Transition { from, ..t });
            }
            "sleep-forever" => sleep(Duration::MAX),
            "trap" | "trap-at-release" => panic!("hostile"),
            "deep-recursion" => drop(black_box(recurse(1))),
            "memory-bomb" => return Err(memory_bomb()),
            "huge-sql" => drop(self.session.execute(&self.huge_text(), &[])?),
            "huge-param" => {
                let params = [Value::Text(self.huge_text())];
                self.session.query("SELECT ?", &params)?;
            }
            "aliased-params" => {
                let text = self.huge_text();
                let params = aliased(&text, Value::Text);
                self.session.query("SELECT ?", &params)?;
            }
            "aliased-names" => {
                let text = self.huge_text();
                let names = aliased(&text, |name| name);
                self.locks()?.lock(&names, Mode::Exclusive)?;
            }
            "huge-fault" => return Err(Error::rejected(&self.huge_text(), self.huge_text())),
            "not-utf8" => {
                // SAFETY: none. That it is no UTF-8 is the attack; only the host reads it.
                let text = unsafe { String::from_utf8_unchecked(vec![0xff; 8]) };
                self.session.execute(&text, &[])?;
            }
            "forged-handle" => {
                // SAFETY: none. That there is no such session is the attack. Never dropped here.
                let forged = ManuallyDrop::new(unsafe { Session::from_handle(123_456) });
                forged.execute(SWAP, &[])?;
            }
            "used-after-drop" => {
                // SAFETY: none. That it is dropped is the attack. Never dropped again here.
                let twin = ManuallyDrop::new(unsafe { Session::from_handle(self.twin().handle()) });
                twin.execute(SWAP, &[])?;
            }
            "dropped-twice" => {
                let handle = self.twin().handle();
                // SAFETY: none. That it was dropped before is the attack.
                drop(unsafe { Session::from_handle(handle) });
            }
            "wrong-kind" => {
                let lock = self.locks()?.lock(&["a".to_owned()], Mode::Exclusive)?;
                // SAFETY: none. That it is no session is the attack. Never dropped here.
                let forged = ManuallyDrop::new(unsafe { Session::from_handle(lock.handle()) });
                forged.execute(SWAP, &[])?;
            }
            "orphan" => {
                let lock = self
                    .locks()?
                    .lock(&["orphan".to_owned()], Mode::Exclusive)?;
                self.lock_sessions.clear();
                // Whatever the service says: there is an answer.
                let _ = (lock.acquire(0), lock.is_owner(), lock.release());
            }
            "many-statements" => {
                for number in 0..MANY_STATEMENTS {
                    let sql = format!("SELECT {number} FROM volumes WHERE id = ?");
                    self.session.query(&sql, &[Value::Null])?;
                }
            }
            "growing-text" => self.growing_text()?,
            "large-answers" => self.large_answers()?,
            "long-statements" => self.long_statements()?,
            "forbidden-sql" => self.forbidden_sql()?,
            "many-sessions" => self.many_sessions()?,
            "many-lock-sessions" => self.many_lock_sessions()?,
            "many-locks" => self.many_locks()?,
            "lost-transaction" => {
                self.session.begin()?;
                // Once: to wait for the row in a transaction would keep everybody else from it.
                let values = [t.to, t.marker, t.row, t.from].map(Value::from);
                let swapped = self.session.execute(SWAP, &values);
                panic!("hostile, {swapped:?}");
            }
            "lie" | "lie-at-release" => return Ok(()),
            "lie-no-effect" => {
                self.swap(t)?;
                return Err(Error::rejected("lie", "it did happen"));
            }
            "uncommitted" => {
                // Fails when the transaction of a change before is still open; it will do.
                let _ = self.session.begin();
                return self.swap(t);
            }
            "indefinite-is-ok" => {
                return match self.swap_in_transaction(t) {
                    Err(Error::Indefinite(_)) => Ok(()),
                    told => told,
                };
            }
            "wrong-marker" => {
                let marker = format!("not-{}", t.marker);
                return self.swap(Transition { marker, ..t });
            }
            "wrong-release" => {
                self.session
                    .execute(FREE_ALL, &[t.to, t.marker].map(Value::from))?;
                return Ok(());
            }
            "none" => {}
            other => {
                if let Some(written) = writes::written(&self.session, other, &t) {
                    return written;
                }
                let message = format!("there is no attack {other}");
                return Err(Error::rejected("bad-setting", message));
            }
        }
        self.swap(t)
    }

    fn swap(&self, t: Transition) -> Result<(), Error> {
        let values = [t.to, t.marker, t.row, t.from].map(Value::from);
        while retry_conflicts(RETRY_WAIT, || self.session.execute(SWAP, &values))? == 0 {
            sleep(RETRY_WAIT);
        }
        Ok(())
    }

    fn swap_in_transaction(&self, t: Transition) -> Result<(), Error> {
        let values = [t.to, t.marker, t.row, t.from].map(Value::from);
        let attempt = || {
            let session = &self.session;
            session.transaction(|| Ok(session.execute(SWAP, &values)? == 1))
        };
        while !retry_conflicts(RETRY_WAIT, attempt)? {
            sleep(RETRY_WAIT);
        }
        Ok(())
    }

    /// Every change takes a lock named after its row, so a lock that nobody gives up stops all.
    fn lost_lock(&mut self, t: Transition, misbehaves: bool) -> Result<(), Error> {
        if !t.is_acquire() {
            return self.swap(t);
        }
        let lock = self
            .locks()?
            .lock(std::slice::from_ref(&t.row), Mode::Exclusive)?;
        lock.acquire(10_000_000_000)?;
        assert!(!misbehaves, "hostile");
        self.swap(t)
    }

    fn locks(&mut self) -> Result<&lock::Session, Error> {
        if self.lock_sessions.is_empty() {
            self.lock_sessions.push(open_locks()?);
        }
        Ok(&self.lock_sessions[0])
    }

    /// A text of `size-mb`, or less if there is no memory for it.
    fn huge_text(&self) -> String {
        let mut size = self.size;
        loop {
            let mut bytes = Vec::new();
            if bytes.try_reserve_exact(size).is_ok() {
                bytes.resize(size, b'x');
                return String::from_utf8(bytes).unwrap_or_default();
            }
            size /= 2;
        }
    }

    fn forbidden_sql(&self) -> Result<(), Error> {
        for sql in FORBIDDEN {
            for outcome in [
                self.session.execute(sql, &[]).map(drop),
                self.session.query(sql, &[]).map(drop),
            ] {
                // Other codes are the database's own: then it was reached.
                match outcome {
                    Err(Error::Rejected(d)) if d.code == "not-allowed" || d.code == "syntax" => {}
                    other => return Err(escaped(format!("{sql}: {other:?}"))),
                }
            }
        }
        Ok(())
    }

    /// A session's handle, after it was dropped.
    fn twin(&self) -> ManuallyDrop<Session> {
        let mut session = ManuallyDrop::new(connect().expect("a session"));
        // SAFETY: none. Whoever calls this uses what is dropped here.
        unsafe { ManuallyDrop::drop(&mut session) };
        session
    }

    fn many_sessions(&mut self) -> Result<(), Error> {
        while self.sessions.len() < MANY {
            match connect() {
                Ok(session) => self.sessions.push(session),
                Err(Error::Rejected(_)) => return Ok(()),
                Err(other) => return Err(other),
            }
        }
        Err(escaped(format!("{MANY} database sessions")))
    }

    fn many_lock_sessions(&mut self) -> Result<(), Error> {
        let options = SessionOptions {
            lease: None,
            poll: None,
        };
        while self.lock_sessions.len() < MANY {
            match lock::open(options) {
                Ok(session) => self.lock_sessions.push(session),
                Err(Error::Rejected(_)) => return Ok(()),
                Err(other) => return Err(other),
            }
        }
        Err(escaped(format!("{MANY} lock sessions")))
    }

    fn many_locks(&mut self) -> Result<(), Error> {
        while self.kept_locks.len() < MANY {
            let name = format!("{}", self.kept_locks.len());
            match self.locks()?.lock(&[name], Mode::Exclusive) {
                Ok(lock) => self.kept_locks.push(lock),
                Err(Error::Rejected(_)) => return Ok(()),
                Err(other) => return Err(other),
            }
        }
        Err(escaped(format!("{MANY} locks")))
    }
}

fn escaped(what: String) -> Error {
    Error::rejected("ESCAPED", what)
}

contend_guest::state_strategy!(Hostile);
