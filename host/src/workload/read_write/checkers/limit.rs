//! Were there ever more readers at a document than the limit?

use super::evidence::Evidence;
use super::spans::{over_the_limit, proven, stays, wanted};
use crate::check::parts::{Findings, Ms, Unknown, Witness};
use crate::model::change::Nanos;
use crate::model::marker::Marker;
use crate::model::verdict::Answer;

const NEVER_MORE: &str = "never did more readers want a document at once than the limit allows";

/// Counts, per document, the readers that were certainly there at once, on the host's clock. Only visits with a
/// row in the database count.
pub(super) fn answer(
    evidence: &Evidence,
    limit: u32,
    uncontended: Option<Unknown<'static>>,
) -> Answer {
    let changes = evidence.changes;
    let there = stays(changes, |change| {
        proven(change).filter(|_| evidence.may_be_recorded(change))
    });
    let mut findings = Findings::default();
    over_the_limit(&there, limit, |readers| {
        let at = readers.last().map(|stay| stay.span.start);
        findings.add(at, || {
            let named = |change: u32| changes[change as usize].marker();
            let markers: Vec<_> = readers.iter().map(|it| named(it.span.change)).collect();
            describe(readers[0].span.row, at.unwrap_or_default(), limit, &markers)
        });
    });
    let mut wanted_more = false;
    over_the_limit(&stays(changes, wanted), limit, |_| wanted_more = true);
    let unknown = uncontended.or_else(|| (!wanted_more).then(|| Unknown::uncontended(NEVER_MORE)));
    let question = "were there ever more readers at a document than the limit?";
    findings.answer("reader-limit", question, unknown)
}

fn describe(row: u32, at: Nanos, limit: u32, markers: &[Marker]) -> Witness {
    let names: Vec<_> = markers.iter().map(ToString::to_string).collect();
    let prose = format!(
        "{} readers were at document {row} at {}, with a limit of {limit}: visits {}",
        markers.len(),
        Ms(at),
        names.join(", ")
    );
    Witness::about(prose, row, markers.iter().copied().map(Some))
}
