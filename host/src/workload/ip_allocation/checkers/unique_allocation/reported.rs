//! Addresses given twice, by what the steps reported.

use super::super::names::{Names, Place};
use super::super::prose::{Plain, address_of};
use crate::check::parts::{Findings, Ms, Witness};
use crate::check::parts::{Span, overlaps};
use crate::model::change::{Change, Nanos, Restored};
use crate::model::pool::pool_id;
use std::collections::BTreeSet;

/// Notes two changes that had an address at once, and an address that is none of its pool. Returns
/// the addresses that were given twice.
pub fn find(changes: &[Change], names: &Names, findings: &mut Findings) -> BTreeSet<Place> {
    let mut held = Vec::new();
    for (change, index) in changes.iter().zip(0..) {
        let Some(address) = address_of(change) else {
            continue;
        };
        match names.place(change.row, address) {
            Ok(place) => held.extend(span(change, index).map(|span| (place, span))),
            // What was only found, and not reported, is judged by the data.
            Err(why) if change.acquire.outcome.is_ok() => {
                let at = change.acquire.returned;
                findings.add(Some(at), || describe_misplaced(change, address, why));
            }
            Err(_) => {}
        }
    }
    held.sort_unstable_by_key(|(place, span)| (*place, span.change));
    let places = held.chunk_by_mut(|a, b| a.0 == b.0);
    for (own, number) in places.zip(0..) {
        own.iter_mut().for_each(|(_, span)| span.row = number);
    }
    let spans = held.into_iter().map(|(_, span)| span).collect();
    let mut doubled = BTreeSet::new();
    for (earlier, later) in overlaps(spans) {
        let change = &changes[later.change as usize];
        let place = address_of(change).and_then(|text| names.place(change.row, text).ok());
        if let Some(place) = place {
            doubled.insert(place);
            findings.add(Some(later.start), || {
                describe_twice(changes, names.subnet(place), place, [&earlier, &later])
            });
        }
    }
    doubled
}

/// One worker may have several addresses, so to have one of them twice is as wrong as for two
/// workers: each change is a rival of every other.
fn span(change: &Change, index: u32) -> Option<Span> {
    let (start, end) = proven_hold(change)?;
    Some(Span {
        row: 0,
        worker: index,
        change: index,
        start,
        end,
    })
}

/// The time for which the address was certainly this change's.
///
/// Begins when acquire returned ok. If it did not end ok and was found in the data, that was before
/// release was invoked, at an unknown time if it was not. Ends when release was invoked, and
/// without a release never; unless the host deleted the row, at an unknown time.
fn proven_hold(change: &Change) -> Option<(Nanos, Nanos)> {
    if !change.held() {
        return None;
    }
    let given_back = change.release.as_ref().map(|release| release.invoked);
    let start = match change.acquire.outcome.is_ok() {
        true => change.acquire.returned,
        false => given_back?,
    };
    let end = match (given_back, change.restored) {
        (Some(at), _) => at,
        (None, Restored::No) => Nanos::MAX,
        (None, Restored::Yes | Restored::Unclear) => start,
    };
    Some((start, end.max(start)))
}

fn describe_misplaced(change: &Change, address: &str, why: &str) -> Witness {
    let (worker, marker, at) = (change.worker, change.marker(), Ms(change.acquire.returned));
    let (address, pool) = (Plain(address), pool_id(change.row));
    let prose = format!(
        "worker {worker} ({marker}) was told at {at} that it has {address} of {pool}, {why}"
    );
    Witness::about(prose, change.row, [Some(marker)])
}

fn describe_twice(changes: &[Change], subnet: &str, place: Place, spans: [&Span; 2]) -> Witness {
    let holder = |span: &Span| {
        let change = &changes[span.change as usize];
        let (worker, marker) = (change.worker, change.marker());
        let (pool, start) = (pool_id(change.row), Ms(span.start));
        let until = match span.end {
            Nanos::MAX => "on".to_owned(),
            end => format!("to {} at least", Ms(end)),
        };
        format!("worker {worker} ({marker}) had it of {pool} from {start} {until}")
    };
    let [earlier, later] = spans;
    let prose = format!(
        "{} of subnet {subnet} was given twice: {}; {}",
        place.address,
        holder(earlier),
        holder(later)
    );
    let of = |span: &Span| &changes[span.change as usize];
    let markers = spans.map(|span| Some(of(span).marker()));
    Witness::about(prose, of(later).row, markers)
}
