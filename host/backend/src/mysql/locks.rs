//! Locks by `GET_LOCK`: exclusive, each on the one server at the other end of its connection. A server
//! of a Galera cluster has its own: on a cluster that is written to on many nodes, a lock on one node does
//! not exclude the sessions of another. Needs MariaDB 10.0.2 or MySQL 5.7, which give a connection several.

use super::answer::Failure;
use super::classify::classify;
use super::options::{Address, hang_up};
use crate::capability::clock::Clock;
use crate::capability::lock::Mode;
use crate::capability::lock_names;
use crate::capability::operation::Operation;
use crate::lock_connection::{Connection, ConnectionLocks, Key, Server};
use crate::lock_settings::{HEARTBEAT, Settings};
use crate::model::change::Nanos;
use crate::model::error::{CallError, ErrorKind};
use crate::secret_url::SecretUrl;
use crate::session_options::AffectedRows;
use async_trait::async_trait;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// A server that refuses `GET_LOCK` since it is one of a cluster.
const NOT_SUPPORTED: &str = "1235";

/// Waiting would close a circle of locks by name, on MySQL; MariaDB has 1213 for it.
const DEADLOCK: &str = "3058";

/// There is no connection of that number (any more).
const NO_SUCH_THREAD: &str = "1094";

const BREAKING_TAKES_AT_MOST: Duration = Duration::from_secs(3);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Opens the locks of the server at a URL.
pub async fn open(url: &SecretUrl, clock: Arc<dyn Clock>) -> Result<ConnectionLocks, CallError> {
    let settings = Settings::from_url(url, &[HEARTBEAT])?;
    let address = Address::from_url(&settings.url, AffectedRows::default())?;
    ConnectionLocks::open(Arc::new(LockServer(address)), &settings, clock).await
}

struct LockServer(Address);

#[async_trait]
impl Server for LockServer {
    fn traits(&self) -> Vec<(String, String)> {
        lock_names::traits([
            ("lease", "no"),
            ("fencing", "no"),
            ("shared", "no"),
            ("shared-limit", "no"),
            ("fair", "no"),
            ("across-processes", "yes"),
            (
                "across-hosts",
                "only on one server: each node of a cluster has its own locks",
            ),
        ])
    }

    fn check_mode(&self, mode: Mode) -> Result<(), CallError> {
        lock_names::check_mode_exclusive(mode)
    }

    fn poll(&self, asked: Option<Nanos>) -> Result<Nanos, CallError> {
        match asked {
            None => Ok(0),
            Some(_) => Err(lock_names::no_poll("locks by GET_LOCK")),
        }
    }

    async fn connect(&self, _: Nanos) -> Result<Box<dyn Connection>, CallError> {
        let connection = self.0.connect().await?;
        Ok(Box::new(LockConnection(connection)))
    }
}

struct LockConnection(Conn);

impl LockConnection {
    /// Asks for one number. `None` is NULL.
    async fn number(&mut self, text: &str, operation: Operation) -> Result<Option<i64>, CallError> {
        let answer = self.0.query_first::<Option<i64>, _>(text).await;
        let answer = answer.map_err(|error| explain(&Failure::during(error), operation))?;
        Ok(answer.flatten())
    }

    async fn holder(&mut self, key: &Key) -> Result<Option<i64>, CallError> {
        let text = format!("SELECT IS_USED_LOCK('{}')", key.text());
        self.number(&text, Operation::Reading).await
    }
}

#[async_trait]
impl Connection for LockConnection {
    async fn take(&mut self, key: &Key, _: Mode, wait: Duration) -> Result<bool, CallError> {
        let text = format!("SELECT GET_LOCK('{}', {})", key.text(), wait.as_secs_f64());
        match self.number(&text, Operation::Committing).await? {
            Some(taken) => Ok(taken == 1),
            None => {
                let message =
                    "the server returned NULL for GET_LOCK: the wait was ended, or memory is short";
                Err(CallError::unavailable("get-lock", message))
            }
        }
    }

    async fn holds(&mut self, keys: &[Key], _: Mode) -> Result<bool, CallError> {
        let held = keys
            .iter()
            .map(|key| format!("(IS_USED_LOCK('{}') <=> CONNECTION_ID())", key.text()));
        let text = format!("SELECT {}", sum(held));
        let count = self.number(&text, Operation::Reading).await?;
        Ok(count == i64::try_from(keys.len()).ok())
    }

