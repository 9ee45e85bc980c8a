//! How long a server works on one statement.
//!
//! An abandoned session is killed on its server (`threads`), but a runner that was killed itself can't do
//! that, nor one that does not reach the server any more. So each session says once, when it is opened,
//! how long a statement may take: as long as somebody could wait for it. MariaDB ends the statement then
//! with 1969, and what that says of its effect is in `mysql_codes`.

use super::answer::{Failure, run};
use mysql_async::{Conn, Error};
use std::time::Duration;

/// There is no such variable.
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
