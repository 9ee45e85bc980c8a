//! The limit on a guest's computing time, and what keeps an endless loop from stopping the others.
//!
//! In a real run it is measured, since others wait meanwhile. In a simulation what the guest executes
//! is counted instead, so that the same call ends at the same place on every machine.

use crate::capability::strategy::Death;
use crate::model::change::Nanos;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wasmtime::UpdateDeadline;

const TICK: Duration = Duration::from_millis(10);

/// Fuel of a simulated guest for one millisecond of its limit: an instruction is one unit of fuel, but
/// for a few that cost nothing. A real processor executes more in the time, so a guest within the limit
/// here is within it there.
const FUEL_PER_MS: u64 = 1_000_000;

/// The measure of a call's computing time.
#[derive(Clone)]
pub enum Metering {
    /// Measured, with a ticker that lives as long as there may be an instance.
    Clock { _ticker: Arc<Ticker> },
    /// Counted.
    Fuel,
}

/// The fuel of one call, its calls to the host included.
pub fn fuel(limit: Duration) -> u64 {
    let units = limit.as_nanos() * u128::from(FUEL_PER_MS) / 1_000_000;
    u64::try_from(units).unwrap_or(u64::MAX)
}

/// The time that so much fuel stands for.
pub fn time(fuel: u64) -> Duration {
    Duration::from_nanos(fuel.saturating_mul(1_000_000) / FUEL_PER_MS)
}

/// Computing time that a simulated call gets back by waiting, as a real call does: the clock that
/// measures a real one begins anew after a wait, within a tick.
///
/// Without it a right strategy that polls for as long as another worker holds its row would end by the
/// limit, although it hardly computes. Each nanosecond of waiting returns a nanosecond of computing,
/// up to the limit, so that only a call that computes for longer than it waits can end by it. With a
/// limit of 1 ms: a call computes 0.4 ms (0.6 ms are left), waits 0.1 ms (0.7 ms are left), and ends if
/// it now computes for more than 0.7 ms without a wait. An endless loop ends after 1 ms.
#[derive(Debug, Default)]
pub struct Allowance {
    /// Simulated time up to which waiting was counted.
    counted: Nanos,
    /// Fuel returned to the call in flight.
    given_back: u64,
}

impl Allowance {
    /// Begins a call with all of its fuel.
    pub fn begin(&mut self, now: Nanos) {
        *self = Self {
            counted: now,
            given_back: 0,
        };
    }

    /// The fuel of the call from here, if it waited since this was last asked.
    pub fn after_wait(&mut self, now: Nanos, left: u64, limit: Duration) -> Option<u64> {
        let waited = now.saturating_sub(std::mem::replace(&mut self.counted, now));
        let more = fuel(Duration::from_nanos(waited)).min(fuel(limit).saturating_sub(left));
        self.given_back = self.given_back.saturating_add(more);
        (more > 0).then(|| left + more)
    }

    /// The fuel that the call has used, the returned fuel included.
    pub fn used(&self, left: u64, limit: Duration) -> u64 {
        (fuel(limit).saturating_add(self.given_back)).saturating_sub(left)
    }
}

/// The death of a guest that exceeds the limit.
pub fn exceeded(limit: Duration) -> Death {
    let limit = humantime::format_duration(limit);
    Death {
        code: "computing-limit",
        message: format!(
            "computed for more than {limit} in one call; --computing-ms raises the limit"
        ),
    }
}

/// A thread that advances the engine's epoch every tick, so that every guest is interrupted then.
pub struct Ticker {
    stop: Arc<AtomicBool>,
}

impl Ticker {
    pub fn start(engine: &wasmtime::Engine) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (engine, stopped) = (engine.weak(), stop.clone());
        std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(TICK);
                match engine.upgrade() {
                    Some(engine) => engine.increment_epoch(),
                    None => return,
                }
            }
        });
        Self { stop }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The computing time of one call.
#[derive(Debug)]
pub struct Computing {
    ticks: u128,
    limit: Duration,
    /// The guest has just come back from waiting: the tick that interrupts it now passed meanwhile,
    /// and is not its own.
    fresh: bool,
}

impl Computing {
    pub fn new(limit: Duration) -> Self {
        Self {
            ticks: 0,
            limit,
            fresh: true,
        }
    }

    /// A call begins.
    pub fn begin(&mut self) {
        *self = Self::new(self.limit);
    }

    /// A call of the guest to the host is about to return, perhaps after a wait.
    pub fn resume(&mut self) {
        self.fresh = true;
    }

    /// The epoch's deadline has passed while the guest was computing. It always yields, so that the
    /// other workers of this thread go on; each second tick at least is counted.
    pub fn interrupt(&mut self) -> Result<UpdateDeadline, wasmtime::Error> {
        if std::mem::take(&mut self.fresh) {
            return Ok(UpdateDeadline::Yield(1));
        }
        self.ticks += 1;
        if self.ticks * TICK.as_nanos() > self.limit.as_nanos() {
            return Err(wasmtime::Error::new(exceeded(self.limit)));
        }
        // Others may run for long before the guest is resumed.
        self.fresh = true;
        Ok(UpdateDeadline::Yield(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_gives_fuel_back_up_to_the_limit_and_never_more_than_it_lasted() {
        let (limit, ms) = (Duration::from_millis(1), FUEL_PER_MS);
        let mut allowance = Allowance::default();
        allowance.begin(5_000_000);
        assert_eq!(allowance.after_wait(5_000_000, ms * 6 / 10, limit), None);
        let after = allowance.after_wait(5_100_000, ms * 6 / 10, limit);
        assert_eq!(after, Some(ms * 7 / 10));
        let after = allowance.after_wait(9_000_000, 0, limit);
        assert_eq!(after, Some(ms), "never more than the limit");
        assert_eq!(allowance.after_wait(9_500_000, ms, limit), None);
        assert_eq!(allowance.used(ms / 2, limit), ms * 16 / 10);
        allowance.begin(9_500_000);
        assert_eq!(allowance.used(ms / 2, limit), ms / 2);
    }

    #[test]
    fn fuel_goes_with_the_limit_and_does_not_overflow() {
        assert_eq!(fuel(Duration::from_millis(1)), FUEL_PER_MS);
        assert_eq!(fuel(Duration::from_secs(2)), 2_000 * FUEL_PER_MS);
        assert_eq!(fuel(Duration::MAX), u64::MAX);
    }
}
