//! Do the visits reported ok equal the rows of the table?

use super::evidence::Evidence;
use crate::check::parts::{Findings, Losses, Witness, effects_of};
use crate::model::change::Change;
use crate::model::marker::Marker;
use crate::model::purpose::Purpose;
use crate::model::verdict::Answer;
use crate::workload::read_write::tables::{NodeVisits, Visit};
use std::collections::HashMap;

const SILENT: &str = "a silent success";

/// Holds, on every node, each visit against its row: there with its document and purpose if it entered with ok,
/// with the version on leaving if it left with ok, and not there if its enter failed. A row of no visit is a
/// violation too. Needs no contention. A success right before a breakdown of the database is not called silent.
pub(super) fn answer(evidence: &Evidence) -> Answer {
    let mut findings = Findings::default();
    for node in evidence.nodes() {
        judge(evidence, node, &mut findings);
        if findings.has_any() {
            break;
        }
    }
    let question = "do the visits reported ok equal the rows?";
    findings.answer("every-visit-recorded", question, evidence.missing())
}

fn judge(evidence: &Evidence, node: &NodeVisits, findings: &mut Findings) {
    let changes = evidence.changes;
    let rows: Vec<_> = changes.iter().map(|it| node.visit(it.marker())).collect();
    let has_left = |row: &Visit| row.left_version.is_some();
    let counts = rows.iter().map(|row| {
        let row = row.as_ref();
        [
            u8::from(row.is_some()),
            u8::from(row.is_some_and(|row| has_left(row))),
        ]
    });
    let counts: Vec<_> = counts.collect();
    let breakdowns = evidence.found.map_or(&[][..], |found| &found.breakdowns);
    let losses = Losses::of_breakdowns(changes, &counts, breakdowns);
    for (change, row) in changes.iter().zip(rows) {
        let Some((step, wrong)) = wrong(change, row) else {
            continue;
        };
        let lost = losses
            .diagnosis_at(step)
            .filter(|_| wrong.starts_with(SILENT));
        let wrong = lost.unwrap_or(wrong);
        findings.add(Some(step), || {
            let prose = format!(
                "visit {} of document {}, on node {}: {wrong}",
                change.marker(),
                change.row,
                node.node
            );
            Witness::about(prose, change.row, [Some(change.marker())])
        });
    }
    let known: HashMap<Marker, &Change> = changes.iter().map(|it| (it.marker(), it)).collect();
    let is_of_none = |row: &&Visit| !row.mark.marker().is_some_and(|it| known.contains_key(&it));
    for row in node.visits.iter().filter(is_of_none) {
        findings.add(None, || {
            let mark = &row.mark;
            format!(
                "node {} has a row of {mark}, which is no visit of this run",
                node.node
            )
            .into()
        });
    }
}

/// The time of the step that a visit's row contradicts, and the contradiction.
fn wrong(change: &Change, row: Option<&Visit>) -> Option<(u64, &'static str)> {
    let (least, most) = effects_of(&change.acquire);
    let entered = change.acquire.returned;
    let Some(row) = row else {
        return (least > 0).then_some((entered, "a silent success: it has no row"));
    };
    if most == 0 {
        return Some((entered, "its enter had no effect, and its row is there"));
    }
    let purpose = change.purpose.map_or("", Purpose::as_str);
    if row.document != change.row.to_string() || row.purpose != purpose {
        return Some((entered, "its row is of another document or purpose"));
    }
    let release = change.release.as_ref()?;
    let (least, most) = effects_of(release);
    match row.left_version {
        None if least > 0 => Some((
            release.returned,
            "a silent success: its row has no version on leaving",
        )),
        Some(_) if most == 0 => Some((
            release.returned,
            "its leave had no effect, and its row has a version on leaving",
        )),
        _ => None,
    }
}
