//! Right histories of any size, for the checkers' tests and for measuring them.

use crate::model::change::{Change, Check, Nanos, Restored, Step};
use crate::model::data::{AuditEntry, FinalRows, NodeRows, RowState, Status};
use crate::model::marker::Mark;
use crate::model::nodes::NodeSet;

const PAUSE: Nanos = 10_000_000;
const STEP: Nanos = 700_000;
const HOLD: Nanos = 10_000_000;

/// A history without fault: worker `w` is at row `w % rows`, and the workers of a row take turns,
/// each waiting from its pause on. Contended as soon as there are more workers than rows, from two
/// nodes, which the workers of a row are on in turn. An audit in the order of commits within each row.
pub fn history(workers: u32, rows: u32, changes_per_worker: u32) -> (Vec<Change>, FinalRows) {
    let mut free_from = vec![0; rows as usize];
    let mut ready = vec![PAUSE; workers as usize];
    let mut states = vec![RowState::initial(); rows as usize];
    let capacity = workers as usize * changes_per_worker as usize;
    let mut changes = Vec::with_capacity(capacity);
    let mut effects = Vec::with_capacity(2 * capacity);
    for number in 0..changes_per_worker {
        for worker in 0..workers {
            let row = worker % rows;
            let invoked = ready[worker as usize];
            let acquired = invoked.max(free_from[row as usize]) + STEP;
            let release = acquired + STEP + HOLD;
            let times = [invoked, acquired, release, release + STEP];
            let mut change = change(worker, row, number, times);
            change.nodes = NodeSet::of(worker / rows % 2);
            for status in [Status::Deleting, Status::Available] {
                let state = &mut states[row as usize];
                let mark = Mark::Of(change.marker());
                let to = RowState { status, mark };
                let from = std::mem::replace(state, to.clone());
                effects.push(AuditEntry::of_row(row, from, to));
            }
            free_from[row as usize] = release + STEP;
            ready[worker as usize] = release + STEP + PAUSE;
            changes.push(change);
        }
    }
    let node = |name: &str| NodeRows {
        node: name.to_owned(),
        rows: states.iter().cloned().map(Some).collect(),
        foreign: Vec::new(),
    };
    let data = FinalRows {
        effects: Some(effects),
        is_ordered: false,
        nodes: vec![node("a"), node("b")],
        silent: Vec::new(),
        unseen: 0,
        has_primary: false,
        breakdowns: Vec::new(),
    };
    (changes, data)
}

/// An ok change with these times: acquire invoked and returned, release invoked and returned. Its
/// check took half of the time between.
pub fn change(worker: u32, row: u32, number: u32, times: [Nanos; 4]) -> Change {
    let [invoked, acquired, release, released] = times;
    Change {
        worker,
        row,
        number,
        acquire: Step::ok(invoked, acquired),
        check: Some(Check {
            began: acquired,
            ended: acquired + release.saturating_sub(acquired) / 2,
            tries: 1,
            agreed: true,
        }),
        release: Some(Step::ok(release, released)),
        restored: Restored::No,
        nodes: NodeSet::of(worker % 2),
        allocation: None,
        purpose: None,
    }
}
