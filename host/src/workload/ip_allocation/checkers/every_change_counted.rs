//! Do the allocations reported ok equal the rows?

mod account;

use super::evidence::Evidence;
use super::names::Names;
use super::prose::{Ended, Plain, Row, address_of};
use crate::check::parts::{Findings, Losses, Witness};
use crate::model::change::{Change, Nanos, Restored};
use crate::model::data::Breakdown;
use crate::model::pool::pool_id;
use crate::model::verdict::Answer;
use crate::workload::ip_allocation::tables::{NodeAllocations, Request};
use account::{SILENT, account};

/// Counts, on every node and for each change, the rows that are ALLOCATED and have its marker, in both
/// tables together, and holds them against what was reported: exactly one, with the address that was
/// reported, for an allocation that ended ok and was not given back; none for one that failed or was given
/// back; at most one for an indeterminate one (and just what settling found, where it found
/// something). A row that no change of its pool explains is a violation too. A success right before a
/// breakdown of the database is not called silent. Needs no contention: a silent success
/// needs no rival. Linear but for the look-up of markers.
pub fn answer(evidence: &Evidence, names: &Names) -> Answer {
    let mut findings = Findings::default();
    let mut nodes = evidence.differing_nodes().peekable();
    if nodes.peek().is_none() {
        // The history alone may prove a lie.
        for change in evidence.changes {
            if let Err(diagnosis) = account(change, None) {
                findings.add(Some(over(change)), || describe(change, None, diagnosis));
            }
        }
    }
    for node in nodes {
        judge(evidence, node, names, &mut findings);
    }
    let question = "do the allocations reported ok equal the rows?";
    findings.answer("every-change-counted", question, evidence.missing())
}

fn judge(evidence: &Evidence, node: &NodeAllocations, names: &Names, findings: &mut Findings) {
    let changes = evidence.changes;
    // By change: one of its rows, and how many there are. Capped at 255: two are too many already.
    let mut found: Vec<(u8, Option<&Request>)> = vec![(0, None); changes.len()];
    for request in node.requests.iter().filter(|row| row.is_allocated()) {
        match names.index(request) {
            Some(index) => {
                let (count, row) = &mut found[index];
                *count = count.saturating_add(1);
                *row = Some(request);
            }
            None => findings.add(None, || describe_stray(node, names, request)),
        }
    }
    let losses = losses(changes, &found, evidence.breakdowns());
    for (change, (count, row)) in changes.iter().zip(found) {
        let on = Some((&*node.node, count));
        if let Err(mut diagnosis) = account(change, Some(count)) {
            if diagnosis == SILENT {
                let lost = losses.diagnosis_at(change.acquire.returned);
                diagnosis = lost.unwrap_or(SILENT);
            }
            findings.add(Some(over(change)), || describe(change, on, diagnosis));
        } else if let Some(row) = row.filter(|row| !is_address_of(names, change, row)) {
            findings.add(Some(over(change)), || {
                let diagnosis = format!("the row has {}", Plain(&row.address));
                describe(change, on, &diagnosis)
            });
        }
    }
}

/// The times at which commits may have been lost. An address that was given back leaves no row, so only allocations
/// that are there bound them.
fn losses(
    changes: &[Change],
    found: &[(u8, Option<&Request>)],
    breakdowns: &[Breakdown],
) -> Losses {
    let counts: Vec<_> = found.iter().map(|&(count, _)| [count, 0]).collect();
    Losses::of_breakdowns(changes, &counts, breakdowns)
}

/// The row has the address that the change is known to have, in whatever spelling.
fn is_address_of(names: &Names, change: &Change, row: &Request) -> bool {
    let place = |text| names.place(change.row, text).ok();
    address_of(change)
        .is_none_or(|address| address == row.address || place(address) == place(&row.address))
}

/// The time of the last report to the worker.
fn over(change: &Change) -> Nanos {
    change.steps().last().map_or(0, |step| step.returned)
}

fn describe_stray(node: &NodeAllocations, names: &Names, request: &Request) -> Witness {
    let (node, row) = (&node.node, Row(request));
    let prose = format!("node {node} has {row}, and no change of this run explains it");
    names.witness(&request.pool, prose, request.mark.marker())
}

fn describe(change: &Change, found: Option<(&str, u8)>, diagnosis: &str) -> Witness {
    let (worker, marker, pool) = (change.worker, change.marker(), pool_id(change.row));
    let address = match address_of(change) {
        Some(address) => Plain(address).to_string(),
        None => "an address".to_owned(),
    };
    let acquire = Ended(&change.acquire);
    let mut prose = format!("worker {worker}'s allocation of {address} of {pool} {acquire}");
    if let Some(release) = &change.release {
        prose += &format!(", its release {}", Ended(release));
    }
    prose += match change.restored {
        Restored::No => "",
        Restored::Yes => ", and the host gave the address back",
        Restored::Unclear => ", and the host may have given the address back",
    };
    match found {
        Some((node, 1)) => prose += &format!("; node {node} has 1 such row as ALLOCATED"),
        Some((node, n)) => prose += &format!("; node {node} has {n} such rows as ALLOCATED"),
        None => {}
    }
    prose += &format!(" (marker {marker}): {diagnosis}");
    Witness::about(prose, change.row, [Some(marker)])
}

#[cfg(test)]
mod tests;
