//! What a broken chain means for the workers, told from the two changes involved.

use super::super::findings::{Ms, Told, acquired, released};
use super::graph::Graph;
use crate::model::change::{Change, Nanos};
use crate::model::data::{Effect, RowState, Status};
use crate::model::marker::Mark;

/// When the worker that made this update was told so, if a change of the row can be found for it.
pub fn time_of(graph: &Graph, effect: &Effect) -> Option<Nanos> {
    let change = writer(graph, effect.row, &effect.to)?;
    Some(reached(change, &effect.to))
}

pub fn illegal(graph: &Graph, effect: &Effect) -> Told {
    let marks = [&effect.from.mark, &effect.to.mark].map(Mark::marker);
    Told::about(illegal_prose(graph, effect), effect.row, marks)
}

fn illegal_prose(graph: &Graph, effect: &Effect) -> String {
    let Effect { row, from, to } = effect;
    let update = format!("row {row} went from {from} to {to}");
    let (before, after) = (writer(graph, *row, from), writer(graph, *row, to));
    let Some(after) = after.filter(|_| *row < graph.evidence().rows) else {
        return format!("{update}, which no change of this row leads to");
    };
    let (who, at) = (after.worker, Ms(reached(after, to)));
    if from == to {
        return format!("{update}: worker {who} repeated at {at} what had been done");
    }
    let verb = match to.status {
        Status::Deleting => "took",
        Status::Available | Status::Other(_) => "gave back",
    };
    let what = match before {
        None if *from == RowState::initial() => "a row that nobody had taken".to_owned(),
        None => "a row that was in no known state".to_owned(),
        Some(before) => {
            let (whose, since) = (before.worker, Ms(reached(before, from)));
            match from.status {
                Status::Deleting => format!("what worker {whose} held since {since}"),
                _ => format!("what worker {whose} had given back at {since}"),
            }
        }
    };
    format!("{update}: worker {who} {verb} at {at} {what}")
}

pub fn left_twice(graph: &Graph, one: &Effect, other: &Effect) -> Told {
    let prose = format!(
        "row {} left {} twice, {} and {}: one of the two updates was lost",
        other.row,
        other.from,
        arrival(graph, one),
        arrival(graph, other)
    );
    let marks = [&one.to.mark, &other.to.mark].map(Mark::marker);
    Told::about(prose, other.row, marks)
}

pub fn entered_twice(graph: &Graph, effect: &Effect) -> Told {
    let prose = format!(
        "row {} came to {} twice: the same transition took effect again {}",
        effect.row,
        effect.to,
        match time_of(graph, effect) {
            Some(at) => format!("(its worker was told of one at {})", Ms(at)),
            None => String::new(),
        }
    );
    Told::about(prose, effect.row, [effect.to.mark.marker()])
}

pub fn loose(graph: &Graph, effect: &Effect) -> Told {
    let prose = format!(
        "row {} left {}, {}, but nothing had led there: an update is missing",
        effect.row,
        effect.from,
        arrival(graph, effect)
    );
    let marks = [&effect.from.mark, &effect.to.mark].map(Mark::marker);
    Told::about(prose, effect.row, marks)
}

pub fn circle(row: u32) -> Told {
    let prose = "has updates that lead back to themselves, apart from its beginning";
    Told::about(format!("row {row} {prose}"), row, [])
}

pub fn other_end(row: u32, expected: &RowState, node: &str, found: Option<&RowState>) -> Told {
    let prose = match found {
        Some(found) => {
            format!(
                "row {row} is {found} on node {node}, but its last transition led to {expected}"
            )
        }
        None => {
            format!("row {row} is gone from node {node}; its last transition led to {expected}")
        }
    };
    let found = found.and_then(|state| state.mark.marker());
    Told::about(prose, row, [expected.mark.marker(), found])
}

fn writer<'a>(graph: &Graph<'a>, row: u32, state: &RowState) -> Option<&'a Change> {
    let index = graph.change(row, &state.mark)?;
    Some(&graph.evidence().changes[index])
}

fn reached(change: &Change, state: &RowState) -> Nanos {
    match state.status {
        Status::Deleting => acquired(change),
        Status::Available | Status::Other(_) => released(change),
    }
}

fn arrival(graph: &Graph, effect: &Effect) -> String {
    let to = &effect.to;
    match writer(graph, effect.row, to) {
        Some(change) => {
            let at = Ms(reached(change, to));
            format!("to {to} by worker {} at {at}", change.worker)
        }
        None => format!("to {to}"),
    }
}
