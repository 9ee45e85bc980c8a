//! A worker as it is seen from outside while it works.

pub use crate::workload::turn::Phase;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

/// The progress of a worker. Written by that worker alone, read by the progress line.
#[derive(Debug, Default)]
pub struct Watched {
    /// Changes that are over.
    done: AtomicU32,
    phase: AtomicU8,
}

impl Watched {
    pub fn count(&self) {
        self.done.fetch_add(1, Relaxed);
    }

    pub fn done(&self) -> u32 {
        self.done.load(Relaxed)
    }

    pub fn set(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
    }

    pub fn phase(&self) -> Phase {
        let phase = self.phase.load(Relaxed);
        Phase::ALL[usize::from(phase) % Phase::ALL.len()]
    }
}

/// The workers of a trial, by their numbers; a clone shows the same.
#[derive(Debug, Clone, Default)]
pub struct Counters(Arc<[Watched]>);

impl Counters {
    pub fn new(workers: u32) -> Self {
        Self((0..workers).map(|_| Watched::default()).collect())
    }

    pub fn all(&self) -> &[Watched] {
        &self.0
    }

    /// The changes that are over.
    pub fn sum(&self) -> u64 {
        self.0.iter().map(|it| u64::from(it.done())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phase_is_read_as_it_was_set() {
        let watched = Watched::default();
        assert_eq!(watched.phase(), Phase::Pause);
        for phase in Phase::ALL {
            watched.set(phase);
            assert_eq!(watched.phase(), phase);
        }
    }
}
