//! The error that the SQL policy returns to a strategy.

use crate::model::fault::Fault;

pub(super) fn not_allowed(what: impl Into<String>) -> Fault {
    Fault::rejected("not-allowed", format!("not allowed: {}", what.into()))
}
