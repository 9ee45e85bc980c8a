//! The error that a strategy gets for SQL that the SQL policy does not let through.

use crate::model::fault::Fault;

pub(super) fn not_allowed(what: impl Into<String>) -> Fault {
    Fault::rejected("not-allowed", format!("not allowed: {}", what.into()))
}
