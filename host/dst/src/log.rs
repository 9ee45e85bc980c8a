//! The log of a simulation.

use crate::Nanos;
use sha2::{Digest, Sha256};
use std::fmt::{Debug, Write};

/// The amount that a log keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// Nothing. Entries are not even made.
    Off,
    /// A digest of the log's text, which shows whether two simulations took the same course.
    Digest,
    /// All entries, and so the digest too.
    Keep,
}

/// One entry of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry<L> {
    /// Since the simulation began.
    pub at: Nanos,
    /// The event.
    pub what: L,
}

/// The entries of one simulation, as far as they were kept.
#[derive(Debug)]
pub struct Log<L> {
    recording: Recording,
    text: Text,
    entries: Vec<LogEntry<L>>,
}

/// The text of a log, of which only a digest is kept.
#[derive(Debug, Clone, Default)]
struct Text {
    line: String,
    hasher: Sha256,
}

impl Text {
    fn add<L: Debug>(&mut self, entry: &LogEntry<L>) {
        self.line.clear();
        writeln!(self.line, "{} {:?}", entry.at, entry.what).expect("a string takes all");
        self.hasher.update(self.line.as_bytes());
    }
}

impl<L> Log<L> {
    pub(crate) fn new(recording: Recording) -> Self {
        Self {
            recording,
            text: Text::default(),
            entries: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, entry: LogEntry<L>)
    where
        L: Debug,
    {
        match self.recording {
            Recording::Off => {}
            Recording::Digest => self.text.add(&entry),
            Recording::Keep => self.entries.push(entry),
        }
    }

    /// SHA-256 of the log's text, in hexadecimal. The text of an entry is its time and its `Debug` form.
    pub fn digest(&self) -> String
    where
        L: Debug,
    {
        // Nearly no log that is kept is asked for its digest, and the text costs more than the entries.
        let mut text = self.text.clone();
        self.entries.iter().for_each(|entry| text.add(entry));
        let bytes = text.hasher.finalize();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The entries in the order in which they were logged; none unless [`Recording::Keep`] was asked for.
    pub fn into_entries(self) -> Vec<LogEntry<L>> {
        self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_the_same_whether_entries_are_kept_or_not() {
        let digest = |recording| {
            let mut log = Log::new(recording);
            for (at, what) in [(1, "one"), (2, "two")] {
                log.add(LogEntry { at, what });
            }
            (log.digest(), log.into_entries().len())
        };
        let (kept, only) = (digest(Recording::Keep), digest(Recording::Digest));
        assert_eq!((&kept.0, kept.1, only.1), (&only.0, 2, 0));
        assert_ne!(digest(Recording::Off).0, only.0);
    }
}
