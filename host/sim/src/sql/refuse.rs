//! Errors of statements that are wrong, or outside of the subset.

use super::dialect::{Dialect, Problem};
use crate::model::error::CallError;
use std::fmt::Display;

/// The construct is real SQL, but the simulator has none of it.
pub(super) fn unsupported(construct: impl Display) -> CallError {
    let message = format!("the simulator's SQL does not have {construct}");
    CallError::rejected("unsupported", message)
}

pub(super) fn syntax(dialect: Dialect, message: impl Into<String>) -> CallError {
    dialect.error(Problem::Syntax, message)
}

pub(super) fn no_such_table(dialect: Dialect, name: impl Display) -> CallError {
    dialect.error(Problem::NoSuchTable, format!("there is no table {name}"))
}

pub(super) fn no_such_column(dialect: Dialect, name: impl Display) -> CallError {
    dialect.error(Problem::NoSuchColumn, format!("there is no column {name}"))
}

/// The host counts the parameters before it runs a plan, so this is a mistake of the host.
pub(super) fn no_such_parameter(number: usize) -> CallError {
    let message = format!("the statement's parameter {} was not given", number + 1);
    CallError::rejected("parameter-count", message)
}
