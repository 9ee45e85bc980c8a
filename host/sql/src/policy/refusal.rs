//! The error that the SQL policy returns to a strategy.

use super::dialect::Dialect;
use crate::model::error::CallError;
use std::fmt::Display;

pub(super) fn not_allowed(what: impl Into<String>) -> CallError {
    CallError::rejected("not-allowed", format!("not allowed: {}", what.into()))
}

/// Of what a server does not have.
pub(super) fn lacking(what: impl Display, dialect: Dialect) -> CallError {
    let server = dialect.server();
    not_allowed(format!("{what}, which {server} does not have"))
}
