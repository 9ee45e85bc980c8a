//! The queue for a name: its keys in the order of their creation.
//!
//! Exclusive and shared as in the recipe "Shared Locks" of ZooKeeper's documentation, with the create revision
//! of a key in the place of the sequence number of a node; a limit on the holders as in the leases of
//! Curator's `InterProcessSemaphoreV2`. The order is strict: no request overtakes another.
//!
//! *Example:* the keys are A (shared, at most 2), B (shared), C (shared), D (exclusive), in this order. A and
//! B hold the lock; C waits, since A admits two; D waits for all before it. A leaves: C holds the lock too.

use super::api::{number, plain};
use crate::capability::lock::Mode;
use crate::lock_connection::Key;
use serde_json::Value;

/// The beginning of all keys for a name.
pub(super) fn of(prefix: &str, name: &str) -> String {
    format!("contend/{}/", Key::new("lock", prefix, name).text())
}

/// The keys that begin with `…/` are all before this one: `0` comes after `/`.
pub(super) fn end_of(queue: &str) -> String {
    format!("{}0", queue.trim_end_matches('/'))
}

/// One key: a request that holds the lock, or waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) revision: u64,
    pub(super) mode: Mode,
}

/// The place of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It holds the lock; its create revision.
    Holds(u64),
    /// It waits for a deletion: that of the key before it, or that of any key.
    Waits { before: Option<String> },
    /// It is not there any more.
    Absent,
}

/// The requests of a range, the first to come first.
pub(super) fn entries(range: &Value) -> Vec<Entry> {
    let keys = range["kvs"].as_array().into_iter().flatten();
    let entry = |kv: &Value| {
        Some(Entry {
            key: plain(&kv["key"])?,
            revision: number(&kv["create_revision"]),
            // A value that says nothing of ours excludes all others.
            mode: mode(&plain(&kv["value"]).unwrap_or_default()).unwrap_or(Mode::Exclusive),
        })
    };
    let mut entries: Vec<_> = keys.filter_map(entry).collect();
    entries.sort_by_key(|entry| entry.revision);
    entries
}

/// Those that hold the lock: the first ones, as far as each admits all others.
pub(super) fn holders(entries: &[Entry]) -> &[Entry] {
    let modes = |count: usize| entries[..count].iter().map(|entry| entry.mode);
    let admitted = |&(place, entry): &(usize, &Entry)| entry.mode.admits(modes(place));
    let count = entries.iter().enumerate().take_while(admitted).count();
    &entries[..count]
}

pub(super) fn place(entries: &[Entry], key: &str) -> Place {
    let Some(place) = entries.iter().position(|entry| entry.key == key) else {
        return Place::Absent;
    };
    if place < holders(entries).len() {
        return Place::Holds(entries[place].revision);
    }
    // A reader may be let in by any of those that hold the lock.
    let before = match entries[place].mode {
        Mode::Exclusive => place.checked_sub(1),
        Mode::Shared(_) => None,
    };
    Place::Waits {
        before: before.map(|before| entries[before].key.clone()),
    }
}

/// A mode as the value of a key.
pub(super) fn value(mode: Mode) -> String {
    match mode {
        Mode::Exclusive => "exclusive".to_owned(),
        Mode::Shared(None) => "shared".to_owned(),
        Mode::Shared(Some(limit)) => format!("shared {limit}"),
    }
}

fn mode(value: &str) -> Option<Mode> {
    match value.split_once(' ') {
        None if value == "exclusive" => Some(Mode::Exclusive),
        None if value == "shared" => Some(Mode::Shared(None)),
        Some(("shared", limit)) => Some(Mode::Shared(Some(limit.parse().ok()?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Mode = Mode::Shared(Some(2));
    const ANY: Mode = Mode::Shared(None);

    fn queue(modes: &[Mode]) -> Vec<Entry> {
        let entry = |(place, &mode): (usize, &Mode)| Entry {
            key: place.to_string(),
            revision: 10 + place as u64,
            mode,
        };
        modes.iter().enumerate().map(entry).collect()
    }

    #[test]
    fn holders_are_the_first_that_admit_each_other() {
        for (modes, count) in [
            (vec![], 0),
            (vec![Mode::Exclusive, ANY], 1),
            (vec![ANY, ANY, Mode::Exclusive, ANY], 2),
            (vec![TWO, ANY, ANY, Mode::Exclusive], 2),
            // One that would fit does not overtake one that does not.
            (vec![ANY, ANY, TWO, ANY], 2),
        ] {
            assert_eq!(holders(&queue(&modes)).len(), count, "{modes:?}");
        }
    }

    #[test]
    fn writer_waits_for_the_one_before_it_and_a_reader_for_any() {
        let entries = queue(&[ANY, Mode::Exclusive, ANY]);
        assert_eq!(place(&entries, "0"), Place::Holds(10));
        let before = Some("0".to_owned());
        assert_eq!(place(&entries, "1"), Place::Waits { before });
        assert_eq!(place(&entries, "2"), Place::Waits { before: None });
        assert_eq!(place(&entries, "3"), Place::Absent);
    }

    #[test]
    fn modes_are_written_as_they_are_read() {
        for of in [Mode::Exclusive, ANY, TWO] {
            assert_eq!(mode(&value(of)), Some(of));
        }
        assert_eq!(mode("shared x"), None);
    }
}
