//! The size of a simulation, and the waiting times of its workers.

use serde::Serialize;
use std::fmt;

/// The numbers of a workload that a search may vary from seed to seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shape {
    pub rows: u32,
    pub workers_per_row: u32,
    pub changes_per_worker: u32,
    pub pause_ms: u64,
    pub hold_ms: u64,
}

/// The least and the greatest of several numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    pub least: u64,
    pub most: u64,
}

/// The shapes of all simulations of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shapes {
    pub rows: Span,
    pub workers_per_row: Span,
    pub changes_per_worker: Span,
    pub pause_ms: Span,
    pub hold_ms: Span,
}

impl Span {
    fn only(number: u64) -> Self {
        Self {
            least: number,
            most: number,
        }
    }

    fn with(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }
}

impl From<Shape> for Shapes {
    fn from(shape: Shape) -> Self {
        let small = |number: u32| Span::only(number.into());
        Self {
            rows: small(shape.rows),
            workers_per_row: small(shape.workers_per_row),
            changes_per_worker: small(shape.changes_per_worker),
            pause_ms: Span::only(shape.pause_ms),
            hold_ms: Span::only(shape.hold_ms),
        }
    }
}

impl Shapes {
    /// Of these and of one more.
    pub fn with(self, shape: Shape) -> Self {
        let one = Self::from(shape);
        Self {
            rows: self.rows.with(one.rows),
            workers_per_row: self.workers_per_row.with(one.workers_per_row),
            changes_per_worker: self.changes_per_worker.with(one.changes_per_worker),
            pause_ms: self.pause_ms.with(one.pause_ms),
            hold_ms: self.hold_ms.with(one.hold_ms),
        }
    }
}

impl fmt::Display for Span {
    /// `2`, or `1 to 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { least, most } = self;
        match least == most {
            true => write!(f, "{most}"),
            false => write!(f, "{least} to {most}"),
        }
    }
}

impl fmt::Display for Shapes {
    /// `1 to 3 rows × 2 to 8 workers × 2 to 24 changes, pause 0 to 20 ms, hold 2 ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rows × {} workers × {} changes, pause {} ms, hold {} ms",
            self.rows, self.workers_per_row, self.changes_per_worker, self.pause_ms, self.hold_ms
        )
    }
}
