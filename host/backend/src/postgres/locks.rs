//! Advisory locks of a session: exclusive, and shared with or without a limit. They belong to one server
//! and to one database on it; a standby knows none of its primary's.
//!
//! **Shared locks** follow the recipe “count behind a gate”, since the server itself knows no limit.
//! A shared lock on the name's key says that a session reads; another one, on a number, says how many
//! may read beside it. Each request for a shared lock takes the gate of the name, an exclusive lock that
//! is held for three statements, reads the holders and their numbers in `pg_locks`, takes the shared lock
//! if it fits, and opens the gate again. *Why this is sound:* readers come in by the gate only, one after
//! the other, so between the count and the lock the readers can only become fewer; a writer takes the
//! key exclusively, which the server itself refuses beside any reader. *Example:* two readers hold `a`
//! with the limits 2 and 3; a third without a limit counts two holders of which one allows two, and waits.
//!
//! A pooler in transaction mode is refused: it hands the session on, and its locks with it.

mod shared;

use super::answer::{Failure, rows, run};
use super::classify::classify;
use super::identity::introduce;
use super::options::{Address, hang_up, milliseconds};
use crate::capability::clock::Clock;
use crate::capability::lock::Mode;
use crate::capability::lock_names;
use crate::capability::operation::Operation;
use crate::lock_connection::{Connection, ConnectionLocks, DEFAULT_POLL, Key, Server};
use crate::lock_settings::{HEARTBEAT, Settings};
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use crate::run_id;
use crate::secret_url::{POOLER, SecretUrl};
use async_trait::async_trait;
use shared::Limit;
use sqlx::postgres::PgConnection;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// The lock was not to be had in time (`lock_timeout`).
const LOCK_NOT_AVAILABLE: &str = "55P03";

const BREAKING_TAKES_AT_MOST: Duration = Duration::from_secs(3);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Advisory locks of this database that are held.
const HELD: &str = "SELECT pid, classid, objid, objsubid, mode FROM pg_locks WHERE locktype = 'advisory' \
     AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Opens the locks of the server at a URL. `rejected` for a pooler.
pub async fn open(url: &SecretUrl, clock: Arc<dyn Clock>) -> Result<ConnectionLocks, CallError> {
    let settings = Settings::from_url(url, &[HEARTBEAT])?;
    let address = Address::from_url(&settings.url)?;
    if address.is_pooler {
        let message = format!(
            "{} is a pooler ({POOLER}=true): it hands a session on to another client, and its advisory locks \
             with it; name the server itself",
            address.name
        );
        return Err(CallError::rejected("pooler", message));
    }
    ConnectionLocks::open(Arc::new(LockServer(address)), &settings, clock).await
}

struct LockServer(Address);

#[async_trait]
impl Server for LockServer {
    fn traits(&self) -> Vec<(String, String)> {
        lock_names::traits([
            ("lease", "no"),
            ("fencing", "no"),
            ("shared", "yes"),
            ("shared-limit", "yes"),
            ("fair", "no"),
            ("across-processes", "yes"),
            (
                "across-hosts",
                "only on one server: after a fail-over the new primary knows no lock",
            ),
        ])
    }

    fn check_mode(&self, _: Mode) -> Result<(), CallError> {
        Ok(())
    }

    fn poll(&self, asked: Option<Nanos>) -> Result<Nanos, CallError> {
        lock_names::poll(asked, DEFAULT_POLL)
    }

    async fn connect(&self, poll: Nanos) -> Result<Box<dyn Connection>, CallError> {
        let address = self.0.for_a_session(&run_id::new_name(), None);
        let (connection, _) = introduce(&address).await?;
        Ok(Box::new(LockConnection {
            connection,
            poll: Duration::from_nanos(poll),
            limit: None,
        }))
    }
}

struct LockConnection {
    connection: PgConnection,
    poll: Duration,
    /// The number that says how many may read beside this reader, while it is locked.
    limit: Option<Limit>,
}

impl LockConnection {
    async fn rows(&mut self, text: &str, operation: Operation) -> Result<Vec<Row>, CallError> {
        let answer = rows(&mut self.connection, text).await;
        answer.map_err(|failure| classify(&failure, operation))
    }

    /// Asks for one number.
    async fn number(&mut self, text: &str, operation: Operation) -> Result<i64, CallError> {
        let rows = self.rows(text, operation).await?;
        match rows.first().map(Vec::as_slice) {
            Some([Value::Integer(number)]) => Ok(*number),
            _ => {
                let message = "the server did not answer with one number";
                Err(CallError::indefinite("answer", message))
            }
        }
    }

