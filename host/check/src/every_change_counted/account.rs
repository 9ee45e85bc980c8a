//! Counts the updates that one step may have made.

use crate::counted::effects_of;
use crate::model::change::{Restored, Settled, Step};
use crate::model::outcome::Outcome;

/// The diagnosis of an ok without an update.
pub const SILENT: &str = "a silent success";

/// Holds the number of updates found (`None`: there was no audit) against what the step reported
/// and what settling found, and says what is wrong. A step that never was made none. `restored`
/// says whether the host itself made the same transition once more.
pub fn account(
    step: Option<&Step>,
    restored: Restored,
    found: Option<u8>,
) -> Result<(), &'static str> {
    let failed = step.is_some_and(|step| matches!(step.outcome, Outcome::Failed(_)));
    let settled = step.and_then(|step| step.settled);
    if failed && settled == Some(Settled::TookEffect) {
        // Known from the history alone, whatever the audit says.
        return Err("the error promised that nothing had happened, but the host found that it had");
    }
    let Some(found) = found.map(u32::from) else {
        return Ok(());
    };
    let (least_by_host, most_by_host) = match restored {
        Restored::No => (0, 0),
        Restored::Yes => (1, 1),
        Restored::Unclear => (0, 1),
    };
    // A step that never was made explains none.
    let (least, most) = step.map_or((0, 0), effects_of);
    if found > most + most_by_host {
        Err(match (step, settled) {
            (None, _) => "a transition that no step asked for took effect",
            _ if failed => "the error promised that nothing had happened",
            (_, Some(Settled::NoEffect)) if found == 1 + most_by_host => {
                "it took effect after the host had read that it had not"
            }
            _ => "it took effect more than once",
        })
    } else if found < least + least_by_host {
        Err(match (step, settled) {
            (Some(step), _) if step.outcome.is_ok() => SILENT,
            (_, Some(Settled::TookEffect)) => {
                "the host found it in the data, but the audit lacks it"
            }
            _ => "the host's own update is not in the data",
        })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::Reason;

    fn step(outcome: Outcome, settled: Option<Settled>) -> Step {
        Step {
            invoked: 0,
            returned: 1,
            outcome,
            errors: vec![],
            lost_locks: Default::default(),
            settled,
            seen: None,
        }
    }

    fn failed() -> Outcome {
        Outcome::Failed(Box::new(Reason {
            code: "1213".into(),
            message: String::new(),
        }))
    }

    /// The diagnoses for no, one and two updates; empty where the count is right.
    fn diagnoses(step: Option<&Step>, restored: Restored) -> [&'static str; 3] {
        [0, 1, 2].map(|found| account(step, restored, Some(found)).err().unwrap_or(""))
    }

    #[test]
    fn each_outcome_explains_its_own_number_of_updates() {
        use Settled::{NoEffect, TookEffect, Unknown};
        let unclear = || Outcome::indeterminate("2013", "lost");
        let (more, silent) = ("it took effect more than once", "a silent success");
        let promised = "the error promised that nothing had happened";
        let late = "it took effect after the host had read that it had not";
        let lacking = "the host found it in the data, but the audit lacks it";
        for (outcome, settled, expected) in [
            (Outcome::Ok, None, [silent, "", more]),
            (failed(), None, ["", promised, promised]),
            (failed(), Some(NoEffect), ["", promised, promised]),
            (failed(), Some(Unknown), ["", promised, promised]),
            (unclear(), None, ["", "", more]),
            (unclear(), Some(Unknown), ["", "", more]),
            (unclear(), Some(NoEffect), ["", late, more]),
            (unclear(), Some(TookEffect), [lacking, "", more]),
        ] {
            let step = step(outcome, settled);
            assert_eq!(diagnoses(Some(&step), Restored::No), expected, "{step:?}");
        }
        let unasked = "a transition that no step asked for took effect";
        assert_eq!(diagnoses(None, Restored::No), ["", unasked, unasked]);
    }

    #[test]
    fn restoring_is_one_update_more() {
        let unrestored = "the host's own update is not in the data";
        let unasked = "a transition that no step asked for took effect";
        assert_eq!(diagnoses(None, Restored::Yes), [unrestored, "", unasked]);
        let failed = step(failed(), Some(Settled::NoEffect));
        let promised = "the error promised that nothing had happened";
        assert_eq!(
            diagnoses(Some(&failed), Restored::Yes),
            [unrestored, "", promised]
        );
        // There was something to restore, so the release that reported ok had done nothing.
        let ok = step(Outcome::Ok, None);
        let silent = "a silent success";
        assert_eq!(diagnoses(Some(&ok), Restored::Yes), [silent, silent, ""]);
    }

    #[test]
    fn a_restoring_whose_answer_was_lost_is_one_update_or_none() {
        let unasked = "a transition that no step asked for took effect";
        assert_eq!(diagnoses(None, Restored::Unclear), ["", "", unasked]);
        let unclear = Outcome::indeterminate("2013", "lost");
        let unclear = step(unclear, Some(Settled::NoEffect));
        let late = "it took effect after the host had read that it had not";
        let found = diagnoses(Some(&unclear), Restored::Unclear);
        assert_eq!(found, ["", "", late]);
    }

    #[test]
    fn a_failed_step_found_in_the_row_is_a_lie_even_without_an_audit() {
        let lied = step(failed(), Some(Settled::TookEffect));
        for found in [None, Some(0), Some(1)] {
            assert!(
                account(Some(&lied), Restored::No, found)
                    .unwrap_err()
                    .contains("the host found")
            );
        }
        assert_eq!(
            account(Some(&step(Outcome::Ok, None)), Restored::No, None),
            Ok(())
        );
    }
}
