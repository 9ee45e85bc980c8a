//! From a marker in the data to the change that was to write it.

use crate::model::change::Change;
use crate::model::marker::{Mark, Marker};

/// All markers of a history, sorted: 16 bytes per change.
pub struct Trace {
    sorted: Vec<Entry>,
    /// By worker, in order: where its markers begin.
    workers: Vec<(u32, usize)>,
}

/// The row stands beside the marker, so that looking one up doesn't touch the change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    marker: Marker,
    change: u32,
    row: u32,
}

impl Trace {
    /// n·log n.
    pub fn new(changes: &[Change]) -> Self {
        let entries = changes.iter().zip(0..).map(|(change, index)| Entry {
            marker: change.marker(),
            change: index,
            row: change.row,
        });
        let mut sorted: Vec<_> = entries.collect();
        sorted.sort_unstable();
        let (mut workers, mut start) = (Vec::new(), 0);
        for own in sorted.chunk_by(|a, b| a.marker.worker == b.marker.worker) {
            workers.push((own[0].marker.worker, start));
            start += own.len();
        }
        Self { sorted, workers }
    }

    /// The index of the change that was to write the marker, whatever its row.
    pub fn named(&self, marker: Marker) -> Option<usize> {
        let place = self.sorted.partition_point(|entry| entry.marker < marker);
        let entry = self.sorted.get(place)?;
        (entry.marker == marker).then_some(entry.change as usize)
    }

    /// The index of the change of this row whose marker it is. As quick as finding the worker where
    /// its changes are numbered without gaps, as a whole history's are; log n otherwise.
    pub fn find(&self, row: u32, mark: &Mark) -> Option<usize> {
        let Mark::Of(marker) = mark else { return None };
        let worker = self.workers.binary_search_by_key(&marker.worker, |w| w.0);
        let (_, start) = self.workers[worker.ok()?];
        let guess = self.sorted.get(start + marker.number as usize);
        let found = match guess {
            Some(entry) if entry.marker == *marker => entry,
            _ => {
                let place = self.sorted.partition_point(|entry| entry.marker < *marker);
                self.sorted.get(place)?
            }
        };
        // A marker of another row's change is as wrong here as one that no step was given.
        (found.marker == *marker && found.row == row).then_some(found.change as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::history;
    use super::*;

    #[test]
    fn every_marker_leads_to_its_change_on_its_own_row_only() {
        let (mut changes, _) = history(5, 3, 4);
        changes.reverse();
        let trace = Trace::new(&changes);
        for (index, change) in changes.iter().enumerate() {
            let mark = Mark::Of(change.marker());
            assert_eq!(trace.find(change.row, &mark), Some(index));
            assert_eq!(trace.find(change.row + 1, &mark), None);
            assert_eq!(trace.named(change.marker()), Some(index));
        }
        for (worker, number) in [(0, 4), (5, 0), (9, 9)] {
            let stranger = Mark::Of(Marker { worker, number });
            assert_eq!(trace.find(0, &stranger), None);
            assert_eq!(trace.named(Marker { worker, number }), None);
        }
        assert_eq!(trace.find(0, &Mark::None), None);
    }

    #[test]
    fn a_history_with_gaps_is_searched() {
        let (mut changes, _) = history(3, 1, 9);
        changes.retain(|change| change.number % 3 != 0);
        let trace = Trace::new(&changes);
        for (index, change) in changes.iter().enumerate() {
            let mark = Mark::Of(change.marker());
            assert_eq!(trace.find(0, &mark), Some(index));
        }
        let (worker, number) = (1, 3);
        let gap = Mark::Of(Marker { worker, number });
        assert_eq!(trace.find(0, &gap), None);
    }
}
