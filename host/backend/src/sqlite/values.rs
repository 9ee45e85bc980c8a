//! Values on their way in and out, and what is wrong with a call before SQLite sees it.

use crate::capability::calls;
use crate::capability::statement::{Action, RowLock, Statement};
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow, SqliteValueRef};
use sqlx::{AssertSqlSafe, Decode, Row as _, Sqlite, TypeInfo, ValueRef};

/// `rejected` unless the statement gives rows and has its parameters.
pub(super) fn check_query(statement: &Statement, parameters: &[Value]) -> Result<(), CallError> {
    calls::check_returns_rows(statement)?;
    check_parameters(statement, parameters)
}

/// `rejected` if the statement gives rows, or lacks its parameters.
pub(super) fn check_execute(statement: &Statement, parameters: &[Value]) -> Result<(), CallError> {
    calls::check_returns_no_rows(statement)?;
    match statement.action() {
        Action::Write | Action::Define | Action::Savepoint | Action::Read => {
            check_parameters(statement, parameters)
        }
        Action::Set => {
            let message = "SQLite has no session variables that a strategy may set";
            Err(CallError::rejected("unsupported", message))
        }
    }
}

fn check_parameters(statement: &Statement, parameters: &[Value]) -> Result<(), CallError> {
    calls::check_count(statement, parameters)?;
    let is_nan = |value: &Value| matches!(value, Value::Real(real) if real.is_nan());
    if parameters.iter().any(is_nan) {
        // SQLite would store NULL and say nothing.
        let message = "a parameter is not a number, which SQLite can't store";
        return Err(CallError::rejected("not-a-number", message));
    }
    Ok(())
}

/// The text to run for a locking read. `rejected` where the clause asks not to wait.
pub(super) fn patient(lock: &RowLock) -> Result<&str, CallError> {
    if lock.impatient {
        let message = "SQLite has no row locks, so it can neither refuse (NOWAIT) nor skip \
                       (SKIP LOCKED) a locked row, nor wait for it for a time (WAIT n)";
        return Err(CallError::rejected("unsupported", message));
    }
    Ok(&lock.text_without_clause)
}

/// A statement with its parameters, prepared once for each connection.
///
/// The text comes from the SQL policy or from the host itself, which is what the assertion stands for.
pub(super) fn prepared<'q>(
    text: &str,
    parameters: &'q [Value],
) -> Query<'q, Sqlite, SqliteArguments> {
    let query = sqlx::query(AssertSqlSafe(text.to_owned()));
    parameters.iter().fold(query, |query, value| match value {
        Value::Null => query.bind(None::<i64>),
        Value::Boolean(boolean) => query.bind(i64::from(*boolean)),
        Value::Integer(integer) => query.bind(*integer),
        Value::Real(real) => query.bind(*real),
        Value::Text(text) => query.bind(text.as_str()),
        Value::Bytes(bytes) => query.bind(bytes.as_slice()),
    })
}

/// A row as values of the contract.
pub(super) fn row(row: &SqliteRow) -> Result<Row, sqlx::Error> {
    (0..row.len())
        .map(|column| value(row.try_get_raw(column)?))
        .collect()
}

/// Decodes by the storage class of a value: SQLite's columns have affinities, not types.
fn value(stored: SqliteValueRef<'_>) -> Result<Value, sqlx::Error> {
    if stored.is_null() {
        return Ok(Value::Null);
    }
    let class = stored.type_info().name().to_owned();
    match class.as_str() {
        "INTEGER" => Decode::<Sqlite>::decode(stored).map(Value::Integer),
        "REAL" => Decode::<Sqlite>::decode(stored).map(Value::Real),
        "TEXT" => <&str as Decode<Sqlite>>::decode(stored).map(Value::from),
        "BLOB" => Decode::<Sqlite>::decode(stored).map(Value::Bytes),
        other => Err(format!("a value stored as {other}").into()),
    }
    .map_err(sqlx::Error::Decode)
}
