//! Differences of the services, as far as their clients see them.

use crate::capability::lock::{Mode, SessionOptions};
use crate::capability::lock_names;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::model::sim_locks::SimLocks;

/// The duration of a session that sends nothing.
const SESSION_TIMEOUT: Nanos = 10_000_000_000;

pub(super) fn traits(kind: SimLocks) -> Vec<(String, String)> {
    let [lease, fencing, limit, fair] = match kind {
        SimLocks::Lease => ["yes", "yes", "yes", "no"],
        SimLocks::File => ["no", "no", "no", "no"],
        SimLocks::Session => ["no", "yes", "yes", "yes"],
    };
    lock_names::traits([
        ("lease", lease),
        ("fencing", fencing),
        ("shared", "yes"),
        ("shared-limit", limit),
        ("fair", fair),
        ("across-processes", "yes"),
        ("across-hosts", "yes"),
    ])
}

/// `rejected` for a mode that the service lacks.
pub(super) fn check_mode(kind: SimLocks, mode: Mode) -> Result<(), CallError> {
    match kind {
        SimLocks::File => lock_names::check_mode_without_limit(mode),
        SimLocks::Lease | SimLocks::Session => lock_names::check_mode(mode),
    }
}

/// For how long a grant or a session lasts without a word (nothing for ever), and how often is asked
/// while waiting (nothing if the service has a queue).
pub(super) fn options(
    kind: SimLocks,
    asked: SessionOptions,
) -> Result<(Option<Nanos>, Option<Nanos>), CallError> {
    match kind {
        SimLocks::Lease => {
            let (lease, poll) = lock_names::lease_and_poll(asked)?;
            Ok((Some(lease), Some(poll)))
        }
        SimLocks::File => Ok((None, Some(lock_names::file_poll(asked)?))),
        SimLocks::Session if asked.lease.is_some() => Err(no_lease(kind)),
        SimLocks::Session if asked.poll.is_some() => {
            let message = "session locks notify, so there is no poll interval";
            Err(CallError::rejected("unsupported", message))
        }
        SimLocks::Session => Ok((Some(SESSION_TIMEOUT), None)),
    }
}

pub(super) fn no_lease(kind: SimLocks) -> CallError {
    lock_names::no_lease(&format!("{} locks", kind.as_str()))
}
