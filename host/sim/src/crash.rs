//! CrashSignal of workers, and the signal by which a worker learns of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// The number of crashes of each worker, and the task to wake at the next one.
#[derive(Clone, Default)]
pub struct CrashSignal(Arc<Mutex<BTreeMap<u32, OfWorker>>>);

#[derive(Default)]
struct OfWorker {
    count: u32,
    waits: Option<Waker>,
}

impl CrashSignal {
    fn of_workers(&self) -> MutexGuard<'_, BTreeMap<u32, OfWorker>> {
        self.0.lock().expect("no panic while held")
    }

    /// The worker's process dies now.
    pub fn crash(&self, worker: u32) {
        let mut workers = self.of_workers();
        let entry = workers.entry(worker).or_default();
        entry.count += 1;
        if let Some(waker) = entry.waits.take() {
            waker.wake();
        }
    }

    /// The number of crashes of a worker so far.
    pub fn count(&self, worker: u32) -> u32 {
        self.of_workers()
            .get(&worker)
            .map_or(0, |entry| entry.count)
    }

    /// Ready once the worker has crashed more than `since` times.
    pub fn poll_crash(&self, worker: u32, since: u32, context: &mut Context<'_>) -> Poll<()> {
        let mut workers = self.of_workers();
        let entry = workers.entry(worker).or_default();
        if entry.count > since {
            return Poll::Ready(());
        }
        entry.waits = Some(context.waker().clone());
        Poll::Pending
    }
}
