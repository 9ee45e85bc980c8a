//! Did two workers hold the same row at once?

use super::evidence::Evidence;
use super::findings::{Findings, Ms, Unknown, Witness};
use super::overlap::{Span, overlaps};
use crate::model::change::{Change, Nanos};
use crate::model::verdict::Answer;

/// Compares, per row, the times for which it is proven that a change held it; two that overlap
/// strictly and are of different workers are a violation. Judges what the steps reported, so it
/// catches overlapping holders even where the data ended as if nothing had been. n·log n.
pub fn answer(evidence: &Evidence, uncontended: Option<Unknown>) -> Answer {
    let changes = evidence.changes;
    let mut findings = Findings::default();
    for (earlier, later) in overlaps(holds(changes)) {
        findings.add(Some(later.start), || describe(changes, &earlier, &later));
    }
    let question = "did two workers hold the same row at once?";
    findings.answer("mutual-exclusion", question, uncontended)
}

fn holds(changes: &[Change]) -> Vec<Span> {
    let spans = changes.iter().zip(0..).filter_map(|(change, index)| {
        let (start, end) = proven_hold(change)?;
        Some(Span {
            row: change.row,
            worker: change.worker,
            change: index,
            start,
            end,
        })
    });
    spans.collect()
}

/// The time for which the row was certainly this change's.
///
/// Begins when acquire returned ok. If it did not end ok, the effect may have come long after the
/// worker was answered (a commit that went on by itself), and only the later readings prove it: the
/// check that found the marker on every node, or else settling, which was over before release was
/// invoked.
///
/// Ends when release was invoked: from then on the row may be free at any moment. Without a release
/// (the run was stopped, the instance died) it is not known when the row was given back, so only the
/// last moment counts at which it was known to be held. That may be a single instant, which still
/// proves a violation if it lies inside another worker's hold.
pub(super) fn proven_hold(change: &Change) -> Option<(Nanos, Nanos)> {
    if !change.held() {
        return None;
    }
    let seen = change.check.filter(|check| check.agreed).map(|c| c.ended);
    let given_back = change.release.as_ref().map(|release| release.invoked);
    let is_ok = change.acquire.outcome.is_ok();
    let start = if is_ok {
        change.acquire.returned
    } else {
        seen.or(given_back)?
    };
    let end = given_back.or(seen).unwrap_or(start);
    Some((start, end.max(start)))
}

