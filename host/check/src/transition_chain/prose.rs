//! Prose for a broken chain: its meaning for the workers, from the two changes involved.

use super::super::findings::{Ms, Went, Witness, acquired, released};
use super::graph::Graph;
use crate::model::change::{Change, Nanos};
use crate::model::data::{AuditEntry, KeyChange, RowState, Status};
use crate::model::marker::Marker;

/// The time of the report of the step that made this change, if a change of the row can be found for it.
pub fn time_of(graph: &Graph, effect: &AuditEntry) -> Option<Nanos> {
    let to = effect.to.as_ref()?;
    Some(reached(writer(graph, effect.row, to)?, to))
}

/// The time when the transaction began at the earliest that did this: with the acquire of the change whose marker
/// it wrote, so that nothing that follows from it is shown before. Of one that wrote none, the time of
/// the change whose state it left or took away.
pub fn time_of_cause(graph: &Graph, effect: &AuditEntry) -> Option<Nanos> {
    let by = effect.keys.iter().flat_map(|keys| &keys.markers);
    let by = by.filter_map(|marker| graph.trace().named(*marker)).next();
    if let Some(by) = by {
        return Some(graph.evidence().changes[by].acquire.invoked);
    }
    time_of(graph, effect).or_else(|| {
        let from = effect.from.as_ref()?;
        Some(reached(writer(graph, effect.row, from)?, from))
    })
}

pub fn illegal(graph: &Graph, effect: &AuditEntry) -> Witness {
    let by = effect
        .keys
        .iter()
        .flat_map(|keys| keys.markers.iter().copied());
    let marks = by
        .map(Some)
        .chain([marker(&effect.from), marker(&effect.to)]);
    Witness::about(illegal_prose(graph, effect), effect.row, marks)
}

fn marker(state: &Option<RowState>) -> Option<Marker> {
    state.as_ref()?.mark.marker()
}

fn illegal_prose(graph: &Graph, effect: &AuditEntry) -> String {
    let row = effect.row;
    let update = Went(effect).to_string();
    if let Some(keys) = &effect.keys {
        return format!("{update}: {}", key_change(graph, keys));
    }
    let (Some(from), Some(to)) = (&effect.from, &effect.to) else {
        return format!("{update}, which no change of this row leads to");
    };
    let (before, after) = (writer(graph, row, from), writer(graph, row, to));
    let Some(after) = after.filter(|_| row < graph.evidence().rows) else {
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
        None if *from == RowState::initial() => "a row that no worker had taken".to_owned(),
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

/// The transaction's change, and its effect on the key.
fn key_change(graph: &Graph, keys: &KeyChange) -> String {
    let by = keys.markers.iter().find_map(|marker| {
        let change = &graph.evidence().changes[graph.trace().named(*marker)?];
        Some(format!(
            "the transaction of worker {} ({marker})",
            change.worker
        ))
    });
    let by = by.unwrap_or_else(|| "a transaction that wrote no marker".to_owned());
    let key = &keys.key;
    match (&keys.before, &keys.after) {
        (Some(before), Some(after)) => {
            format!("{by} changed the key {key:?} to {after:?} and the key {before:?} to {key:?}")
        }
        (Some(before), None) => format!("{by} changed the key {before:?} to {key:?}"),
        (None, Some(after)) => format!("{by} changed the key {key:?} to {after:?}"),
        (None, None) => {
            format!("{by} deleted the row with the key {key:?}, or inserted it, or both")
        }
    }
}

pub fn left_twice(graph: &Graph, one: &AuditEntry, other: &AuditEntry) -> Witness {
    let from = Went::state(&other.from);
    let prose = format!(
        "row {} left {from} twice, {} and {}: one of the two updates was lost",
        other.row,
        arrival(graph, one),
        arrival(graph, other)
    );
    let marks = [one.marker(), other.marker()];
    Witness::about(prose, other.row, marks)
}

pub fn entered_twice(graph: &Graph, effect: &AuditEntry) -> Witness {
    let prose = format!(
        "row {} came to {} twice: the same transition took effect again {}",
        effect.row,
        Went::state(&effect.to),
        match time_of(graph, effect) {
            Some(at) => format!("(its worker was told of one at {})", Ms(at)),
            None => String::new(),
        }
    );
    Witness::about(prose, effect.row, [effect.marker()])
}

pub fn loose(graph: &Graph, effect: &AuditEntry) -> Witness {
    let prose = format!(
        "row {} left {}, {}, but nothing had led there: an update is missing",
        effect.row,
        Went::state(&effect.from),
        arrival(graph, effect)
    );
    let marks = [marker(&effect.from), marker(&effect.to)];
    Witness::about(prose, effect.row, marks)
}

pub fn circle(row: u32) -> Witness {
    let prose = "has updates that lead back to themselves, apart from its beginning";
    Witness::about(format!("row {row} {prose}"), row, [])
}

pub fn other_end(row: u32, expected: &RowState, node: &str, found: Option<&RowState>) -> Witness {
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
    Witness::about(prose, row, [expected.mark.marker(), found])
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

fn arrival(graph: &Graph, effect: &AuditEntry) -> String {
    let Some(to) = &effect.to else {
        return "to its end".to_owned();
    };
    match writer(graph, effect.row, to) {
        Some(change) => {
            let at = Ms(reached(change, to));
            format!("to {to} by worker {} at {at}", change.worker)
        }
        None => format!("to {to}"),
    }
}
