//! What MariaDB, the real one and the simulated one, asks of a call before it sees it.

use super::calls;
use super::statement::{Action, Statement};
use crate::model::fault::Fault;
use crate::model::value::Value;

/// `rejected` unless the statement reads and has parameters that the server could store.
pub fn check_read(statement: &Statement, parameters: &[Value]) -> Result<(), Fault> {
    calls::check_reads(statement)?;
    check_parameters(statement, parameters)
}

/// `rejected` if the statement reads, or lacks parameters that the server could store.
pub fn check_write(statement: &Statement, parameters: &[Value]) -> Result<(), Fault> {
    match statement.action() {
        Action::Write => check_parameters(statement, parameters),
        // Run as text, in which a question mark is a question mark.
        Action::Define | Action::Set if parameters.is_empty() => Ok(()),
        Action::Define | Action::Set => {
            let message = "a definition or a setting takes no parameters";
            Err(Fault::rejected("parameter-count", message))
        }
        Action::Read => Err(calls::not_an_update()),
    }
}

fn check_parameters(statement: &Statement, parameters: &[Value]) -> Result<(), Fault> {
    calls::check_count(statement, parameters)?;
    let not_a_number = |value: &Value| matches!(value, Value::Real(real) if !real.is_finite());
    if parameters.iter().any(not_a_number) {
        let message = "a parameter is not a finite number, which MariaDB can't store";
        return Err(Fault::rejected("not-a-number", message));
    }
    Ok(())
}
