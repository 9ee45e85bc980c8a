//! The published retry rule.

use crate::{Fault, timing};
use std::time::Duration;

/// How long the reference harness waits before it looks or tries again.
pub const RETRY_WAIT: Duration = Duration::from_millis(10);

/// Waits on the run's clock, which is virtual in the simulator.
pub fn sleep(duration: Duration) {
    timing::sleep(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
}

/// The published retry rule: on a `conflict`, which certainly had no effect, wait and do the whole
/// step again. Everything else is returned: `unavailable` and `rejected` would fail again, and an
/// `indefinite` step done again may be done twice.
///
/// The number of tries has no bound of its own: the host bounds a change (`--change-timeout`), and
/// counts each conflict.
pub fn retry_conflicts<T>(
    wait: Duration,
    mut step: impl FnMut() -> Result<T, Fault>,
) -> Result<T, Fault> {
    loop {
        match step() {
            Err(Fault::Conflict(_)) => sleep(wait),
            done => return done,
        }
    }
}
