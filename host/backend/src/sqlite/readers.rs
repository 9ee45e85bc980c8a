//! The connections by which all workers read.

use super::answer::{Answer, Query, answer};
use crate::model::value::{Row, Value};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Error, SqliteConnection};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

/// A read takes microseconds, and each connection costs a thread.
const AT_MOST: usize = 4;

/// A few connections that are lent for one read each. Not sqlx's pool: that one starts a task for
/// each connection that comes back, which costs a check of one row about as much as the read.
pub(super) struct Readers {
    options: SqliteConnectOptions,
    permits: Semaphore,
    idle: Mutex<Vec<SqliteConnection>>,
}

impl Readers {
    /// Opens nothing yet.
    pub(super) fn new(options: SqliteConnectOptions) -> Self {
        Self {
            options: options.pragma("query_only", "ON"),
            permits: Semaphore::new(AT_MOST),
            idle: Mutex::default(),
        }
    }

    /// Runs a statement that reads; waits for a connection if all are lent.
    pub(super) async fn read(&self, text: &str, parameters: &[Value]) -> Result<Vec<Row>, Error> {
        let permit = self.permits.acquire().await;
        let _permit = permit.map_err(|_| Error::PoolClosed)?;
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        // One that failed, or whose reader went away half-way, is not lent again.
        let query = Query {
            text,
            parameters,
            is_kept: true,
            largest_answer: usize::MAX,
        };
        let Answer { rows, .. } = answer(&mut connection, query).await?;
        self.idle().push(connection);
        Ok(rows)
    }

    /// Closes the connections. Later reads return an error.
    pub(super) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            // No read is in flight on it, so closing it loses nothing.
            connection.close().await.ok();
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        // Nothing can panic while it is held.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
