//! Which spans of time on one row, of different workers, overlap?

use crate::model::change::Nanos;

/// A time in which a worker was at a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub row: u32,
    pub worker: u32,
    /// The change's index in the history.
    pub change: u32,
    pub start: Nanos,
    /// Not before `start`; the same where only an instant is known.
    pub end: Nanos,
}

/// Each span that begins while another worker's span on the same row lasts, as the pair (earlier,
/// later). Strict: spans that touch at an instant don't overlap, since two events of one instant
/// have no order; an instant inside another span does. By row, then by the later span's start.
/// n·log n, no memory beside the spans.
///
/// Sorted by start, a span overlaps some earlier one if and only if it overlaps, of those of other
/// workers, the one that ends last; so two per row are enough to remember. Sorting by end as well
/// puts an instant before the spans that begin with it: these don't contain it strictly, and must
/// not hide an older one that does.
pub fn overlaps(mut spans: Vec<Span>) -> impl Iterator<Item = (Span, Span)> {
    spans.sort_unstable_by_key(|s| (s.row, s.start, s.end, s.change));
    let mut longest = Longest::default();
    spans.into_iter().filter_map(move |later| {
        let earlier = longest.of_another(&later);
        longest.note(later);
        earlier
            .filter(|earlier| later.start < earlier.end)
            .map(|earlier| (earlier, later))
    })
}

/// Of the spans so far on one row, the one that ends last, and the one that ends last among the
/// other workers'.
#[derive(Default)]
pub(super) struct Longest {
    first: Option<Span>,
    second: Option<Span>,
}

impl Longest {
    pub(super) fn of_another(&self, span: &Span) -> Option<Span> {
        [self.first, self.second]
            .into_iter()
            .flatten()
            .find(|s| s.row == span.row && s.worker != span.worker)
    }

    pub(super) fn note(&mut self, span: Span) {
        match self.first {
            Some(first) if first.row != span.row => {
                self.first = Some(span);
                self.second = None;
            }
            Some(first) if span.end > first.end => {
                if first.worker != span.worker {
                    self.second = Some(first);
                }
                self.first = Some(span);
            }
            Some(first) => {
                if first.worker != span.worker && self.second.is_none_or(|s| span.end > s.end) {
                    self.second = Some(span);
                }
            }
            None => self.first = Some(span),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(spans: &[(u32, u32, Nanos, Nanos)]) -> Vec<(u32, u32)> {
        let spans = spans.iter().zip(0..).map(|(s, change)| Span {
            row: s.0,
            worker: s.1,
            change,
            start: s.2,
            end: s.3,
        });
        overlaps(spans.collect())
            .map(|(a, b)| (a.change, b.change))
            .collect()
    }

    #[test]
    fn only_strict_overlaps_of_two_workers_on_one_row_count() {
        assert_eq!(pairs(&[(0, 1, 0, 5), (0, 2, 5, 9)]), [], "they touch");
        assert_eq!(pairs(&[(0, 1, 0, 5), (1, 2, 3, 9)]), [], "two rows");
        assert_eq!(pairs(&[(0, 1, 0, 5), (0, 1, 3, 9)]), [], "one worker");
        assert_eq!(pairs(&[(0, 1, 0, 5), (0, 2, 4, 9)]), [(0, 1)]);
        assert_eq!(pairs(&[(0, 2, 4, 9), (0, 1, 0, 5)]), [(1, 0)], "any order");
        assert_eq!(pairs(&[(0, 1, 2, 5), (0, 2, 2, 5)]), [(0, 1)], "the same");
    }

    #[test]
    fn an_instant_inside_another_span_counts_and_one_at_its_edge_does_not() {
        assert_eq!(pairs(&[(0, 1, 0, 5), (0, 2, 3, 3)]), [(0, 1)]);
        assert_eq!(pairs(&[(0, 1, 0, 5), (0, 2, 5, 5)]), []);
        assert_eq!(pairs(&[(0, 1, 3, 5), (0, 2, 3, 3)]), []);
        assert_eq!(pairs(&[(0, 1, 3, 3), (0, 2, 3, 3)]), []);
        let hidden = [(0, 1, 0, 4), (0, 3, 3, 9), (0, 2, 3, 3)];
        assert_eq!(pairs(&hidden), [(0, 2), (0, 1)]);
    }

    #[test]
    fn a_long_span_is_remembered_behind_shorter_and_own_ones() {
        let spans = [
            (0, 1, 0, 50),
            (0, 2, 10, 20),
            (0, 1, 60, 70),
            (0, 3, 30, 40),
        ];
        assert_eq!(pairs(&spans), [(0, 1), (0, 3)]);
        let own_is_longest = [(0, 1, 0, 30), (0, 2, 10, 50), (0, 2, 20, 25)];
        assert_eq!(pairs(&own_is_longest), [(0, 1), (0, 2)]);
        let second_grows = [(0, 1, 0, 90), (0, 2, 1, 5), (0, 3, 9, 50), (0, 1, 20, 30)];
        assert_eq!(pairs(&second_grows), [(0, 1), (0, 2), (2, 3)]);
        let own_twice = [(0, 1, 0, 90), (0, 2, 5, 30), (0, 1, 9, 60), (0, 1, 20, 25)];
        assert_eq!(pairs(&own_twice), [(0, 1), (1, 2), (1, 3)]);
        let own_longer = [(0, 1, 0, 90), (0, 2, 5, 30), (0, 1, 9, 95), (0, 1, 20, 25)];
        assert_eq!(pairs(&own_longer), [(0, 1), (1, 2), (1, 3)]);
        let own_grows = [(0, 1, 0, 30), (0, 2, 5, 9), (0, 1, 10, 50), (0, 1, 11, 12)];
        assert_eq!(pairs(&own_grows), [(0, 1)]);
    }
}
