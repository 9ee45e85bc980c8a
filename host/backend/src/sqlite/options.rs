//! Connection options, and the causes of a failed first connection.

use super::SqliteLocation;
use super::classify::classify;
use crate::capability::operation::Operation;
use crate::model::error::CallError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Longest wait of a statement for a lock before it is a conflict: long enough that a busy database
/// answers late rather than wrongly, short enough that a forgotten transaction is found. It also bounds
/// the close of a session whose abandoned statement waits for a lock, since SQLite can't be interrupted
/// in this wait.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A strategy has a handful of statements; one that builds its text anew for each change must not
/// fill the memory.
const PREPARED_STATEMENTS: usize = 64;

/// Numbers the databases in memory, whose names must be unique in the process.
static MEMORY_DATABASES: AtomicU64 = AtomicU64::new(1);

/// The options of every connection to this database. Each call for `Memory` names a new one.
pub(super) fn connect_options(location: &SqliteLocation) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .create_if_missing(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(PREPARED_STATEMENTS)
        // Safe against everything but the loss of power, which no run survives anyway.
        .synchronous(SqliteSynchronous::Normal)
        // Without it no trigger fires for the rows that REPLACE removes.
        .pragma("recursive_triggers", "ON")
        .disable_statement_logging();
    match location {
        SqliteLocation::File(path) => options.filename(plain(path)),
        SqliteLocation::Memory => {
            let number = MEMORY_DATABASES.fetch_add(1, Ordering::Relaxed);
            // The slash makes connections share it. SQLite's older way of sharing, a shared cache,
            // locks whole tables and never waits.
            options.filename(format!("/contend-{number}")).vfs("memdb")
        }
    }
}

/// SQLite reads a name like `file:x?mode=ro` as a URL and `:memory:` as no file; a path is neither.
fn plain(path: &Path) -> PathBuf {
    let special = path
        .to_str()
        .is_some_and(|text| text.starts_with("file:") || text.starts_with(':'));
    if special {
        Path::new(".").join(path)
    } else {
        path.to_owned()
    }
}

/// Opens the connection that configures the database, before any other connection opens it.
pub(super) async fn first_connection(
    location: &SqliteLocation,
    options: &SqliteConnectOptions,
) -> Result<SqliteConnection, CallError> {
    let explain = |error: sqlx::Error| explained(location, classify(&error, Operation::Connecting));
    let mut connection = options.connect().await.map_err(explain)?;
    if let SqliteLocation::File(path) = location {
        // It is a property of the file, so the other connections find it there.
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode = WAL")
            .fetch_one(&mut connection)
            .await
            .map_err(explain)?;
        if mode != "wal" {
            connection.close().await.ok();
            let message = format!(
                "{}: its file system does not support SQLite's write-ahead log (it stays in mode {mode})",
                path.display()
            );
            return Err(CallError::rejected("no-wal", message));
        }
    }
    Ok(connection)
}

/// SQLite says only "unable to open database file".
fn explained(location: &SqliteLocation, error: CallError) -> CallError {
    let SqliteLocation::File(path) = location else {
        return error;
    };
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let hint = if path.is_dir() {
        " (it is a folder)"
    } else if folder.is_some_and(|folder| !folder.is_dir()) {
        " (its folder doesn't exist)"
    } else {
        ""
    };
    let path = path.display();
    CallError {
        message: format!("can't open the database {path}{hint}: {}", error.message),
        ..error
    }
}
