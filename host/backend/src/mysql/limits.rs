//! Time limit of one statement on a server.
//!
//! An abandoned session is killed on its server (`threads`), but a runner that was killed itself can't
//! do that, nor one that does not reach the server any more. So each session sets the limit once, when
//! it is opened: the longest time for which a caller could wait. MariaDB then ends the statement with
//! 1969, which `mysql_codes` classifies.

use super::answer::{Failure, run};
use mysql_async::{Conn, Error};
use std::time::Duration;

/// Error number of an unknown variable.
const UNKNOWN_VARIABLE: u16 = 1193;

pub(super) async fn set(connection: &mut Conn, limit: Duration) -> Result<(), Failure> {
    let text = format!(
        "SET SESSION max_statement_time = {:.3}",
        limit.as_secs_f64()
    );
    match run(connection, &text).await {
        Err(failure) if is_unknown(&failure) => {}
        result => return result,
    }
    // MySQL bounds queries only, in milliseconds; a server before both bounds nothing.
    let text = format!("SET SESSION max_execution_time = {}", limit.as_millis());
    match run(connection, &text).await {
        Err(failure) if is_unknown(&failure) => Ok(()),
        result => result,
    }
}

fn is_unknown(failure: &Failure) -> bool {
    matches!(&failure.error, Error::Server(error) if error.code == UNKNOWN_VARIABLE)
}
