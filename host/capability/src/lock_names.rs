//! Lock names and the errors that all lock services share.

use crate::model::fault::Fault;

/// The most names of one lock.
pub const MAX_NAMES: usize = 64;

/// The most bytes of a name.
pub const MAX_NAME_BYTES: usize = 8 << 10;

/// Sorts names and removes duplicates, so that lock requests form no cycle and no request waits for
/// itself. `rejected` if there is no name, or too many.
pub fn sorted(mut names: Vec<String>) -> Result<Vec<String>, Fault> {
    if names.len() > MAX_NAMES {
        let many = names.len();
        let message = format!("a lock of {many} names exceeds the limit of {MAX_NAMES}");
        return Err(Fault::rejected("too-many", message));
    }
    if let Some(long) = names.iter().find(|name| name.len() > MAX_NAME_BYTES) {
        let bytes = long.len();
        let message = format!("a lock name of {bytes} bytes exceeds the limit of {MAX_NAME_BYTES}");
        return Err(Fault::rejected("name-too-long", message));
    }
    if names.is_empty() {
        return Err(Fault::rejected("no-names", "a lock needs a name"));
    }
    if names.iter().any(String::is_empty) {
        let message = "the name of a lock can't be empty";
        return Err(Fault::rejected("empty-name", message));
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

pub fn traits<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

pub fn wait_timeout(name: &str) -> Fault {
    let message = format!("timed out waiting for {name:?}");
    Fault::conflict("lock-wait-timeout", message)
}

pub fn already_held() -> Fault {
    Fault::rejected("already-held", "this lock is held already")
}

pub fn session_closed() -> Fault {
    Fault::rejected("session-closed", "the session of this lock is closed")
}
