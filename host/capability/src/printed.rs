//! What strategies print, for whoever reads it.

/// Takes what the instances of a run print.
pub trait Printed: Send + Sync {
    /// One line, cleaned and without its end, of a worker's instance. What can't be kept is dropped:
    /// printing is no part of a strategy's work, and never fails.
    fn line(&self, worker: u32, line: &str);
}

/// Keeps nothing.
pub struct Unread;

impl Printed for Unread {
    fn line(&self, _: u32, _: &str) {}
}
