//! Do the availability ranges and the allocations agree?

mod ledger;

use super::evidence::Evidence;
use super::names::Names;
use super::prose::{Plain, address_of, owner};
use crate::check::parts::{Findings, Witness};
use crate::model::change::{Change, Restored};
use crate::model::pool::{Pool, address_at, number, pool_id};
use crate::model::verdict::Answer;
use crate::workload::ip_allocation::tables::{NodeAllocations, Range, Request};
use core::net::IpAddr;
use ledger::{Free, Ledger};

/// Holds, on every node and for each pool, the ranges of what is free against the rows that are
/// ALLOCATED. Ranges must be within their pool and must not overlap; an allocated address must be in
/// none, since it could be given again; and each address must be allocated or in a range, since it
/// could never be given again. Ranges that are as they began are of a strategy that keeps none, which
/// is valid with a remark.
///
/// An address that is in neither is excused, with a remark, where a worker may have dropped it that was
/// not there to put it right: one address for each change of the pool that ended indeterminate or that
/// the host restored (which deletes the row and leaves the ranges alone), the change's own address
/// where that is known. So is one that a row has as RESERVED or REQUESTED. One that is in both is
/// never excused: the worker that left it so lets it be given twice. No address is listed, so a pool may be of
/// any size; n·log n.
pub fn answer(evidence: &Evidence, names: &Names) -> Answer {
    let mut findings = Findings::default();
    let nodes = evidence.nodes().iter();
    let is_kept = nodes.map(|node| !as_they_began(evidence.pools, names, &node.ranges));
    let is_kept = is_kept.reduce(|one, other| one | other);
    let mut remark = None;
    if is_kept == Some(true) {
        for node in evidence.differing_nodes() {
            let excused = judge(evidence, names, node, &mut findings);
            remark = remark.or(excused);
        }
    }
    let question = "do the availability ranges and the allocations agree?";
    let mut answer = findings.answer("ranges-agree", question, evidence.missing());
    answer.remark = match is_kept {
        Some(false) => Some(
            "trivial: the ranges are as they began, so the strategy keeps no account of what is free"
                .to_owned(),
        ),
        _ => remark,
    };
    answer
}

/// One range for each pool, the whole of it.
fn as_they_began(pools: &[Pool], names: &Names, ranges: &[Range]) -> bool {
    let mut seen = vec![false; pools.len()];
    let is_new_and_whole = |range: &Range| {
        let row = names.row(&range.pool)?;
        let pool = names.pool(row)?;
        let ends = [&range.first, &range.last].map(|text| text.parse().ok());
        let is_new = !std::mem::replace(&mut seen[row as usize], true);
        Some(is_new && ends == [Some(pool.first), Some(pool.last)])
    };
    let mut is_whole = ranges.iter().map(is_new_and_whole);
    ranges.len() == pools.len() && is_whole.all(|whole| whole == Some(true))
}

/// Returns what was excused.
fn judge(
    evidence: &Evidence,
    names: &Names,
    node: &NodeAllocations,
    findings: &mut Findings,
) -> Option<String> {
    let mut ledger: Vec<Ledger> = evidence.pools.iter().map(Ledger::of).collect();
    for range in &node.ranges {
        match free(names, range) {
            Ok((row, free)) => ledger[row as usize].free.push(free),
            Err(why) => findings.add(None, || describe_range(node, names, range, why)),
        }
    }
    for request in &node.requests {
        // A row that has an address which is none of its pool's is another checker's subject.
        let Some(row) = names.row(&request.pool) else {
            continue;
        };
        if let (Ok(place), ledger) = (
            names.place(row, &request.address),
            &mut ledger[row as usize],
        ) {
            match request.is_allocated() {
                true => ledger.allocated.push((number(place.address), request)),
                false if request.is_pending() => ledger.excused.push(number(place.address)),
                false => {}
            }
        }
    }
    for change in evidence.changes.iter().filter(|c| may_drop_an_address(c)) {
        let Some(ledger) = ledger.get_mut(change.row as usize) else {
            continue;
        };
        match address_of(change).map(|text| names.place(change.row, text)) {
            Some(Ok(place)) => ledger.excused.push(number(place.address)),
            Some(Err(_)) | None => ledger.unknown += 1,
        }
    }
    let mut remark = None;
    for ((mut ledger, pool), row) in ledger.into_iter().zip(evidence.pools).zip(0..) {
        ledger.sort();
        let teller = Teller {
            node: &node.node,
            names,
            pool,
            row,
        };
        let excused = teller.all(&ledger, findings);
        remark = remark.or(excused);
    }
    remark
}