    /// Takes an exclusive lock, waiting in the server's queue.
    ///
    /// The server may grant it in the moment in which the time-out ends the statement: the session has the
    /// lock then, although the statement failed. Taking it again would count it twice, and one release
    /// would not release it.
    async fn take_exclusive(&mut self, key: &Key, wait: Duration) -> Result<bool, CallError> {
        let number = key.number();
        if wait.is_zero() {
            let text = format!("SELECT pg_try_advisory_lock({number})::int");
            return Ok(self.number(&text, Operation::Committing).await? == 1);
        }
        let text = format!(
            "SET lock_timeout = {}; SELECT pg_advisory_lock({number})",
            milliseconds(wait)
        );
        match run(&mut self.connection, &text).await {
            Ok(()) => Ok(true),
            Err(failure) => {
                not_in_time(&failure)?;
                self.holds(std::slice::from_ref(key), Mode::Exclusive).await
            }
        }
    }
}

/// Every failure but that of a lock that was not to be had in time is an error.
fn not_in_time(failure: &Failure) -> Result<(), CallError> {
    let error = classify(failure, Operation::Committing);
    match error.code == LOCK_NOT_AVAILABLE {
        true => Ok(()),
        false => Err(error),
    }
}

#[async_trait]
impl Connection for LockConnection {
    async fn take(&mut self, key: &Key, mode: Mode, wait: Duration) -> Result<bool, CallError> {
        match mode {
            Mode::Exclusive => self.take_exclusive(key, wait).await,
            Mode::Shared(limit) => self.take_shared(key, Limit::new(limit), wait).await,
        }
    }

    async fn holds(&mut self, keys: &[Key], mode: Mode) -> Result<bool, CallError> {
        let text = format!(
            "SELECT count(*) FROM ({HELD}) AS held WHERE pid = pg_backend_pid() AND {} AND mode = '{}'",
            any_of(keys),
            name_of(mode)
        );
        let count = self.number(&text, Operation::Reading).await?;
        Ok(usize::try_from(count) == Ok(keys.len()))
    }

    async fn release(&mut self, keys: &[Key], mode: Mode) -> Result<usize, CallError> {
        let function = match mode {
            Mode::Exclusive => "pg_advisory_unlock",
            Mode::Shared(_) => "pg_advisory_unlock_shared",
        };
        let mut text = "SELECT 0".to_owned();
        for key in keys {
            text += &format!(" + {function}({})::int", key.number());
        }
        text += "::bigint";
        let count = self.number(&text, Operation::Committing).await?;
        // After the names, so that no other session can count a reader without its limit.
        self.forget_limit().await?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    async fn break_locks(&mut self, keys: &[Key]) -> Result<(), CallError> {
        let holders = format!(
            "SELECT DISTINCT pid FROM ({HELD}) AS held WHERE pid <> pg_backend_pid() AND {}",
            any_of(keys)
        );
        let found = self.rows(&holders, Operation::Reading).await?;
        let found = found.into_iter().flatten().filter_map(|pid| match pid {
            Value::Integer(pid) => Some(pid.to_string()),
            _ => None,
        });
        let found = found.collect::<Vec<_>>().join(", ");
        if found.is_empty() {
            return Ok(());
        }
        let end = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM unnest(ARRAY[{found}]::int[]) AS pid"
        );
        self.number(&end, Operation::Reading).await?;
        let left = format!("SELECT count(*) FROM ({holders}) AS left_over WHERE pid IN ({found})");
        let began = Instant::now();
        while self.number(&left, Operation::Reading).await? > 0 {
            if began.elapsed() > BREAKING_TAKES_AT_MOST {
                let message = "the sessions that have the lock do not end";
                return Err(CallError::indefinite("not-broken", message));
            }
            sleep(BETWEEN_LOOKS).await;
        }
        Ok(())
    }

    async fn hang_up(self: Box<Self>) {
        hang_up(self.connection).await;
    }
}

fn name_of(mode: Mode) -> &'static str {
    match mode {
        Mode::Exclusive => "ExclusiveLock",
        Mode::Shared(_) => "ShareLock",
    }
}

/// The condition that a row of `pg_locks` is about one of these keys.
fn any_of(keys: &[Key]) -> String {
    let pairs = keys.iter().map(|key| {
        let number = key.number().cast_unsigned();
        format!("({}, {})", number >> 32, number & u64::from(u32::MAX))
    });
    let pairs = pairs.collect::<Vec<_>>().join(", ");
    format!("objsubid = 1 AND (classid::bigint, objid::bigint) IN ({pairs})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Error;
    use std::io;

    /// The server's own errors are in the table of the database (`postgres::classify`).
    #[test]
    fn answer_that_is_lost_leaves_open_if_a_lock_was_taken() {
        let lost = || Failure::during(Error::Io(io::ErrorKind::UnexpectedEof.into()));
        let error = not_in_time(&lost()).unwrap_err();
        assert_eq!(error.kind, crate::model::error::ErrorKind::Indefinite);
        assert_eq!(error.code, "08006");
    }

    #[test]
    fn key_is_written_as_the_server_shows_it() {
        let key = Key::new("lock", "", "a");
        let number = key.number().cast_unsigned();
        let (high, low) = (number >> 32, number & 0xffff_ffff);
        let written = any_of(&[key]);
        assert!(
            written.ends_with(&format!("(({high}, {low}))")),
            "{written}"
        );
    }
}
