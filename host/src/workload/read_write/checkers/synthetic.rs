//! A right history with its rows: at each document a writer and readers in turn.

use crate::check::synthetic;
use crate::model::change::{Change, Nanos};
use crate::model::marker::Mark;
use crate::model::purpose::Purpose::{self, Read, Write};
use crate::workload::read_write::checkers::Evidence;
use crate::workload::read_write::tables::{Document, NodeVisits, Visit, Visits};

pub(super) const LIMIT: u32 = 2;

pub(super) struct Run {
    pub(super) changes: Vec<Change>,
    pub(super) found: Visits,
}

/// A visit of document 0 that asked at 0, was there in this time, and took 1 ns to leave.
pub(super) fn visit(worker: u32, purpose: Purpose, from: Nanos, to: Nanos) -> Change {
    Change {
        check: None,
        purpose: Some(purpose),
        ..synthetic::change(worker, 0, 0, [0, from, to, to + 1])
    }
}

pub(super) fn row(change: &Change, version: i64, left: i64) -> Visit {
    Visit {
        mark: Mark::Of(change.marker()),
        document: change.row.to_string(),
        purpose: change.purpose.unwrap().as_str().to_owned(),
        entered_version: Some(version),
        entered_writer: Mark::None,
        left_version: Some(left),
    }
}

/// Readers 2 and 3 together, then writer 0, then reader 4, then writer 1, then readers 5 and 2.
pub(super) fn right() -> Run {
    let order = [
        (2, Read, 10, 30, 0),
        (3, Read, 20, 40, 0),
        (0, Write, 50, 60, 1),
        (4, Read, 70, 80, 1),
        (1, Write, 90, 100, 2),
        (5, Read, 110, 130, 2),
        (6, Read, 120, 140, 2),
    ];
    let changes: Vec<_> = order
        .iter()
        .map(|it| visit(it.0, it.1, it.2, it.3))
        .collect();
    let rows = changes
        .iter()
        .zip(order)
        .map(|(change, it)| row(change, it.4, it.4));
    let mut visits: Vec<_> = rows.collect();
    visits.sort();
    let node = |name: &str| NodeVisits {
        node: name.to_owned(),
        documents: vec![Document {
            id: "0".to_owned(),
            version: Some(2),
            writer: Mark::None,
        }],
        visits: visits.clone(),
    };
    Run {
        found: Visits {
            nodes: vec![node("a"), node("b")],
            silent: Vec::new(),
            unseen: 0,
            has_primary: false,
            breakdowns: Vec::new(),
        },
        changes,
    }
}

impl Run {
    pub(super) fn evidence(&self) -> Evidence<'_> {
        Evidence {
            limit: Some(LIMIT),
            changes: &self.changes,
            found: Some(&self.found),
        }
    }

    /// The visit of a worker, on every node.
    pub(super) fn edit(&mut self, worker: u32, edit: impl Fn(&mut Visit)) {
        let is_it = |visit: &Visit| visit.mark.marker().is_some_and(|it| it.worker == worker);
        for node in &mut self.found.nodes {
            node.visits
                .iter_mut()
                .filter(|it| is_it(it))
                .for_each(&edit);
        }
    }

    pub(super) fn change(&mut self, worker: u32) -> &mut Change {
        let found = self.changes.iter_mut().find(|it| it.worker == worker);
        found.expect("a visit of that worker")
    }
}
