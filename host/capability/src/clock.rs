//! The clock of a run.

use crate::model::change::Nanos;

/// Measures the time since the run began, and sleeps.
#[async_trait::async_trait]
pub trait Clock: Send + Sync {
    /// Nanoseconds since the run began; 0 before it begins; never goes back.
    fn now(&self) -> Nanos;

    /// Waits at least `duration` nanoseconds.
    async fn sleep(&self, duration: Nanos);
}
