//! The place of a trial, as the host's own work on the data needs it: the database, the clock, and what
//! may end the wait.

use super::Workload;
use super::stop::Stop;
use crate::capability::beside::Beside;
use crate::capability::clock::Clock;
use crate::capability::database::{Database, Freshness};
use crate::model::change::Nanos;
use std::sync::Arc;

pub(super) const NANOS_PER_MS: u64 = 1_000_000;

/// The access of settling, checks and readings. They only read it.
#[derive(Clone)]
pub struct Site {
    pub workload: Workload,
    pub database: Arc<dyn Database>,
    pub clock: Arc<dyn Clock>,
    /// The threads on which checks and settling run.
    pub beside: Beside,
    /// Time for which the check and settling retry where nodes do not answer: `settle::PATIENCE`.
    pub patience_ns: Nanos,
    /// How the check reads the nodes: as the sessions of workers do.
    pub check_reads: Freshness,
    pub stop: Stop,
}

impl Site {
    /// Does work of the host where no strategy is in its way. Boxed: there may be a hundred thousand
    /// workers, and most of the time none of them does this.
    pub async fn beside<T, F>(self: &Arc<Self>, work: impl FnOnce(Arc<Self>) -> F) -> T
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        Box::pin(self.beside.run(work(self.clone()))).await
    }

    /// Waits, but not beyond the moment when the run is to stop.
    pub async fn wait(&self, ms: u64) {
        if ms == 0 {
            return;
        }
        tokio::select! {
            biased;
            () = self.stop.requested() => {}
            () = self.clock.sleep(ms * NANOS_PER_MS) => {}
        }
    }

    /// Waits between acquire and release.
    pub async fn hold(&self) {
        self.wait(self.workload.hold_ms).await;
    }
}
