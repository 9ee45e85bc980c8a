//! The machine's own clock.

use crate::capability::clock::Clock;
use crate::model::change::Nanos;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Monotonic time since `start`.
#[derive(Debug, Default)]
pub struct RealClock {
    origin: OnceLock<Instant>,
}

impl RealClock {
    /// A clock that stands at 0 until it is started.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins the run's time. A second start changes nothing, so that time never goes back.
    pub fn start(&self) {
        self.origin.get_or_init(Instant::now);
    }
}

#[async_trait::async_trait]
impl Clock for RealClock {
    fn now(&self) -> Nanos {
        self.origin.get().map_or(0, |origin| {
            // 584 years fit.
            u64::try_from(origin.elapsed().as_nanos()).unwrap_or(u64::MAX)
        })
    }

    async fn sleep(&self, duration: Nanos) {
        tokio::time::sleep(Duration::from_nanos(duration)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn time_begins_with_the_start_and_a_sleep_lasts_at_least_as_long_as_asked() {
        let clock = RealClock::new();
        clock.sleep(1_000_000).await;
        assert_eq!(clock.now(), 0);
        clock.start();
        clock.sleep(5_000_000).await;
        let slept = clock.now();
        assert!(slept >= 5_000_000, "{slept}");
        clock.start();
        assert!(clock.now() >= slept, "a second start went back in time");
    }
}
