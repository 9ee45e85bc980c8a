//! Output that strategies print.

/// A sink for the output of a run's instances.
pub trait Printed: Send + Sync {
    /// Stores one sanitised line of a worker's instance, without its line end. Drops what it can't
    /// store: printing is no part of a strategy's work, and never fails.
    fn line(&self, worker: u32, line: &str);
}

/// Drops every line.
pub struct Unread;

impl Printed for Unread {
    fn line(&self, _: u32, _: &str) {}
}
