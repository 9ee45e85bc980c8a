//! Is every write in the document's version?

use super::evidence::Evidence;
use crate::check::parts::{Findings, Witness, effects_of};
use crate::model::change::Change;
use crate::model::purpose::Purpose;
use crate::model::verdict::Answer;
use crate::workload::read_write::tables::NodeVisits;
use std::collections::BTreeMap;

/// Each writer that entered raised the version by one: two that read the same version lost one of them. Of data
/// that a breakdown of the database may have cut, only more than that is a violation.
pub(super) fn answer(evidence: &Evidence) -> Answer {
    let mut findings = Findings::default();
    for node in evidence.nodes() {
        judge(evidence, node, &mut findings);
        if findings.has_any() {
            break;
        }
    }
    let question = "is every write in the document's version?";
    findings.answer("every-write-counted", question, evidence.missing())
}

fn judge(evidence: &Evidence, node: &NodeVisits, findings: &mut Findings) {
    let mut by_document: BTreeMap<String, (u32, Vec<&Change>)> = BTreeMap::new();
    let writes = evidence.changes.iter();
    for change in writes.filter(|change| change.purpose == Some(Purpose::Write)) {
        let of_document = by_document.entry(change.row.to_string());
        let (row, writes) = of_document.or_insert((change.row, Vec::new()));
        *row = change.row;
        writes.push(change);
    }
    let has_lost = evidence.found.is_some_and(|it| !it.breakdowns.is_empty());
    for document in &node.documents {
        let Some((row, writes)) = by_document.get(&document.id) else {
            continue;
        };
        let effects = writes.iter().map(|change| effects_of(&change.acquire));
        let (least, most) = effects.fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
        let least = if has_lost { 0 } else { least };
        let version = document.version.unwrap_or(-1);
        if !(i64::from(least)..=i64::from(most)).contains(&version) {
            findings.add(None, || {
                let writers = match least == most {
                    true => format!("{most}"),
                    false => format!("{least} to {most}"),
                };
                let prose = format!(
                    "document {row} has version {version} on node {}, and {writers} writers entered it",
                    node.node
                );
                Witness::about(prose, *row, writes.iter().map(|it| Some(it.marker())))
            });
        }
    }
}
