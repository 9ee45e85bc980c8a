//! Resources that an instance has used up.

use std::time::Duration;

/// The most so far, of what is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResourceUsage {
    /// The size of its memory, which never shrinks.
    pub memory_bytes: u64,
    /// The computing time of its longest call; zero where that is measured and not counted.
    pub computing: Duration,
}

impl ResourceUsage {
    /// The larger of each.
    pub fn most(self, other: Self) -> Self {
        Self {
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
            computing: self.computing.max(other.computing),
        }
    }
}
