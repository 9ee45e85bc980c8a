//! From a marker in the data to the change that was told to write it.

use crate::model::change::Change;
use crate::model::marker::{Mark, Marker};

/// All markers of a history, sorted: 12 bytes per change.
pub struct Trace {
    sorted: Vec<(Marker, u32)>,
}

impl Trace {
    /// n·log n.
    pub fn new(changes: &[Change]) -> Self {
        let markers = changes.iter().map(Change::marker).zip(0..);
        let mut sorted: Vec<_> = markers.collect();
        sorted.sort_unstable();
        Self { sorted }
    }

    /// The index of the change of this row whose marker it is; log n.
    pub fn find(&self, changes: &[Change], row: u32, mark: &Mark) -> Option<usize> {
        let Mark::Of(marker) = mark else { return None };
        let place = self.sorted.partition_point(|(m, _)| m < marker);
        let &(found, index) = self.sorted.get(place)?;
        let index = index as usize;
        // A marker of another row's change is as wrong here as one that nobody was given.
        (found == *marker && changes[index].row == row).then_some(index)
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
            assert_eq!(trace.find(&changes, change.row, &mark), Some(index));
            assert_eq!(trace.find(&changes, change.row + 1, &mark), None);
        }
        for (worker, number) in [(0, 4), (5, 0), (9, 9)] {
            let stranger = Mark::Of(Marker { worker, number });
            assert_eq!(trace.find(&changes, 0, &stranger), None);
        }
        assert_eq!(trace.find(&changes, 0, &Mark::None), None);
    }
}
