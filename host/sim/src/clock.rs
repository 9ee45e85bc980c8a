//! The virtual clock, as workers and strategies read it.

use super::kernel::Kernel;
use crate::capability::clock::Clock;
use crate::model::change::Nanos;
use async_trait::async_trait;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Stands at 0 until the workers are let go.
pub struct SimClock {
    kernel: Kernel,
    /// The time when that was; `u64::MAX` before.
    began: AtomicU64,
}

impl SimClock {
    pub fn new(kernel: Kernel) -> Self {
        Self {
            kernel,
            began: AtomicU64::new(u64::MAX),
        }
    }

    /// The workers are let go now. Gives this moment, since the simulation began.
    pub fn start(&self) -> Nanos {
        let now = self.kernel.now();
        self.began.store(now, Relaxed);
        now
    }
}

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Nanos {
        self.kernel.now().saturating_sub(self.began.load(Relaxed))
    }

    async fn sleep(&self, duration: Nanos) {
        self.kernel.sleep(duration).await;
    }
}
