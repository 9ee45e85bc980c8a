//! Differences of the services, as far as their clients see them.

use crate::capability::lock::{Mode, SessionOptions};
use crate::capability::lock_names;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::model::sim_locks::SimLocks;

/// The duration of a session that sends nothing.
const SESSION_TIMEOUT: Nanos = 10_000_000_000;

/// Time between two looks at a lock for which the server has no queue that is waited in.
const CONNECTION_POLL: Nanos = 50_000_000;

pub(super) fn traits(kind: SimLocks) -> Vec<(String, String)> {
    let one_node = "only on one server: each node of a cluster has its own locks";
    let pool = "no: a lock belongs to a connection of the pooler, which any client gets";
    let [lease, fencing, shared, limit, fair, across] = match kind {
        SimLocks::Lease => ["yes", "yes", "yes", "yes", "no", "yes"],
        SimLocks::File => ["no", "no", "yes", "no", "no", "yes"],
        SimLocks::Session => ["no", "yes", "yes", "yes", "yes", "yes"],
        SimLocks::Evicting => ["yes", "no", "no", "no", "no", "yes"],
        SimLocks::PerNode => ["no", "no", "no", "no", "no", one_node],
        SimLocks::Pooled => ["no", "no", "yes", "no", "no", pool],
    };
    let processes = match kind {
        SimLocks::Pooled => pool,
        _ => "yes",
    };
    lock_names::traits([
        ("lease", lease),
        ("fencing", fencing),
        ("shared", shared),
        ("shared-limit", limit),
        ("fair", fair),
        ("across-processes", processes),
        ("across-hosts", across),
    ])
}

/// `rejected` for a mode that the service lacks.
pub(super) fn check_mode(kind: SimLocks, mode: Mode) -> Result<(), CallError> {
    match kind {
        SimLocks::File | SimLocks::Pooled => lock_names::check_mode_without_limit(mode),
        SimLocks::Evicting | SimLocks::PerNode => lock_names::check_mode_exclusive(mode),
        SimLocks::Lease | SimLocks::Session => lock_names::check_mode(mode),
    }
}

/// Says whether each grant has a lease.
pub(super) fn has_leases(kind: SimLocks) -> bool {
    matches!(kind, SimLocks::Lease | SimLocks::Evicting)
}

pub(super) fn has_tokens(kind: SimLocks) -> bool {
    matches!(kind, SimLocks::Lease | SimLocks::Session)
}

/// Says whether the service notices at once that a process has died.
pub(super) fn ends_with_process(kind: SimLocks) -> bool {
    matches!(kind, SimLocks::File | SimLocks::PerNode)
}

pub(super) fn forgets_when_restarted(kind: SimLocks) -> bool {
    matches!(
        kind,
        SimLocks::Evicting | SimLocks::PerNode | SimLocks::Pooled
    )
}

/// For how long a grant or a session lasts without a word (nothing for ever), and how often is asked
/// while waiting (nothing if the service has a queue).
pub(super) fn options(
    kind: SimLocks,
    asked: SessionOptions,
) -> Result<(Option<Nanos>, Option<Nanos>), CallError> {
    match kind {
        SimLocks::Lease | SimLocks::Evicting => {
            let (lease, poll) = lock_names::lease_and_poll(asked)?;
            Ok((Some(lease), Some(poll)))
        }
        SimLocks::File => Ok((None, Some(lock_names::file_poll(asked)?))),
        _ if asked.lease.is_some() => Err(no_lease(kind)),
        SimLocks::PerNode | SimLocks::Pooled => {
            let poll = lock_names::poll(asked.poll, CONNECTION_POLL)?;
            Ok((None, Some(poll)))
        }
        SimLocks::Session if asked.poll.is_some() => Err(lock_names::no_poll("session locks")),
        SimLocks::Session => Ok((Some(SESSION_TIMEOUT), None)),
    }
}

pub(super) fn no_lease(kind: SimLocks) -> CallError {
    lock_names::no_lease(&format!("{} locks", kind.as_str()))
}
