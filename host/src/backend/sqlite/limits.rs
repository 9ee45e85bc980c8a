//! What one statement of a strategy may make of the runner's memory.

use crate::capability::calls::MAX_VALUE_BYTES;
use libsqlite3_sys::{SQLITE_LIMIT_COLUMN, SQLITE_LIMIT_LENGTH, sqlite3_limit};
use sqlx::SqliteConnection;

/// The columns of an answer. SQLite makes all of a row before anybody can count its bytes.
const MAX_COLUMNS: i32 = 64;

/// Bounds the values and the rows of a session. SQLite refuses what goes beyond as it refuses what is
/// wrong: without any effect.
pub(super) async fn set(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut handle = connection.lock_handle().await?;
    let database = handle.as_raw_handle().as_ptr();
    // SAFETY: the handle is open and locked, and a limit is a number that SQLite keeps with it.
    unsafe {
        sqlite3_limit(database, SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES as i32);
        sqlite3_limit(database, SQLITE_LIMIT_COLUMN, MAX_COLUMNS);
    }
    Ok(())
}
