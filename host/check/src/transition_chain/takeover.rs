//! Judges a row that went from one holder to another without having been available in between.

use super::super::mutual_exclusion::proven_hold;
use crate::model::change::Change;

/// The verdict on a takeover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takeover {
    /// The change took what it held already.
    Repeated,
    /// Both are proven to have held the row at once, which mutual-exclusion reports.
    Proven,
    /// The former holder held nothing any more, or no step of it reported that it did: a row that is left by
    /// a worker whose release failed may be taken over.
    AfterItsEnd,
    /// The release of the former holder was in flight, or is not on record.
    Unclear,
}

/// Compares the hold of the change that lost the row with the acquire of the one that took it.
///
/// A worker holds its row from the return of acquire until it invokes release. In `steal-by-age`, a
/// strategy that takes over rows which were held for longer than a limit, three things can be:
///
/// ```text
/// holder   |--acquire--|=======hold=======|--release (fails: stolen)--|
/// thief 1      |-------acquire-------|                        Proven
/// thief 2                |-----------acquire-----------|      Unclear
/// thief 3                                    |--acquire--|    AfterItsEnd
/// ```
///
/// The second may have written before or after the holder let go.
pub fn takeover(former: &Change, later: &Change) -> Takeover {
    if former.marker() == later.marker() {
        return Takeover::Repeated;
    }
    let is_same_worker = former.worker == later.worker;
    if is_same_worker || !former.acquire.outcome.is_ok() {
        return Takeover::AfterItsEnd;
    }
    let (Some((from, until)), Some(taken)) = (proven_hold(former), proven_hold(later)) else {
        return Takeover::Unclear;
    };
    if from.max(taken.0) < until.min(taken.1) {
        return Takeover::Proven;
    }
    match &former.release {
        Some(release) if release.invoked <= later.acquire.invoked => Takeover::AfterItsEnd,
        _ => Takeover::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::synthetic::change;
    use super::*;
    use crate::model::outcome::Outcome;

    fn judge(thief: [u64; 2]) -> Takeover {
        let holder = change(1, 0, 0, [0, 10, 50, 90]);
        let [invoked, returned] = thief;
        takeover(&holder, &change(2, 0, 0, [invoked, returned, 200, 210]))
    }

    #[test]
    fn takeover_is_judged_by_the_times_of_the_former_holder() {
        assert_eq!(judge([5, 40]), Takeover::Proven);
        assert_eq!(judge([20, 70]), Takeover::Unclear);
        assert_eq!(judge([60, 80]), Takeover::AfterItsEnd);
    }

    #[test]
    fn takeover_from_a_worker_without_a_reported_hold_is_no_harm() {
        let mut holder = change(1, 0, 0, [0, 10, 50, 90]);
        let thief = change(2, 0, 0, [5, 40, 200, 210]);
        holder.acquire.outcome = Outcome::indeterminate("2013", "lost");
        assert_eq!(takeover(&holder, &thief), Takeover::AfterItsEnd);
    }

    #[test]
    fn takeover_from_a_worker_without_release_is_unclear() {
        let mut holder = change(1, 0, 0, [0, 10, 50, 90]);
        holder.release = None;
        holder.check = None;
        let thief = change(2, 0, 0, [20, 40, 200, 210]);
        assert_eq!(takeover(&holder, &thief), Takeover::Unclear);
    }

    #[test]
    fn takeover_by_the_same_change_is_a_repetition() {
        let own = change(1, 0, 0, [0, 10, 50, 90]);
        assert_eq!(takeover(&own, &own), Takeover::Repeated);
        let next = change(1, 0, 1, [95, 99, 200, 210]);
        assert_eq!(takeover(&own, &next), Takeover::AfterItsEnd);
    }
}
