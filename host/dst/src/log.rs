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
    /// The digest and all entries.
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
    line: String,
    hasher: Sha256,
    entries: Vec<LogEntry<L>>,
}

impl<L> Log<L> {
    pub(crate) fn new(recording: Recording) -> Self {
        Self {
            recording,
            line: String::new(),
            hasher: Sha256::new(),
            entries: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, entry: LogEntry<L>)
    where
        L: Debug,
    {
        if self.recording == Recording::Off {
            return;
        }
        self.line.clear();
        writeln!(self.line, "{} {:?}", entry.at, entry.what).expect("a string takes all");
        self.hasher.update(self.line.as_bytes());
        if self.recording == Recording::Keep {
            self.entries.push(entry);
        }
    }

    /// SHA-256 of the log's text, in hexadecimal. The text of an entry is its time and its `Debug` form.
    pub fn digest(&self) -> String {
        let bytes = self.hasher.clone().finalize();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The entries in the order in which they were logged; none unless [`Recording::Keep`] was asked for.
    pub fn into_entries(self) -> Vec<LogEntry<L>> {
        self.entries
    }
}
