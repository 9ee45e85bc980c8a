//! Addresses given twice, by what a node has.

use super::super::names::{Names, Place};
use super::super::prose::{Row, owner};
use crate::check::parts::{Findings, Witness};
use crate::model::change::Nanos;
use crate::workload::ip_allocation::tables::{NodeAllocations, Request};
use std::collections::BTreeSet;

/// Notes the rows that are ALLOCATED and have an address which another such row has, or which is none
/// of its pool; but for the addresses that are listed already.
pub fn find(
    node: &NodeAllocations,
    names: &Names,
    listed: &BTreeSet<Place>,
    findings: &mut Findings,
) {
    let mut placed = Vec::new();
    for request in node.requests.iter().filter(|row| row.is_allocated()) {
        match names.place_of(request) {
            Ok(place) => placed.push((place, request)),
            Err(why) => findings.add(given(names, request), || {
                describe_misplaced(node, names, request, why)
            }),
        }
    }
    placed.sort_unstable();
    for pair in placed.windows(2) {
        let [(place, one), (same, other)] = pair else {
            continue;
        };
        if place == same && !listed.contains(place) {
            let at = given(names, one).zip(given(names, other));
            let at = at.map(|(one, other)| one.max(other));
            findings.add(at, || describe_twice(node, names, *place, [one, other]));
        }
    }
}

fn given(names: &Names, request: &Request) -> Option<Nanos> {
    Some(names.change(request)?.acquire.returned)
}

fn describe_misplaced(
    node: &NodeAllocations,
    names: &Names,
    request: &Request,
    why: &str,
) -> Witness {
    let (node, row) = (&node.node, Row(request));
    let owner = owner(names, request);
    let prose = format!("node {node} has {row}, {why}; it belongs to {owner}");
    names.witness(&request.pool, prose, request.mark.marker())
}

fn describe_twice(
    node: &NodeAllocations,
    names: &Names,
    place: Place,
    rows: [&Request; 2],
) -> Witness {
    let (node, address, subnet) = (&node.node, place.address, names.subnet(place));
    let [one, other] = rows.map(|request| {
        let (pool, table) = (&request.pool, request.table.name());
        let owner = owner(names, request);
        format!("in {table}, of {pool}, it belongs to {owner}")
    });
    let prose =
        format!("node {node} has {address} of subnet {subnet} twice as ALLOCATED: {one}; {other}");
    let row = names.row(&rows[0].pool).unwrap_or_default();
    Witness::about(prose, row, rows.map(|request| request.mark.marker()))
}
