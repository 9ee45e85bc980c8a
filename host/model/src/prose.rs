//! Figures in prose.

use super::change::Nanos;
use std::fmt;

/// A time of the run for people: `12.345 ms`.
pub struct Ms(pub Nanos);

impl fmt::Display for Ms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In integers, so that a time is never rounded past another.
        let micros = self.0 / 1_000;
        write!(f, "{}.{:03} ms", micros / 1_000, micros % 1_000)
    }
}

/// So many of a noun: `1 row`, `2 rows`.
pub fn counted(count: impl Into<u64>, noun: &str) -> String {
    match count.into() {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}
