//! Was a writer ever at a document together with another visitor?

use super::evidence::Evidence;
use super::spans::{Stay, proven, stays, wanted, with_a_writer};
use crate::check::parts::{Findings, Ms, Unknown, Witness};
use crate::model::change::Change;
use crate::model::verdict::Answer;

const NEVER_MET: &str =
    "no writer ever wanted a document while another worker was there, or wanted it too";

/// Compares, per document, the times for which visitors were certainly there, on the host's clock; of two that
/// overlap strictly, one must not be a writer's. Only visits with a row in the database count.
pub(super) fn answer(evidence: &Evidence, uncontended: Option<Unknown<'static>>) -> Answer {
    let changes = evidence.changes;
    let there = stays(changes, |change| {
        proven(change).filter(|_| evidence.may_be_recorded(change))
    });
    let mut findings = Findings::default();
    for (earlier, later) in with_a_writer(&there) {
        findings.add(Some(later.span.start), || {
            describe(changes, &earlier, &later)
        });
    }
    let has_met = || with_a_writer(&stays(changes, wanted)).next().is_some();
    let unknown = uncontended.or_else(|| (!has_met()).then(|| Unknown::uncontended(NEVER_MET)));
    let question = "was a writer ever at a document together with another visitor?";
    findings.answer("exclusion", question, unknown)
}

fn describe(changes: &[Change], earlier: &Stay, later: &Stay) -> Witness {
    let visitor = |stay: &Stay| {
        let marker = changes[stay.span.change as usize].marker();
        let (purpose, span) = (stay.purpose.as_str(), stay.span);
        format!(
            "visit {marker} ({purpose}) was there from {} to {}",
            Ms(span.start),
            Ms(span.end)
        )
    };
    let (from, to) = (later.span.start, later.span.end.min(earlier.span.end));
    let prose = format!(
        "a writer was not alone at document {} for {}: {}; {}",
        later.span.row,
        Ms(to - from),
        visitor(earlier),
        visitor(later)
    );
    let markers = [earlier, later].map(|it| Some(changes[it.span.change as usize].marker()));
    Witness::about(prose, later.span.row, markers)
}
