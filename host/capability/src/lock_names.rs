//! Lock names, options and errors that lock services share.

use crate::lock::{Mode, SessionOptions};
use crate::model::change::Nanos;
use crate::model::error::CallError;

/// The most names of one lock.
pub const MAX_NAMES: usize = 64;

/// The most bytes of a name.
pub const MAX_NAME_BYTES: usize = 8 << 10;

const MILLISECOND: Nanos = 1_000_000;
const DAY: Nanos = 24 * 60 * 60 * 1_000_000_000;
const DEFAULT_LEASE: Nanos = 10_000_000_000;
const DEFAULT_LEASE_POLL: Nanos = 250_000_000;
const DEFAULT_FILE_POLL: Nanos = 10_000_000;

/// Sorts names and removes duplicates, so that lock requests form no cycle and no request waits for
/// itself. `rejected` if there is no name, or too many.
pub fn sorted(mut names: Vec<String>) -> Result<Vec<String>, CallError> {
    if names.len() > MAX_NAMES {
        let many = names.len();
        let message = format!("a lock of {many} names exceeds the limit of {MAX_NAMES}");
        return Err(CallError::rejected("too-many", message));
    }
    if let Some(long) = names.iter().find(|name| name.len() > MAX_NAME_BYTES) {
        let bytes = long.len();
        let message = format!("a lock name of {bytes} bytes exceeds the limit of {MAX_NAME_BYTES}");
        return Err(CallError::rejected("name-too-long", message));
    }
    if names.is_empty() {
        return Err(CallError::rejected("no-names", "a lock needs a name"));
    }
    if names.iter().any(String::is_empty) {
        let message = "the name of a lock can't be empty";
        return Err(CallError::rejected("empty-name", message));
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// `rejected` for a limit that would admit no holder.
pub fn check_mode(mode: Mode) -> Result<(), CallError> {
    match mode {
        Mode::Shared(Some(0)) => {
            let message = "a shared lock with a limit of 0 could have no holder";
            Err(CallError::rejected("bad-limit", message))
        }
        _ => Ok(()),
    }
}

/// The same for a service that has no limits.
pub fn check_mode_without_limit(mode: Mode) -> Result<(), CallError> {
    match mode {
        Mode::Shared(Some(_)) => {
            let message = "this lock service does not limit the number of holders of a shared lock";
            Err(CallError::rejected("unsupported", message))
        }
        _ => Ok(()),
    }
}

/// The same for a service that has exclusive locks only.
pub fn check_mode_exclusive(mode: Mode) -> Result<(), CallError> {
    match mode {
        Mode::Shared(_) => {
            let message = "this lock service has exclusive locks only";
            Err(CallError::rejected("unsupported", message))
        }
        Mode::Exclusive => Ok(()),
    }
}

/// The lease and the poll interval of a service with leases.
pub fn lease_and_poll(options: SessionOptions) -> Result<(Nanos, Nanos), CallError> {
    let lease = options.lease.unwrap_or(DEFAULT_LEASE);
    let poll = options.poll.unwrap_or(DEFAULT_LEASE_POLL);
    for (what, time) in [("a lease", lease), ("a poll interval", poll)] {
        if !(MILLISECOND..=DAY).contains(&time) {
            let message = format!("{what} must be between a millisecond and a day");
            return Err(CallError::rejected("unsupported", message));
        }
    }
    Ok((lease, poll))
}

/// The poll interval of locked files.
pub fn file_poll(options: SessionOptions) -> Result<Nanos, CallError> {
    if options.lease.is_some() {
        return Err(no_lease("file locks"));
    }
    poll(options.poll, DEFAULT_FILE_POLL)
}

/// The poll interval that was asked for, or else this one. `rejected` for 0.
pub fn poll(asked: Option<Nanos>, default: Nanos) -> Result<Nanos, CallError> {
    match asked.unwrap_or(default) {
        0 => {
            let message = "a poll interval of 0 would never let another worker run";
            Err(CallError::rejected("unsupported", message))
        }
        poll => Ok(poll),
    }
}

pub fn traits<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

pub fn wait_timeout(name: &str) -> CallError {
    let message = format!("timed out waiting for {name:?}");
    CallError::conflict("lock-wait-timeout", message)
}

pub fn already_held() -> CallError {
    CallError::rejected("already-held", "this lock is held already")
}

pub fn session_closed() -> CallError {
    CallError::rejected("session-closed", "the session of this lock is closed")
}

pub fn not_held() -> CallError {
    CallError::conflict("not-owner", "this lock is no longer held")
}

pub fn lock_lost() -> CallError {
    let message = "the session that held this lock was lost, and the lock with it";
    CallError::conflict("lock-lost", message)
}

pub fn no_lease(which: &str) -> CallError {
    let message = format!("{which} have no lease; they are held until they are released");
    CallError::rejected("unsupported", message)
}

pub fn no_poll(which: &str) -> CallError {
    let message = format!("{which} notify, so there is no poll interval");
    CallError::rejected("unsupported", message)
}

pub fn no_groups() -> CallError {
    let message = "this lock service does not list the holders of a lock, so it has no groups; memory and \
                   redis:// have them, and in the simulator lease and session";
    CallError::rejected("unsupported", message)
}

pub fn unbreakable_file() -> CallError {
    let message =
        "file locks can't be broken: the operating system releases one only when its process ends";
    CallError::rejected("unsupported", message)
}
