//! Counts the rows at which workers met, and those at which they met from different nodes.

use super::overlap::{Longest, Span};
use crate::model::change::Change;
use crate::model::contention::Contention;
use crate::model::nodes::NodeSet;

/// Counts meetings: two spans of different workers on one row that overlap strictly. One pass over
/// the sorted spans; of each row it remembers, for each set of nodes that a span had, the spans
/// that end last. There are few such sets: almost every change works on one node.
///
/// ```text
/// row 0   worker 0 on n1  |-----------|
///         worker 3 on n1      |-----------|        meets worker 0, on the same node
///         worker 6 on n2              |-------|    meets worker 3 from another node
/// ```
pub fn count(changes: &[Change], mut spans: Vec<Span>, cluster: u32) -> Contention {
    spans.sort_unstable_by_key(|span| (span.row, span.start, span.end, span.change));
    let mut counted = Contention {
        cluster,
        ..Contention::default()
    };
    for change in changes {
        counted.nodes = counted.nodes.union(change.nodes);
    }
    for row in spans.chunk_by(|one, other| one.row == other.row) {
        let (met, met_from_two_nodes) = meetings(changes, row);
        counted.rows += u32::from(met);
        counted.rows_from_two_nodes += u32::from(met_from_two_nodes);
    }
    counted
}

/// Returns if workers met at this row, and if they did from different nodes.
fn meetings(changes: &[Change], row: &[Span]) -> (bool, bool) {
    let mut so_far: Vec<(NodeSet, Longest)> = Vec::new();
    let mut met = false;
    for span in row {
        let nodes = changes[span.change as usize].nodes;
        for (others, longest) in &so_far {
            let meets = longest
                .of_another(span)
                .is_some_and(|earlier| span.start < earlier.end);
            met |= meets;
            if meets && nodes.differs_from(*others) {
                return (true, true);
            }
        }
        match so_far.iter_mut().find(|(known, _)| *known == nodes) {
            Some((_, longest)) => longest.note(*span),
            None => {
                let mut longest = Longest::default();
                longest.note(*span);
                so_far.push((nodes, longest));
            }
        }
    }
    (met, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contention::ROWS;
    use crate::synthetic::{change, history};

    fn counted(spans: &[(u32, u32, [u64; 2], &[u32])]) -> (u32, u32) {
        let change = |(row, worker, [start, end], nodes): &(u32, u32, [u64; 2], &[u32])| {
            let mut change = change(*worker, *row, 0, [*start, *start + 1, *end, *end]);
            change.nodes = NodeSet::from(nodes.to_vec());
            change
        };
        let changes: Vec<_> = spans.iter().map(change).collect();
        let contention = ROWS.count(&changes, 3);
        (contention.rows, contention.rows_from_two_nodes)
    }

    #[test]
    fn rivals_on_different_nodes_count_only_where_they_overlap() {
        assert_eq!(
            counted(&[(0, 1, [0, 9], &[0]), (0, 2, [5, 20], &[1])]),
            (1, 1)
        );
        assert_eq!(
            counted(&[(0, 1, [0, 9], &[0]), (0, 2, [5, 20], &[0])]),
            (1, 0)
        );
        assert_eq!(
            counted(&[(0, 1, [0, 9], &[0]), (0, 2, [9, 20], &[1])]),
            (0, 0)
        );
        assert_eq!(
            counted(&[(0, 1, [0, 9], &[0]), (1, 2, [5, 20], &[1])]),
            (0, 0)
        );
        assert_eq!(
            counted(&[(0, 1, [0, 9], &[0]), (0, 1, [5, 20], &[1])]),
            (0, 0)
        );
        assert_eq!(
            counted(&[(0, 1, [0, 9], &[0]), (0, 2, [5, 20], &[])]),
            (1, 0)
        );
    }

    #[test]
    fn a_span_on_another_node_is_found_behind_longer_ones_on_the_same() {
        let hidden = [
            (4, 1, [0, 50], &[0][..]),
            (4, 2, [1, 30], &[1]),
            (4, 1, [60, 90], &[0]),
            (4, 3, [10, 20], &[0]),
        ];
        assert_eq!(counted(&hidden), (1, 1));
        let own_only = [
            (4, 1, [0, 50], &[0][..]),
            (4, 2, [10, 30], &[0]),
            (4, 2, [20, 40], &[1]),
        ];
        assert_eq!(
            counted(&own_only),
            (1, 1),
            "worker 1 is there from another node"
        );
    }

    #[test]
    fn a_span_that_is_over_is_no_rival_from_another_node() {
        let later = [
            (4, 1, [0, 5], &[0][..]),
            (4, 2, [10, 30], &[1]),
            (4, 3, [20, 40], &[1]),
        ];
        assert_eq!(counted(&later), (1, 0));
    }

    #[test]
    fn a_change_that_moved_between_nodes_meets_a_rival_on_either() {
        assert_eq!(
            counted(&[(0, 1, [0, 9], &[0, 1]), (0, 2, [5, 20], &[1])]),
            (1, 1)
        );
        assert_eq!(
            counted(&[(0, 1, [0, 9], &[0, 1]), (0, 2, [5, 20], &[0, 1])]),
            (1, 1)
        );
    }

    #[test]
    fn each_row_of_a_right_history_is_contended_from_two_nodes() {
        let (changes, _) = history(6, 3, 4);
        let contention = ROWS.count(&changes, 2);
        assert_eq!((contention.rows, contention.rows_from_two_nodes), (3, 3));
    }
}
