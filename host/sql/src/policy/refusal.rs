//! The error that the SQL policy returns to a strategy.

use crate::model::error::CallError;

pub(super) fn not_allowed(what: impl Into<String>) -> CallError {
    CallError::rejected("not-allowed", format!("not allowed: {}", what.into()))
}
