//! What is kept of a simulation's events.

use crate::model::event::Event;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    Off,
    /// Only a digest of the log's text, which tells whether two simulations went the same way.
    Digest,
    /// The events too.
    Keep,
}

/// The events of one simulation, so far as they were kept.
#[derive(Debug)]
pub struct Log {
    recording: Recording,
    line: String,
    hasher: Sha256,
    events: Vec<Event>,
}

impl Log {
    pub fn new(recording: Recording) -> Self {
        Self {
            recording,
            line: String::new(),
            hasher: Sha256::new(),
            events: Vec::new(),
        }
    }

    pub fn add(&mut self, event: Event) {
        if self.recording == Recording::Off {
            return;
        }
        self.line.clear();
        writeln!(self.line, "{} {:?}", event.at, event.what).expect("a string takes all");
        self.hasher.update(self.line.as_bytes());
        if self.recording == Recording::Keep {
            self.events.push(event);
        }
    }

    /// Of the log's text: the same for two simulations that went the same way.
    pub fn digest(&self) -> String {
        let bytes = self.hasher.clone().finalize();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// In the order in which they happened.
    pub fn into_events(self) -> Vec<Event> {
        self.events
    }
}
