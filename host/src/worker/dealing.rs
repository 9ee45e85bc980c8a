//! Deals sessions to workers, so that the rivals of each row work on different nodes.
//!
//! Which node a session goes to is the endpoint's business: a proxy gives them out in turn, in the
//! order in which it hears of them, and that order is arbitrary when many are opened at once. So all
//! sessions are opened first, and then dealt by the node that each one came to.
//!
//! ```text
//! 3 rows × 3 workers, a proxy before n1, n2 and n3
//!   sessions, as opened     n1 n3 n2 n2 n1 n3 n3 n1 n2
//!   row 0: workers 0 3 6    n1 n2 n3
//!   row 1: workers 1 4 7    n1 n2 n3
//!   row 2: workers 2 5 8    n1 n2 n3
//! ```

use super::TrialContext;
use crate::capability::beside::Beside;
use crate::capability::database::{Session, Target};
use crate::model::error::CallError;
use crate::workload::Workload;
use futures_util::stream::{self, StreamExt};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A worker's first session, or why there is none.
pub type FirstSession = Result<Box<dyn Session>, CallError>;

/// A session that was opened, and where.
pub struct Opened {
    pub session: FirstSession,
    pub home: Beside,
}

/// Opens the first session of every worker, so many at a time and each in a place of its number, and
/// deals them: one for each worker, in the order of their numbers.
pub async fn open_sessions(
    context: &Arc<TrialContext>,
    at_once: usize,
    home_of: impl Fn(u32) -> Beside,
) -> Vec<Opened> {
    let workload = &context.workload;
    let all = 0..workload.workers();
    let opened = all.map(|worker| {
        let (context, home) = (context.clone(), home_of(worker));
        let connects = async move { context.connect(worker).await };
        async move {
            let session = home.run(connects).await;
            Opened { session, home }
        }
    });
    let opened = opened.collect::<Vec<_>>();
    let sessions: Vec<Opened> = stream::iter(opened).buffered(at_once).collect().await;
    // Where each worker has a node of its own, it was dealt before.
    if matches!(context.endpoint_of(0), Target::Node(_)) {
        return sessions;
    }
    let node = |opened: &Opened| {
        opened
            .session
            .as_ref()
            .ok()
            .and_then(|session| session.node())
    };
    let nodes: Vec<_> = sessions.iter().map(node).collect();
    let mut sessions: Vec<_> = sessions.into_iter().map(Some).collect();
    let dealt = deal(workload, &nodes).into_iter();
    dealt.filter_map(|index| sessions[index].take()).collect()
}

/// For each worker the index of its session: each row gets, of the nodes that it does not have yet,
/// always the one with the most sessions left.
fn deal(workload: &Workload, nodes: &[Option<u32>]) -> Vec<usize> {
    let mut piles: BTreeMap<Option<u32>, Vec<usize>> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate().rev() {
        piles.entry(*node).or_default().push(index);
    }
    let mut dealt = vec![0; nodes.len()];
    if piles.len() <= 1 {
        return (0..nodes.len()).collect();
    }
    let mut row = None;
    let mut has = Vec::new();
    for worker in workload.dealing_order() {
        if row != Some(workload.row_of(worker)) {
            row = Some(workload.row_of(worker));
            has.clear();
        }
        let left = piles.iter().filter(|(_, pile)| !pile.is_empty());
        let wanted = |(node, pile): &(&Option<u32>, &Vec<usize>)| {
            let times = has.iter().filter(|had| had == node).count();
            (
                std::cmp::Reverse(times),
                pile.len(),
                std::cmp::Reverse(**node),
            )
        };
        let node = left.max_by_key(wanted).map(|(node, _)| *node);
        let Some(node) = node else { break };
        has.push(node);
        let index = piles.get_mut(&node).and_then(Vec::pop);
        dealt[worker as usize] = index.unwrap_or_default();
    }
    dealt
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The number of different nodes that the rivals of each row have.
    fn spread(rows: u32, per_row: u32, nodes: &[Option<u32>]) -> Vec<usize> {
        let workload = Workload {
            rows,
            workers_per_row: per_row,
            ..Workload::default()
        };
        let dealt = deal(&workload, nodes);
        let used: BTreeSet<_> = dealt.iter().collect();
        assert_eq!(used.len(), nodes.len(), "each session has one worker");
        let of_row = |row| {
            let rivals = (0..rows * per_row).filter(|&worker| workload.row_of(worker) == row);
            let nodes: BTreeSet<_> = rivals.map(|worker| nodes[dealt[worker as usize]]).collect();
            nodes.len()
        };
        (0..rows).map(of_row).collect()
    }

    #[test]
    fn rivals_of_each_row_are_on_all_nodes_whatever_the_number_of_rows() {
        for rows in [1, 2, 3, 4, 5, 6, 9, 100] {
            let in_turn: Vec<_> = (0..rows * 3).map(|n| Some(n % 3)).collect();
            assert!(spread(rows, 3, &in_turn).iter().all(|&n| n == 3), "{rows}");
            let two: Vec<_> = (0..rows * 2).map(|n| Some(n % 3)).collect();
            assert!(spread(rows, 2, &two).iter().all(|&n| n == 2), "{rows}");
        }
    }

    #[test]
    fn sessions_in_any_order_are_dealt_as_well() {
        let shuffled = [1, 1, 1, 0, 2, 0, 0, 2, 2].map(Some);
        assert_eq!(spread(3, 3, &shuffled), [3, 3, 3]);
        // A proxy that prefers one node: each row gets of the others what there is.
        let lopsided = [0, 0, 0, 0, 0, 0, 1, 1, 2].map(Some);
        assert_eq!(spread(3, 3, &lopsided), [3, 2, 1]);
        // What another row has keeps no node from this one.
        let two_thirds = [0, 0, 0, 1, 1, 1, 1, 1, 1].map(Some);
        assert_eq!(spread(3, 3, &two_thirds), [2, 2, 2]);
    }

    #[test]
    fn one_node_and_sessions_that_are_missing_leave_no_worker_out() {
        assert_eq!(spread(2, 3, &[Some(0); 6]), [1, 1]);
        assert_eq!(spread(2, 3, &[None; 6]), [1, 1]);
        assert_eq!(spread(1, 3, &[Some(1), None, Some(0)]), [3]);
    }
}
