//! Positions at which transactions read, and how far back the store must keep versions.
//!
//! All nodes have applied 9, and one transaction still reads at 5. Versions below 5 are dropped, except
//! the newest of them, which is what a reader at 5 sees. When it ends, the low watermark rises to 9.

use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct ReadViews {
    /// Each position with the number of transactions that read there.
    open: BTreeMap<u64, u32>,
    low_watermark: u64,
}

impl ReadViews {
    pub(super) fn open(&mut self, position: u64) {
        *self.open.entry(position).or_default() += 1;
    }

    pub(super) fn close(&mut self, position: u64) {
        if let Some(readers) = self.open.get_mut(&position) {
            *readers -= 1;
            if *readers == 0 {
                self.open.remove(&position);
            }
        }
    }

    /// The position before which no transaction reads.
    pub(super) fn low_watermark(&self) -> u64 {
        self.low_watermark
    }

    /// Moves the low watermark. `applied` is what the slowest node has; `None` if none is up.
    pub(super) fn advance(&mut self, applied: Option<u64>) {
        let applied = applied.unwrap_or(self.low_watermark);
        let oldest = self.open.keys().next().copied().unwrap_or(applied);
        self.low_watermark = applied.min(oldest);
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_watermark_waits_for_the_oldest_reader_and_the_slowest_node() {
        let mut views = ReadViews::default();
        for position in [5, 5, 7] {
            views.open(position);
        }
        let advanced = |views: &mut ReadViews, applied| {
            views.advance(applied);
            views.low_watermark()
        };
        assert_eq!(advanced(&mut views, Some(9)), 5);
        views.close(5);
        assert_eq!(advanced(&mut views, Some(9)), 5, "the other one reads");
        views.close(5);
        assert_eq!(advanced(&mut views, Some(6)), 6, "a node lags");
        assert_eq!(advanced(&mut views, Some(9)), 7);
        views.close(7);
        assert!(views.is_empty());
        assert_eq!(advanced(&mut views, None), 7, "no node is up");
    }
}
