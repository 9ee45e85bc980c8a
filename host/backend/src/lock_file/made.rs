//! Counts the files that each worker has created. They stay after the run, since other programs may
//! lock them by their names; so each worker has a limit.

use crate::model::error::CallError;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// The files of one folder that this run has made.
#[derive(Default)]
pub(super) struct Made {
    /// The share of each worker; 0 for no bound.
    share: AtomicUsize,
    by_worker: Mutex<HashMap<String, Arc<AtomicUsize>>>,
}

/// The files of one worker, from all its instances.
#[derive(Clone)]
pub(super) struct MadeBy {
    all: Arc<Made>,
    count: Arc<AtomicUsize>,
}

impl Made {
    pub(super) fn bound(&self, share: usize) {
        self.share.store(share, Relaxed);
    }
}

impl MadeBy {
    /// The worker is what stands before the first dot of `worker-3.0.1`.
    pub(super) fn new(all: &Arc<Made>, owner: &str) -> Self {
        let worker = owner.split('.').next().unwrap_or(owner);
        let mut by_worker = all.by_worker.lock().unwrap_or_else(PoisonError::into_inner);
        let count = by_worker.entry(worker.to_owned()).or_default().clone();
        drop(by_worker);
        Self {
            all: all.clone(),
            count,
        }
    }

    /// Counts one more; `rejected` with `too-many` if that is over the share.
    pub(super) fn charge(&self) -> Result<(), CallError> {
        let share = self.all.share.load(Relaxed);
        if share > 0 && self.count.load(Relaxed) >= share {
            let message = format!(
                "a worker may create {share} lock files in a run, and this one has: lock fewer names"
            );
            return Err(CallError::rejected("too-many", message));
        }
        self.count.fetch_add(1, Relaxed);
        Ok(())
    }
}
