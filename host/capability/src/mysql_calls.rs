//! Validation of a call to MariaDB, real or simulated, before it is sent.

use super::calls;
use super::statement::{Action, Statement};
use crate::model::error::CallError;
use crate::model::value::Value;

/// `rejected` unless the statement gives rows and has parameters that the server could store.
pub fn check_query(statement: &Statement, parameters: &[Value]) -> Result<(), CallError> {
    calls::check_returns_rows(statement)?;
    check_parameters(statement, parameters)
}

/// `rejected` if the statement gives rows, or lacks parameters that the server could store.
pub fn check_execute(statement: &Statement, parameters: &[Value]) -> Result<(), CallError> {
    calls::check_returns_no_rows(statement)?;
    match statement.action() {
        Action::Write | Action::Read => check_parameters(statement, parameters),
        // Run as text, in which a question mark is a question mark.
        Action::Define | Action::Set | Action::Savepoint if parameters.is_empty() => Ok(()),
        Action::Define | Action::Set | Action::Savepoint => {
            let message = "a definition, a setting or a savepoint takes no parameters";
            Err(CallError::rejected("parameter-count", message))
        }
    }
}

fn check_parameters(statement: &Statement, parameters: &[Value]) -> Result<(), CallError> {
    calls::check_count(statement, parameters)?;
    let not_a_number = |value: &Value| matches!(value, Value::Real(real) if !real.is_finite());
    if parameters.iter().any(not_a_number) {
        let message = "a parameter is not a finite number, which MariaDB can't store";
        return Err(CallError::rejected("not-a-number", message));
    }
    Ok(())
}