fn describe(changes: &[Change], earlier: &Span, later: &Span) -> Witness {
    let holder = |span: &Span| {
        let change = &changes[span.change as usize];
        let (worker, marker) = (change.worker, change.marker());
        let (start, end) = (Ms(span.start), Ms(span.end));
        match change.release {
            Some(_) => format!("worker {worker} ({marker}) held it from {start} to {end}"),
            None => format!(
                "worker {worker} ({marker}) held it from {start} to {end} at least, with no \
                 release on record"
            ),
        }
    };
    let (from, to) = (later.start, later.end.min(earlier.end));
    let prose = format!(
        "workers {} and {} held row {} at once for {}, from {} to {}: {}; {}",
        earlier.worker,
        later.worker,
        later.row,
        Ms(to - from),
        Ms(from),
        Ms(to),
        holder(earlier),
        holder(later)
    );
    let markers = [earlier, later].map(|span| Some(changes[span.change as usize].marker()));
    Witness::about(prose, later.row, markers)
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::{change, history};
    use super::*;
    use crate::model::change::Settled;
    use crate::model::outcome::Outcome;
    use crate::model::verdict::Verdict;

    fn judge(changes: &[Change]) -> Answer {
        let evidence = Evidence {
            rows: 9,
            changes,
            data: None,
        };
        answer(&evidence, None)
    }

    fn ms(times: [Nanos; 4]) -> [Nanos; 4] {
        times.map(|t| t * 1_000_000)
    }

    #[test]
    fn a_right_history_is_valid_and_an_uncontended_one_unknown() {
        let (changes, _) = history(6, 2, 5);
        assert_eq!(judge(&changes).verdict, Verdict::Valid);
        let evidence = Evidence {
            rows: 2,
            changes: &changes,
            data: None,
        };
        let unknown = answer(&evidence, Some("nothing was contended".into()));
        assert_eq!(unknown.verdict.as_str(), "unknown");
    }

    #[test]
    fn the_earliest_overlap_is_reported_with_both_holders() {
        let answer = judge(&[
            change(8, 4, 0, ms([0, 100, 200, 210])),
            change(9, 4, 0, ms([0, 150, 250, 260])),
            change(3, 2, 4, ms([1, 12, 20, 22])),
            change(7, 2, 1, ms([5, 15, 25, 26])),
        ]);
        assert_eq!(
            answer.verdict,
            Verdict::Violated(
                "workers 3 and 7 held row 2 at once for 5.000 ms, from 15.000 ms to 20.000 ms: \
                 worker 3 (3_4) held it from 12.000 ms to 20.000 ms; \
                 worker 7 (7_1) held it from 15.000 ms to 25.000 ms"
                    .into()
            )
        );
        assert_eq!(answer.further, 1);
        let about = answer.about.expect("a row and two changes");
        let markers: Vec<_> = about.markers.iter().map(ToString::to_string).collect();
        assert_eq!((about.row, markers), (2, vec!["3_4".into(), "7_1".into()]));
    }

    #[test]
    fn taking_while_the_other_gives_back_is_no_overlap() {
        let holder = change(3, 2, 0, ms([0, 10, 20, 30]));
        let during_release = change(7, 2, 0, ms([0, 20, 40, 50]));
        assert_eq!(judge(&[holder, during_release]).verdict, Verdict::Valid);
    }

    #[test]
    fn a_hold_that_failed_its_check_or_its_release_is_still_a_hold() {
        let mut unseen = change(3, 2, 0, ms([0, 10, 20, 30]));
        unseen.check.as_mut().unwrap().agreed = false;
        unseen.release.as_mut().unwrap().outcome = Outcome::indeterminate("trap", "");
        let other = change(7, 2, 0, ms([0, 15, 40, 50]));
        assert_eq!(judge(&[unseen, other]).verdict.as_str(), "violated");
    }

    #[test]
    fn a_change_without_effect_held_nothing() {
        let mut refused = change(3, 2, 0, ms([0, 10, 0, 0]));
        refused.acquire.outcome = Outcome::indeterminate("2013", "lost");
        refused.acquire.settled = Some(Settled::NoEffect);
        refused.release = None;
        let other = change(7, 2, 0, ms([0, 5, 40, 50]));
        assert_eq!(judge(&[refused, other]).verdict, Verdict::Valid);
    }

    #[test]
    fn without_a_release_only_what_is_known_counts() {
        let mut lost = change(3, 2, 0, ms([0, 10, 0, 0]));
        lost.release = None;
        lost.check = None;
        let around = change(7, 2, 0, ms([0, 5, 40, 50]));
        let after = change(7, 2, 0, ms([0, 11, 40, 50]));
        let answer = judge(&[lost.clone(), around]);
        let why = answer.verdict.why().expect("a violation");
        assert!(why.contains("no release on record"), "{why}");
        // The host may have given the row back in the meantime.
        assert_eq!(
            judge(&[lost.clone(), after.clone()]).verdict,
            Verdict::Valid
        );
        lost.check = change(3, 2, 0, ms([0, 10, 30, 40])).check;
        let seen_until_20 = judge(&[lost.clone(), after.clone()]);
        assert_eq!(seen_until_20.verdict.as_str(), "violated");
        lost.check.as_mut().unwrap().agreed = false;
        assert_eq!(judge(&[lost, after]).verdict, Verdict::Valid, "not seen");
    }

    #[test]
    fn an_acquire_found_by_settling_holds_from_the_reading_that_proved_it() {
        let mut late = change(3, 2, 0, ms([0, 10, 30, 40]));
        late.acquire.outcome = Outcome::indeterminate("2013", "lost");
        late.acquire.settled = Some(Settled::TookEffect);
        late.check = None;
        // Held and given back before the commit of worker 3 came through.
        let before = change(7, 2, 0, ms([0, 5, 20, 25]));
        assert_eq!(
            judge(&[late.clone(), before.clone()]).verdict,
            Verdict::Valid
        );
        let at_its_release = change(7, 2, 0, ms([0, 25, 45, 50]));
        assert_eq!(
            judge(&[late.clone(), at_its_release]).verdict.as_str(),
            "violated"
        );
        late.check = change(3, 2, 0, ms([0, 10, 30, 40])).check;
        late.check.as_mut().unwrap().ended = 15_000_000;
        assert_eq!(judge(&[late.clone(), before]).verdict.as_str(), "violated");
        late.release = None;
        late.check = None;
        let after = change(7, 2, 0, ms([0, 5, 90, 95]));
        assert_eq!(
            judge(&[late, after]).verdict,
            Verdict::Valid,
            "never proven"
        );
    }
}
