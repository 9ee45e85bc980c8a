//! Commits that a database acknowledged and then lost, told from successes that never were.
//!
//! A step that ended ok and is not in the data has two explanations. If the check on all nodes saw its
//! marker, the commit was there, and the database lost it. Where nothing saw it, a loss at that time explains
//! it only if nothing that was begun after it and ended before the loss is in the data: a database that comes
//! back from a crash lacks the last of what it had committed, and nothing before that.
//!
//! ```text
//! acquire, seen, in the data       ▪
//! release, in the data                ▪
//! acquire, not in the data                ▫    nothing begun later is there: lost, or never made
//! acquire, seen, not in the data             ▫ lost
//!                                              ✗ all servers are killed, or a standby is promoted
//! acquire, in the data                              ▪
//! ```

use crate::model::change::{Change, Nanos, Step, StepKind};
use crate::model::data::{Breakdown, BreakdownCause};

const LOST: &str = "committed, acknowledged, and lost";
const WITH_OTHERS: &str =
    "committed, acknowledged, and lost, as others of that time that all nodes had";
const KILLED: &str = "acknowledged right before all servers were killed: lost, or never made";
const PROMOTED: &str = "acknowledged right before a standby was promoted: lost, or never made";

/// The times at which commits were lost.
pub struct Losses(Vec<Loss>);

struct Loss {
    from: Nanos,
    until: Nanos,
    diagnosis: &'static str,
}

impl Losses {
    /// Linear in the number of changes, for each breakdown.
    pub(super) fn find(changes: &[Change], counts: &[[u8; 2]], breakdowns: &[Breakdown]) -> Self {
        let present = Present { changes, counts };
        let known = changes.iter().zip(counts);
        let known = known.filter(|(change, found)| is_known(change, found[0]));
        let known: Vec<_> = known.map(|(change, _)| change.acquire.returned).collect();
        let mut losses = Vec::new();
        if let (Some(&first), Some(&last)) = (known.iter().min(), known.iter().max()) {
            losses.push(Loss {
                from: present.last_begun_before(first),
                until: present.first_begun_after(last),
                diagnosis: WITH_OTHERS,
            });
        }
        losses.extend(Self::of_breakdowns(changes, counts, breakdowns).0);
        Self(losses)
    }

    /// Those at a breakdown alone, for data in which another change may have removed an effect without a trace.
    /// `counts`: for each change, how often the effect of its acquire and of its release is in the data.
    pub fn of_breakdowns(changes: &[Change], counts: &[[u8; 2]], breakdowns: &[Breakdown]) -> Self {
        let present = Present { changes, counts };
        let losses = breakdowns.iter().map(|breakdown| Loss {
            from: present.last_begun_before(breakdown.began),
            until: breakdown.ended,
            diagnosis: match breakdown.cause {
                BreakdownCause::AllKilled => KILLED,
                BreakdownCause::Promoted => PROMOTED,
            },
        });
        Self(losses.collect())
    }

    /// What became of a step that ended ok and is not in the data; `None` if no loss explains it.
    pub(super) fn diagnosis(
        &self,
        change: &Change,
        kind: StepKind,
        found: [u8; 2],
    ) -> Option<&'static str> {
        let returned = change.step(kind)?.returned;
        match (kind, is_known(change, found[0])) {
            (StepKind::Acquire, true) => Some(LOST),
            (StepKind::Release, true) => Some(WITH_OTHERS),
            _ => self.diagnosis_at(returned),
        }
    }

    /// The loss that explains a missing success which was told at this time, if there is one.
    pub fn diagnosis_at(&self, returned: Nanos) -> Option<&'static str> {
        let mut losses = self.0.iter();
        let loss = losses.find(|loss| (loss.from..=loss.until).contains(&returned))?;
        Some(loss.diagnosis)
    }
}

/// Every node had it, and it is gone.
fn is_known(change: &Change, found: u8) -> bool {
    let was_seen = change.check.is_some_and(|check| check.agreed);
    found == 0 && was_seen && change.acquire.outcome.is_ok()
}

/// The steps whose effects are in the data.
struct Present<'a> {
    changes: &'a [Change],
    counts: &'a [[u8; 2]],
}

impl Present<'_> {
    fn steps(&self) -> impl Iterator<Item = &Step> {
        let all = self.changes.iter().zip(self.counts);
        all.flat_map(|(change, found)| {
            let present = move |kind: &StepKind| found[*kind as usize] > 0;
            let kinds = StepKind::ALL.into_iter().filter(present);
            kinds.filter_map(|kind| change.step(kind))
        })
    }

    /// Of the steps that had returned by then.
    fn last_begun_before(&self, then: Nanos) -> Nanos {
        let returned = self.steps().filter(|step| step.returned <= then);
        returned.map(|step| step.invoked).max().unwrap_or(0)
    }

    fn first_begun_after(&self, then: Nanos) -> Nanos {
        let later = self.steps().map(|step| step.invoked);
        later.filter(|&at| at > then).min().unwrap_or(Nanos::MAX)
    }
}
