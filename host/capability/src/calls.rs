//! Validation of a call before it reaches a server, the same for every database; and the size of an answer.

use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use crate::statement::{Action, Statement};

/// `rejected` unless the statement returns rows: a read, or a write with RETURNING.
pub fn check_returns_rows(statement: &Statement) -> Result<(), CallError> {
    match statement.returns_rows() {
        true => Ok(()),
        false => {
            let message = "this statement writes; give it to execute";
            Err(CallError::rejected("not-a-query", message))
        }
    }
}

/// `rejected` if the statement returns rows. A write with RETURNING goes to `query`; its rows are its
/// count.
pub fn check_returns_no_rows(statement: &Statement) -> Result<(), CallError> {
    match (statement.returns_rows(), statement.action()) {
        (false, _) => Ok(()),
        (true, Action::Read) => {
            let message = "this statement reads; give it to query";
            Err(CallError::rejected("not-an-update", message))
        }
        (true, _) => {
            let message =
                "this statement returns rows; give it to query, where it is a write as well";
            Err(CallError::rejected("returns-rows", message))
        }
    }
}

/// `rejected` after a call that its caller abandoned: its effect is unknown.
pub fn check_abandoned(is_under_way: bool) -> Result<(), CallError> {
    let message = "an earlier call of this session was abandoned half-way";
    refuse_if(is_under_way, "session-abandoned", message)
}

/// `rejected` for a transaction inside of another.
pub fn check_begin(in_transaction: bool) -> Result<(), CallError> {
    let message = "a transaction is open already";
    refuse_if(in_transaction, "transaction-open", message)
}

/// `rejected` where there is nothing to commit.
pub fn check_commit(in_transaction: bool) -> Result<(), CallError> {
    refuse_if(!in_transaction, "no-transaction", "no transaction is open")
}

fn refuse_if(is_wrong: bool, code: &str, message: &str) -> Result<(), CallError> {
    match is_wrong {
        true => Err(CallError::rejected(code, message)),
        false => Ok(()),
    }
}

/// `rejected` for a savepoint outside of a transaction: SQLite would begin one, and MariaDB would do
/// nothing.
pub fn check_savepoint(statement: &Statement, in_transaction: bool) -> Result<(), CallError> {
    let is_outside = statement.action() == Action::Savepoint && !in_transaction;
    let message = "no transaction is open, and a savepoint is one of a transaction";
    refuse_if(is_outside, "no-transaction", message)
}

/// `rejected` unless there is one parameter for each question mark.
pub fn check_count(statement: &Statement, parameters: &[Value]) -> Result<(), CallError> {
    let (wanted, given) = (statement.parameters(), parameters.len());
    if wanted == given {
        return Ok(());
    }
    let message = format!("the statement has {wanted} parameters, and {given} were given");
    Err(CallError::rejected("parameter-count", message))
}

/// The longest text that a database of the runner's own makes for a strategy. Of a text that is joined
/// with itself again and again, a short statement could make any number of gigabytes.
pub const MAX_VALUE_BYTES: usize = 1 << 20;

/// The error for an answer of more bytes than a session may hold.
pub fn too_large(max_bytes: usize) -> CallError {
    let message = format!("the answer is larger than {max_bytes} bytes");
    CallError::rejected("answer-too-large", message)
}

/// About how much memory a row takes.
pub fn bytes_of(row: &Row) -> usize {
    let heap = |value: &Value| match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Null | Value::Boolean(_) | Value::Integer(_) | Value::Real(_) => 0,
    };
    size_of::<Row>() + size_of_val(row.as_slice()) + row.iter().map(heap).sum::<usize>()
}
