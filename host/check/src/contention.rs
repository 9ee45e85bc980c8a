//! Did the run have anything in it that could have gone wrong?

use super::findings::Unknown;
use super::heard::Heard;
use super::meetings::count;
use super::overlap::Span;
use crate::model::change::{Change, Nanos};
use crate::model::contention::Contention;

/// The way in which changes of one row are in each other's way, and the words for a run in which none was.
/// n·log n.
#[derive(Debug)]
pub struct Rivalry {
    /// The end of a change's time; it begins with the invocation of acquire.
    pub until: fn(&Change) -> Nanos,
    /// No change ever had what it asked for: `no worker ever took a row`.
    pub never_held: &'static str,
    /// No two workers were in each other's way: `nothing was contended: …`.
    pub never_met: &'static str,
}

/// Rows that workers take and give back: until the release returned, no other worker can have the row.
pub const ROWS: Rivalry = Rivalry {
    until: |change| change.steps().last().map_or(0, |step| step.returned),
    never_held: "no worker ever took a row",
    never_met: "nothing was contended: no two workers were ever at one row at once",
};

impl Rivalry {
    /// Counts on which rows rivals met, on the nodes that were heard.
    pub fn among(&self, changes: &[Change], heard: Option<&Heard>) -> Contention {
        Contention {
            has_primary: heard.is_some_and(|heard| heard.has_primary),
            ..self.count(changes, heard.map_or(0, Heard::cluster))
        }
    }

    /// Counts on which rows rivals met, on a cluster of so many nodes (0 where that is not known).
    ///
    /// A row was contended if the spans of two workers overlap at least once. A worker whose acquire
    /// failed contended too: the other one had to be kept from it. But one that took no time made
    /// no call: there was no instance, or no session for it.
    pub fn count(&self, changes: &[Change], cluster: u32) -> Contention {
        let asked = changes
            .iter()
            .zip(0..)
            .filter(|(change, _)| change.acquire.duration() > 0);
        let spans = asked.map(|(change, index)| Span {
            row: change.row,
            worker: change.worker,
            change: index,
            start: change.acquire.invoked,
            end: (self.until)(change),
        });
        count(changes, spans.collect(), cluster)
    }

    /// The reason why nothing about exclusion can be learnt from this history; `None` if something can.
    pub fn missing(&self, changes: &[Change], contention: &Contention) -> Option<Unknown<'static>> {
        if changes.is_empty() {
            return Some("no change was made".into());
        }
        if !changes.iter().any(Change::held) {
            return Some(self.never_held.into());
        }
        match contention.rows {
            0 => Some(Unknown::uncontended(self.never_met)),
            _ => contention.not_across_nodes().map(Unknown::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::change;
    use super::*;
    use crate::model::nodes::NodeSet;
    use crate::model::outcome::Outcome;

    fn missing(changes: &[Change]) -> Option<Unknown<'static>> {
        ROWS.missing(changes, &ROWS.count(changes, 1))
    }

    fn on(node: u32, mut change: Change) -> Change {
        change.nodes = NodeSet::of(node);
        change
    }

    #[test]
    fn rivals_on_one_node_show_nothing_of_a_cluster_that_workers_reached_elsewhere() {
        let holder = on(0, change(0, 0, 0, [0, 10, 20, 30]));
        let waiter = change(1, 0, 0, [5, 40, 50, 60]);
        let elsewhere = on(1, change(2, 1, 0, [5, 40, 50, 60]));
        let judge = |node, cluster| {
            let changes = [holder.clone(), on(node, waiter.clone()), elsewhere.clone()];
            let contention = ROWS.count(&changes, cluster);
            let why = ROWS
                .missing(&changes, &contention)
                .map(|unknown| unknown.why);
            (why, contention)
        };
        let (why, counted) = judge(0, 3);
        assert_eq!(why, Some("no row was contended from two nodes"));
        assert_eq!((counted.rows, counted.rows_from_two_nodes), (1, 0));
        let (why, counted) = judge(1, 3);
        assert_eq!(why, None);
        assert_eq!((counted.rows, counted.rows_from_two_nodes), (1, 1));
        assert_eq!(counted.nodes, NodeSet::from(vec![0, 1]));
    }

    #[test]
    fn one_writer_of_several_nodes_is_distinguished_from_unrecorded_nodes() {
        let holder = on(2, change(0, 0, 0, [0, 10, 20, 30]));
        let waiter = on(2, change(1, 0, 0, [5, 40, 50, 60]));
        let mut changes = [holder, waiter];
        let one_writer = ROWS.count(&changes, 3);
        assert_eq!(ROWS.missing(&changes, &one_writer), None);
        assert!(one_writer.is_of_one_writer());
        assert!(!ROWS.count(&changes, 1).is_of_one_writer());
        changes
            .iter_mut()
            .for_each(|change| change.nodes = NodeSet::default());
        let why = ROWS
            .missing(&changes, &ROWS.count(&changes, 3))
            .unwrap()
            .why;
        assert!(why.contains("does not say on which nodes"), "{why}");
        assert_eq!(missing(&changes), None, "there is one node");
    }

    #[test]
    fn waiting_for_a_row_is_contention_and_coming_later_is_not() {
        let holder = change(0, 0, 0, [0, 10, 20, 30]);
        let waiter = change(1, 0, 0, [5, 40, 50, 60]);
        let latecomer = change(1, 0, 0, [31, 40, 50, 60]);
        let elsewhere = change(1, 1, 0, [5, 40, 50, 60]);
        assert_eq!(missing(&[holder.clone(), waiter]), None);
        assert!(
            missing(&[holder.clone(), latecomer])
                .unwrap()
                .why
                .contains("contended")
        );
        assert!(
            missing(&[holder, elsewhere])
                .unwrap()
                .why
                .contains("contended")
        );
        assert!(missing(&[]).unwrap().why.contains("no change"));
    }

    #[test]
    fn a_refused_worker_contended_but_one_must_have_held() {
        let holder = change(0, 0, 0, [0, 10, 20, 30]);
        let mut refused = change(1, 0, 0, [12, 14, 0, 0]);
        refused.release = None;
        refused.acquire.outcome = Outcome::indeterminate("trap", "");
        assert_eq!(missing(&[holder.clone(), refused.clone()]), None);
        let mut never_asked = refused.clone();
        never_asked.acquire.returned = never_asked.acquire.invoked;
        assert!(
            missing(&[holder, never_asked])
                .unwrap()
                .why
                .contains("contended")
        );
        assert!(missing(&[refused]).unwrap().why.contains("took a row"));
    }
}
