//! Memory limits of one statement of a strategy.

use crate::capability::calls::MAX_VALUE_BYTES;
use libsqlite3_sys::{SQLITE_LIMIT_COLUMN, SQLITE_LIMIT_LENGTH, sqlite3_limit};
use sqlx::SqliteConnection;

/// Most columns of an answer. SQLite builds a whole row before its bytes can be counted.
const MAX_COLUMNS: usize = 32;

/// The largest value is this part of the largest answer.
const VALUES_OF_AN_ANSWER: usize = 16;

/// The least that a value may have, however small the answers.
const LEAST_VALUE_BYTES: usize = 16 << 10;

/// Limits the values and the rows of a session, so that a row, whose size is unknown before it is read,
/// is not much larger than an answer may be. SQLite refuses a statement beyond the limits like an
/// invalid one: without any effect.
pub(super) async fn set(
    connection: &mut SqliteConnection,
    largest_answer: usize,
) -> Result<(), sqlx::Error> {
    let value = (largest_answer / VALUES_OF_AN_ANSWER).clamp(LEAST_VALUE_BYTES, MAX_VALUE_BYTES);
    let mut handle = connection.lock_handle().await?;
    let database = handle.as_raw_handle().as_ptr();
    // SAFETY: the handle is open and locked, and a limit is a number that SQLite keeps with it.
    unsafe {
        sqlite3_limit(database, SQLITE_LIMIT_LENGTH, value as i32);
        sqlite3_limit(database, SQLITE_LIMIT_COLUMN, MAX_COLUMNS as i32);
    }
    Ok(())
}