fn may_drop_an_address(change: &Change) -> bool {
    change.is_indeterminate() || change.restored != Restored::No
}

/// The pool whose addresses are free, and from which to which; or what is wrong with the range.
fn free(names: &Names, range: &Range) -> Result<(u32, Free), &'static str> {
    let row = names.row(&range.pool);
    let row = row.ok_or("of a pool that the workload never made")?;
    let place = |text| names.place(row, text).map(|place| number(place.address));
    let (first, last) = (place(&range.first), place(&range.last));
    let (Ok(first), Ok(last)) = (first, last) else {
        return Err("which is not of addresses of its pool alone");
    };
    match first <= last {
        true => Ok((row, Free { first, last })),
        false => Err("which ends before it begins"),
    }
}

fn describe_range(node: &NodeAllocations, names: &Names, range: &Range, why: &str) -> Witness {
    let (node, pool) = (&node.node, Plain(&range.pool));
    let (first, last) = (Plain(&range.first), Plain(&range.last));
    let prose = format!("node {node} has the range {first}–{last} of {pool}, {why}");
    names.witness(&range.pool, prose, None)
}

/// Describes the findings in the ledger of one pool on one node.
struct Teller<'a> {
    node: &'a str,
    names: &'a Names<'a>,
    pool: &'a Pool,
    row: u32,
}

impl Teller<'_> {
    /// Notes everything that is wrong, and returns what is excused.
    fn all(&self, ledger: &Ledger, findings: &mut Findings) -> Option<String> {
        for (one, other) in ledger.overlaps() {
            findings.add(None, || self.overlap(one, other));
        }
        for (request, free) in ledger.in_both() {
            let at = self
                .names
                .change(request)
                .map(|change| change.acquire.returned);
            findings.add(at, || self.in_both(request, free));
        }
        let lost = ledger.lost(false);
        let (first, count) = (lost.first?, lost.count);
        let what = self.lost(first, count);
        match ledger.lost(true).count > u128::from(ledger.unknown) {
            true => {
                let lost = || Witness::about(format!("{what}: lost"), self.row, []);
                findings.add(None, lost);
                None
            }
            false => Some(format!(
                "excused: {what}; changes that ended indeterminate or were restored by the host may \
                 have dropped as many"
            )),
        }
    }

    fn overlap(&self, one: Free, other: Free) -> Witness {
        let (node, pool) = (self.node, pool_id(self.row));
        let (one, other) = (self.range(one), self.range(other));
        let prose = format!("node {node} has two ranges of {pool} that overlap, {one} and {other}");
        Witness::about(prose, self.row, [])
    }

    fn in_both(&self, request: &Request, free: Free) -> Witness {
        let (node, pool, address) = (self.node, pool_id(self.row), Plain(&request.address));
        let (owner, free) = (owner(self.names, request), self.range(free));
        let prose = format!(
            "on node {node}, {address} of {pool} is allocated and also free: it belongs to {owner}; \
             and it is in the range {free}"
        );
        Witness::about(prose, self.row, [request.mark.marker()])
    }

    fn lost(&self, first: u128, count: u128) -> String {
        let (node, pool, first) = (self.node, pool_id(self.row), self.address(first));
        match count {
            1 => format!("on node {node}, {first} of {pool} is neither allocated nor in a range"),
            n => format!(
                "on node {node}, {n} addresses of {pool} are neither allocated nor in a range, \
                 {first} the first"
            ),
        }
    }

    fn range(&self, free: Free) -> String {
        let (first, last) = (self.address(free.first), self.address(free.last));
        format!("{first}–{last}")
    }

    fn address(&self, place: u128) -> IpAddr {
        address_at(place, self.pool.first).unwrap_or(self.pool.last)
    }
}

#[cfg(test)]
mod tests;
