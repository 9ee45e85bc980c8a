//! Did a writer come to a document while a visitor was there, as the visitors' own rows show?
//!
//! *Example.* Visit `3_0` reads document 0: its row has version 4 on entering and 5 on leaving. Visit `0_1`
//! writes, and entered with version 5. So `0_1` wrote while `3_0` was there; no clock is needed for that.

use super::evidence::{Evidence, is_witness};
use crate::check::parts::{Findings, Witness};
use crate::model::change::Change;
use crate::model::marker::{Mark, Marker};
use crate::model::purpose::Purpose;
use crate::model::verdict::Answer;
use crate::workload::read_write::tables::{NodeVisits, Visit};
use std::collections::{BTreeMap, HashMap};

const NO_WITNESS: &str = "no visit of a writer and of another worker both ended ok";

/// A visit that was whole found no writer on entering, and on leaving the version that it had on entering. Only
/// visits of which both steps ended ok are witnesses, and only against each other: a visit that a dead worker left
/// unfinished is none. n·log n.
pub(super) fn answer(evidence: &Evidence) -> Answer {
    let changes: HashMap<Marker, &Change> = evidence
        .changes
        .iter()
        .filter(|change| is_witness(change))
        .map(|change| (change.marker(), change))
        .collect();
    let mut findings = Findings::default();
    for node in evidence.nodes() {
        judge(node, &changes, &mut findings);
        // The others have the same, or `nodes-agree` says so.
        if findings.has_any() {
            break;
        }
    }
    let is_writer = |change: &&&Change| change.purpose == Some(Purpose::Write);
    let has_rivals = changes.values().filter(is_writer).count() > 0 && changes.len() > 1;
    let unknown = evidence.missing();
    let unknown = unknown.or_else(|| (!has_rivals).then_some(NO_WITNESS));
    let question = "did a writer come while a visitor was there, as their rows show?";
    findings.answer("undisturbed", question, unknown)
}

fn judge(node: &NodeVisits, changes: &HashMap<Marker, &Change>, findings: &mut Findings) {
    let known = |mark: &Mark| changes.get(&mark.marker()?).copied();
    // By document: the version with which each writer entered.
    let mut writers: BTreeMap<&str, Vec<(i64, &Change)>> = BTreeMap::new();
    for visit in &node.visits {
        let change = known(&visit.mark).filter(|it| it.purpose == Some(Purpose::Write));
        if let (Some(change), Some(version)) = (change, visit.entered_version) {
            let of_document = writers.entry(&visit.document).or_default();
            of_document.push((version, change));
        }
    }
    for of_document in writers.values_mut() {
        of_document.sort_unstable_by_key(|(version, change)| (*version, change.marker()));
    }
    for visit in &node.visits {
        let Some(change) = known(&visit.mark) else {
            continue;
        };
        let writer = known(&visit.entered_writer).filter(|it| it.marker() != change.marker());
        if let Some(writer) = writer {
            findings.add(Some(change.acquire.returned), || met(change, writer));
        }
        if let Some(writer) = came_meanwhile(visit, change, &writers) {
            findings.add(Some(change.acquire.returned), || {
                wrote(visit, change, writer)
            });
        }
    }
}

/// A writer that entered with a version which the document had only after this visit entered, and at its leave.
fn came_meanwhile<'a>(
    visit: &Visit,
    change: &Change,
    writers: &BTreeMap<&str, Vec<(i64, &'a Change)>>,
) -> Option<&'a Change> {
    let (entered, left) = (visit.entered_version?, visit.left_version?);
    let of_document = writers.get(&*visit.document)?;
    let first = of_document.partition_point(|(version, _)| *version <= entered);
    let mut later = of_document[first..].iter();
    let (version, writer) = later.find(|(_, writer)| writer.marker() != change.marker())?;
    (*version <= left).then_some(*writer)
}

fn met(change: &Change, writer: &Change) -> Witness {
    let prose = format!(
        "visit {} ({}) entered document {} and found visit {} writing there",
        change.marker(),
        purpose(change),
        change.row,
        writer.marker()
    );
    Witness::about(
        prose,
        change.row,
        [change, writer].map(|it| Some(it.marker())),
    )
}

fn wrote(visit: &Visit, change: &Change, writer: &Change) -> Witness {
    let version = |version: Option<i64>| version.unwrap_or_default();
    let prose = format!(
        "document {} had version {} when visit {} ({}) entered and {} when it left: visit {} wrote meanwhile",
        change.row,
        version(visit.entered_version),
        change.marker(),
        purpose(change),
        version(visit.left_version),
        writer.marker()
    );
    Witness::about(
        prose,
        change.row,
        [change, writer].map(|it| Some(it.marker())),
    )
}

fn purpose(change: &Change) -> &'static str {
    change.purpose.map_or("none", Purpose::as_str)
}
