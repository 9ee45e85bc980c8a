//! Do the changes reported ok equal the effects found in the data?

mod account;
pub(crate) mod lost;

use super::evidence::Evidence;
use super::findings::{Findings, Ms, Witness, acquired, released};
use super::heard::CUT;
use super::trace::Trace;
use crate::model::change::{Change, Restored, StepKind};
use crate::model::data::{AuditEntry, FinalRows, NodeRows, Status};
use crate::model::verdict::Answer;
use account::{SILENT, account};
use lost::Losses;

/// Counts, for each step of each change, the net changes in the audit that led to its marker and its
/// status, and holds them against what was reported: exactly one for a step that ended ok, none for
/// one that failed, at most one for an indeterminate one (and just what settling found, where it
/// found something); the host's restoring is one more. A commit that all nodes had and none has any more is
/// the database's loss, and no lie of the strategy. A missing row and a foreign one are violations
/// too. What no change explains is a matter of transition-chain, and not of this checker. Needs no contention:
/// a silent success needs no rival. Linear but for the look-up of markers.
pub fn answer(evidence: &Evidence, trace: &Trace) -> Answer {
    let mut findings = Findings::default();
    let effects = evidence.data.and_then(|data| data.effects.as_deref());
    let counts = effects.map(|effects| count(evidence, trace, effects));
    let breakdowns = evidence.data.map_or(&[][..], |data| &data.breakdowns);
    let losses = counts
        .as_deref()
        .map(|counts| Losses::find(evidence.changes, counts, breakdowns));
    for (index, change) in evidence.changes.iter().enumerate() {
        let found = counts.as_ref().map(|counts| counts[index]);
        for (kind, restored, at) in [
            (StepKind::Acquire, Restored::No, acquired(change)),
            (StepKind::Release, change.restored, released(change)),
        ] {
            let found_all = found.unwrap_or_default();
            let found = found.map(|found| found[kind as usize]);
            if let Err(mut diagnosis) = account(change.step(kind), restored, found) {
                if diagnosis == SILENT
                    && let Some(losses) = &losses
                {
                    let lost = losses.diagnosis(change, kind, found_all);
                    diagnosis = lost.unwrap_or(SILENT);
                }
                findings.add(Some(at), || describe(change, kind, found, diagnosis));
            }
        }
    }
    for node in evidence.data.iter().flat_map(|data| &data.nodes) {
        find_strays(evidence.rows, node, &mut findings);
    }
    let unknown = match evidence.data {
        None => Some(CUT),
        Some(FinalRows { effects: None, .. }) => Some("the run kept no audit of its updates"),
        Some(_) if evidence.changes.is_empty() => Some("no change was made"),
        Some(_) => None,
    };
    let question = "do the changes reported ok equal the effects found in the data?";
    findings.answer("every-change-counted", question, unknown)
}

/// By change: the net changes that acquired with its marker, and those that released with it. Capped
/// at 255, since two are too many already.
fn count(evidence: &Evidence, trace: &Trace, effects: &[AuditEntry]) -> Vec<[u8; 2]> {
    let mut counts = vec![[0u8; 2]; evidence.changes.len()];
    let led_to = effects
        .iter()
        .filter(|effect| effect.is_written())
        .filter_map(|effect| Some((effect.row, effect.to.as_ref()?)));
    for (row, to) in led_to {
        if let (Some(change), Some(step)) = (trace.find(row, &to.mark), step_to(&to.status)) {
            let count = &mut counts[change][step];
            *count = count.saturating_add(1);
        }
    }
    counts
}

fn step_to(status: &Status) -> Option<usize> {
    match status {
        Status::Deleting => Some(0),
        Status::Available => Some(1),
        Status::Other(_) => None,
    }
}

fn find_strays(rows: u32, node: &NodeRows, findings: &mut Findings) {
    let name = &node.node;
    for row in 0..rows {
        if !matches!(node.rows.get(row as usize), Some(Some(_))) {
            findings.add(None, || {
                Witness::about(format!("row {row} is gone from node {name}"), row, [])
            });
        }
    }
    for id in &node.foreign {
        findings.add(None, || {
            format!("node {name} has a row {id:?}, which the workload never made").into()
        });
    }
}

fn describe(change: &Change, kind: StepKind, found: Option<u8>, diagnosis: &str) -> Witness {
    let (worker, row, marker) = (change.worker, change.row, change.marker());
    let verb = kind.as_str();
    let shown = match change.step(kind) {
        None => format!("worker {worker} never came to {verb} row {row}"),
        Some(step) => {
            let reason = step.outcome.reason();
            let reason = reason.map_or(String::new(), |r| format!(" ({})", r.code));
            let (word, at) = (step.outcome.as_str(), Ms(step.returned));
            format!(
                "worker {worker} was told at {at} that its {verb} of row {row} ended {word}{reason}"
            )
        }
    };
    let restored = match (kind, change.restored) {
        (StepKind::Release, Restored::Yes) => ", and the host gave the row back",
        (StepKind::Release, Restored::Unclear) => ", and the host may have given the row back",
        _ => "",
    };
    let found = match found {
        Some(1) => "; the data has 1 such update".to_owned(),
        Some(n) => format!("; the data has {n} such updates"),
        None => String::new(),
    };
    let prose = format!("{shown}{restored}{found} (marker {marker}): {diagnosis}");
    Witness::about(prose, row, [Some(marker)])
}

#[cfg(test)]
mod tests;
