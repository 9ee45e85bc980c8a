//! Counts the rows that one change may have in the end.

use super::super::prose::is_failed;
use crate::check::parts::effects_of;
use crate::model::change::{Change, Restored, Settled};
use crate::model::outcome::Outcome;

/// It ended ok, and its row is not there.
pub const SILENT: &str = "a silent success";

/// Holds the number of rows found (`None`: there is no data) against what the change reported and
/// what settling found, and says what is wrong.
pub fn account(change: &Change, found: Option<u8>) -> Result<(), &'static str> {
    // Known from the history alone, whatever the data says now.
    broken_promise(change)?;
    let Some(found) = found.map(u32::from) else {
        return Ok(());
    };
    let (least, most) = expected(change);
    if found > most {
        Err(match &change.acquire {
            _ if found > 1 => "one allocation has several rows",
            acquire if is_failed(acquire) => "the error promised that nothing had happened",
            acquire if effects_of(acquire).1 == 0 => {
                "it took effect after the host had read that it had not"
            }
            _ => "it was given back, and still stands there",
        })
    } else if found < least {
        Err(match (&change.acquire.outcome, &change.release) {
            (Outcome::Ok, None) => SILENT,
            (_, Some(release)) if is_failed(release) => {
                "the row is gone although its release failed: the allocation was lost, or it was \
                 given back and told otherwise"
            }
            _ => "the row was there, and is gone although it was not released",
        })
    } else {
        Ok(())
    }
}

/// An error said that the acquire certainly had no effect, and the host found its row. Nothing of the sort
/// can be said of a release: a row that is gone does not show its remover.
fn broken_promise(change: &Change) -> Result<(), &'static str> {
    let acquire = &change.acquire;
    match is_failed(acquire) && acquire.settled == Some(Settled::TookEffect) {
        true => Err("the error promised that nothing had happened, but the host found the row"),
        false => Ok(()),
    }
}

/// The least and the most rows that the change explains.
fn expected(change: &Change) -> (u32, u32) {
    let (least, most) = effects_of(&change.acquire);
    let (least_gone, most_gone) = match (change.restored, &change.release) {
        (Restored::Yes, _) => (1, 1),
        (Restored::No, None) => (0, 0),
        (Restored::No, Some(release)) => effects_of(release),
        (Restored::Unclear, release) => (release.as_ref().map_or(0, |it| effects_of(it).0), 1),
    };
    (
        least.saturating_sub(most_gone),
        most.saturating_sub(least_gone),
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::synthetic::{address, given_back, kept, refused};
    use super::*;
    use crate::model::change::Step;
    use Settled::{NoEffect, TookEffect, Unknown};

    /// The diagnoses for no, one and two rows; empty where the count is right.
    fn diagnoses(change: &Change) -> [&'static str; 3] {
        [0, 1, 2].map(|found| account(change, Some(found)).err().unwrap_or(""))
    }

    fn unclear(step: &mut Step, settled: Option<Settled>) {
        step.outcome = Outcome::indeterminate("2013", "lost");
        step.settled = settled;
    }

    fn failed(code: &str) -> Outcome {
        refused(0, 0, 0, [0, 1], code).acquire.outcome
    }

    const MORE: &str = "one allocation has several rows";
    const PROMISED: &str = "the error promised that nothing had happened";
    const LATE: &str = "it took effect after the host had read that it had not";
    const STILL: &str = "it was given back, and still stands there";
    const LOST: &str = "the row is gone although its release failed: the allocation was lost, or it \
                        was given back and told otherwise";
    const GONE: &str = "the row was there, and is gone although it was not released";

    #[test]
    fn each_outcome_of_acquire_explains_its_own_number_of_rows() {
        let ok = kept(0, 0, 0, [0, 1], &address(0, 0));
        assert_eq!(diagnoses(&ok), [SILENT, "", MORE]);
        for settled in [None, Some(NoEffect), Some(Unknown)] {
            let mut failed = refused(0, 0, 0, [0, 1], "1213");
            failed.acquire.settled = settled;
            assert_eq!(diagnoses(&failed), ["", PROMISED, MORE]);
        }
        for (settled, expected) in [
            (None, ["", "", MORE]),
            (Some(Unknown), ["", "", MORE]),
            (Some(NoEffect), ["", LATE, MORE]),
            (Some(TookEffect), [GONE, "", MORE]),
        ] {
            let mut change = ok.clone();
            unclear(&mut change.acquire, settled);
            assert_eq!(diagnoses(&change), expected, "{settled:?}");
        }
    }

    #[test]
    fn each_outcome_of_release_leaves_its_own_number_of_rows() {
        let ok = given_back(0, 0, 0, [0, 1, 2, 3], &address(0, 0));
        assert_eq!(diagnoses(&ok), ["", STILL, MORE]);
        for (settled, expected) in [
            (None, ["", "", MORE]),
            (Some(Unknown), ["", "", MORE]),
            (Some(NoEffect), [GONE, "", MORE]),
            (Some(TookEffect), ["", STILL, MORE]),
        ] {
            let mut change = ok.clone();
            unclear(change.release.as_mut().unwrap(), settled);
            assert_eq!(diagnoses(&change), expected, "{settled:?}");
        }
        let mut refused = ok.clone();
        let release = refused.release.as_mut().unwrap();
        release.outcome = failed("1213");
        for settled in [NoEffect, Unknown] {
            refused.release.as_mut().unwrap().settled = Some(settled);
            assert_eq!(diagnoses(&refused), [LOST, "", MORE]);
        }
    }

    #[test]
    fn restored_allocation_is_gone() {
        let mut change = given_back(0, 0, 0, [0, 1, 2, 3], &address(0, 0));
        unclear(change.release.as_mut().unwrap(), Some(NoEffect));
        change.restored = Restored::Yes;
        assert_eq!(diagnoses(&change), ["", STILL, MORE]);
        change.restored = Restored::Unclear;
        assert_eq!(diagnoses(&change), ["", "", MORE]);
        change.release.as_mut().unwrap().settled = Some(TookEffect);
        assert_eq!(diagnoses(&change), ["", STILL, MORE]);
        change.release = None;
        assert_eq!(diagnoses(&change), ["", "", MORE]);
        unclear(&mut change.acquire, Some(Unknown));
        change.restored = Restored::Yes;
        assert_eq!(diagnoses(&change), ["", STILL, MORE]);
    }

    #[test]
    fn a_broken_promise_is_reported_even_without_data() {
        let mut lied = refused(0, 0, 0, [0, 1], "1213");
        lied.acquire.settled = Some(TookEffect);
        for found in [None, Some(0), Some(1)] {
            let told = account(&lied, found).unwrap_err();
            assert!(told.contains("the host found the row"), "{told}");
        }
        let mut lost = given_back(0, 0, 0, [0, 1, 2, 3], &address(0, 0));
        lost.release.as_mut().unwrap().outcome = failed("not-allocated");
        assert_eq!(account(&lost, None), Ok(()), "it may be another's doing");
        let ok = kept(0, 0, 0, [0, 1], &address(0, 0));
        assert_eq!(account(&ok, None), Ok(()));
    }
}
