//! Differences of the services, as far as their clients see them.

use crate::capability::lock::{Mode, SessionOptions};
use crate::capability::lock_names;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::model::sim_locks::SimLocks;

// Those of the backends of the same kind.
const DEFAULT_LEASE: Nanos = 10_000_000_000;
const DEFAULT_LEASE_POLL: Nanos = 250_000_000;
const DEFAULT_FILE_POLL: Nanos = 10_000_000;

/// The duration of a session that sends nothing.
const SESSION_TIMEOUT: Nanos = 10_000_000_000;

const MILLISECOND: Nanos = 1_000_000;
const DAY: Nanos = 24 * 60 * 60 * 1_000_000_000;

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
    match (kind, asked) {
        (SimLocks::Lease, SessionOptions { lease, poll }) => {
            let lease = lease.unwrap_or(DEFAULT_LEASE);
            let poll = poll.unwrap_or(DEFAULT_LEASE_POLL);
            for (what, time) in [("a lease", lease), ("a poll interval", poll)] {
                if !(MILLISECOND..=DAY).contains(&time) {
                    let message = format!("{what} must be between a millisecond and a day");
                    return Err(CallError::rejected("unsupported", message));
                }
            }
            Ok((Some(lease), Some(poll)))
        }
        (_, SessionOptions { lease: Some(_), .. }) => Err(no_lease(kind)),
        (SimLocks::File, SessionOptions { poll: Some(0), .. }) => {
            let message = "a poll interval of 0 would never let another worker run";
            Err(CallError::rejected("unsupported", message))
        }
        (SimLocks::File, SessionOptions { poll, .. }) => {
            Ok((None, Some(poll.unwrap_or(DEFAULT_FILE_POLL))))
        }
        (SimLocks::Session, SessionOptions { poll: Some(_), .. }) => {
            let message = "session locks notify, so there is no poll interval";
            Err(CallError::rejected("unsupported", message))
        }
        (SimLocks::Session, _) => Ok((Some(SESSION_TIMEOUT), None)),
    }
}

pub(super) fn no_lease(kind: SimLocks) -> CallError {
    let word = kind.as_str();
    let message = format!("{word} locks have no lease; they are held until they are released");
    CallError::rejected("unsupported", message)
}
