//! Limits of an instance.

use std::time::Duration;

/// The memory and the computing time that one instance may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of one instance, in bytes; rounded up to whole pages of 64 KiB.
    pub memory_bytes: u64,
    /// Computing time of one call, waiting not included. In a real run it is counted in ticks of
    /// 10 ms, so that a call gets at least this much and at most about twice as much; in a simulation
    /// it stands for a million instructions a millisecond, to the last one.
    pub computing: Duration,
}
