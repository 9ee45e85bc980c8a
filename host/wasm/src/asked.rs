//! Records the settings that the instances of a strategy read.

use super::convert::clean;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Number of recorded names of settings that were not given: a strategy has a handful.
const MOST_OTHERS: usize = 64;

/// The names of one instance, reported when it ends: while the clock runs, workers share nothing.
#[derive(Debug, Default)]
pub struct Asking(BTreeSet<String>);

/// The settings that all instances of a strategy read.
#[derive(Debug, Default)]
pub struct Asked(Mutex<BTreeSet<String>>);

impl Asking {
    /// Notes a name. One that was given is always kept.
    pub fn note(&mut self, name: &str, is_given: bool) {
        if (is_given || self.0.len() < MOST_OTHERS) && !self.0.contains(name) {
            self.0.insert(clean(name));
        }
    }
}

impl Asked {
    pub fn add(&self, asking: Asking) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(asking.0);
    }

    /// Takes the names since the last call.
    pub fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