    async fn release(&mut self, keys: &[Key], _: Mode) -> Result<usize, CallError> {
        let released = keys
            .iter()
            .map(|key| format!("(RELEASE_LOCK('{}') <=> 1)", key.text()));
        let text = format!("SELECT {}", sum(released));
        let count = self.number(&text, Operation::Committing).await?;
        Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(0))
    }

    async fn break_locks(&mut self, keys: &[Key]) -> Result<(), CallError> {
        for key in keys {
            let Some(holder) = self.holder(key).await? else {
                continue;
            };
            let kill = self.0.query_drop(format!("KILL CONNECTION {holder}")).await;
            if let Err(error) = kill {
                let error = explain(&Failure::during(error), Operation::Reading);
                if error.code != NO_SUCH_THREAD {
                    return Err(error);
                }
            }
            let began = Instant::now();
            while self.holder(key).await? == Some(holder) {
                if began.elapsed() > BREAKING_TAKES_AT_MOST {
                    let message = "the connection that has the lock does not end";
                    return Err(CallError::indefinite("not-broken", message));
                }
                sleep(BETWEEN_LOOKS).await;
            }
        }
        Ok(())
    }

    async fn hang_up(self: Box<Self>) {
        hang_up(self.0).await;
    }
}

/// The sum of terms that are 0 or 1; each of them is evaluated.
fn sum(terms: impl Iterator<Item = String>) -> String {
    terms.fold("0".to_owned(), |sum, term| format!("{sum} + {term}"))
}

/// The table of the database, for the calls of a lock: taking and releasing one are changes that take
/// effect by themselves, and asking is reading.
fn explain(failure: &Failure, operation: Operation) -> CallError {
    let mut error = classify(failure, operation);
    if error.code == NOT_SUPPORTED {
        error.message += "; servers of this version give no such locks on a cluster, where a lock on one \
                          node would not exclude the sessions of another";
    }
    if error.code == DEADLOCK {
        error.kind = ErrorKind::Conflict;
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::error::ErrorKind::{Conflict, Indefinite, Rejected, Unavailable};
    use mysql_async::{Error, IoError, ServerError};
    use std::io;

    #[test]
    fn classify_maps_every_error_of_a_lock_to_its_conclusion() {
        let server = |code: u16, state: &str| {
            Error::Server(ServerError {
                code,
                message: "what the server says".to_owned(),
                state: state.to_owned(),
            })
        };
        let io = || Error::Io(IoError::Io(io::ErrorKind::UnexpectedEof.into()));
        // error, its code, while asking, while taking or releasing
        let table: Vec<(Error, &str, [ErrorKind; 2])> = vec![
            // Not supported in a cluster.
            (server(1235, "42000"), "1235", [Rejected; 2]),
            // The name is bad (MySQL).
            (server(3057, "42000"), "3057", [Rejected; 2]),
            // A deadlock of locks by name, on MySQL and on MariaDB.
            (server(3058, "HY000"), "3058", [Conflict; 2]),
            (server(1213, "40001"), "1213", [Conflict; 2]),
            (server(1205, "HY000"), "1205", [Conflict; 2]),
            (server(1317, "70100"), "1317", [Conflict, Indefinite]),
            (server(1969, "70100"), "1969", [Conflict, Indefinite]),
            (server(1927, "70100"), "1927", [Unavailable, Indefinite]),
            (server(1053, "08S01"), "1053", [Unavailable, Indefinite]),
            (server(1040, "08004"), "1040", [Unavailable; 2]),
            // Not the owner of the connection that is to be killed.
            (server(1095, "HY000"), "1095", [Rejected, Indefinite]),
            (io(), "2013", [Unavailable, Indefinite]),
        ];
        for (error, code, kinds) in table {
            let failure = Failure::during(error);
            for (operation, kind) in [Operation::Reading, Operation::Committing]
                .into_iter()
                .zip(kinds)
            {
                let error = explain(&failure, operation);
                let seen = (error.kind, error.code.as_str());
                assert_eq!(seen, (kind, code), "{operation:?}");
            }
        }
        let refused = Failure::during(server(1235, "42000"));
        let message = explain(&refused, Operation::Committing).message;
        assert!(message.contains("cluster"), "{message}");
    }
}
