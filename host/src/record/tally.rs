//! The combined figures of all simulations of a search.

use crate::model::change::{Change, Nanos};
use crate::model::shape::{Shape, Shapes};
use crate::model::sim_fault::{FaultAction, SimFault};
use crate::model::verdict::Verdict;
use serde::Serialize;
use std::collections::BTreeMap;

/// A strategy may make up a code for each error; beyond so many they are counted together.
const MOST_CODES: usize = 50;

/// Sums, so that a million seeds take no more memory than one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    pub seeds: u64,
    /// Seeds whose verdict was unknown, and the reason of the first that was counted.
    pub unknown: u64,
    pub unknown_why: Option<String>,
    pub simulated_ns: Nanos,
    pub statements: u64,
    pub changes: u64,
    pub ok: u64,
    pub indeterminate: u64,
    /// Errors returned to strategies, by kind and code: `conflict 1213`.
    pub errors_met: BTreeMap<String, u64>,
    /// For each of these one message: of several the first in the order of the alphabet, so that it
    /// does not depend on which thread came first.
    pub messages: BTreeMap<String, String>,
    /// Injected faults, by kind.
    pub faults: BTreeMap<String, u64>,
    /// The shapes that there were; `None` before the first simulation.
    pub shapes: Option<Shapes>,
}

impl Tally {
    /// Adds one simulation.
    pub fn add(
        &mut self,
        verdict: &Verdict,
        shape: Shape,
        changes: &[Change],
        faults: &[SimFault],
    ) {
        self.seeds += 1;
        self.shapes = Some(match self.shapes {
            Some(shapes) => shapes.with(shape),
            None => shape.into(),
        });
        if let Verdict::Unknown(why) = verdict {
            self.unknown += 1;
            self.unknown_why.get_or_insert_with(|| why.clone());
        }
        for change in changes {
            self.changes += 1;
            self.ok += u64::from(change.is_ok());
            self.indeterminate += u64::from(change.is_indeterminate());
            for error in change.steps().flat_map(|step| &step.errors) {
                let name = format!("{} {}", error.kind.as_str(), error.code);
                let name = count(&mut self.errors_met, name, u64::from(error.count));
                let known = self.messages.entry(name).or_default();
                if known.is_empty() || (!error.message.is_empty() && error.message < *known) {
                    known.clone_from(&error.message);
                }
            }
        }
        for fault in faults {
            count(&mut self.faults, word(&fault.what).to_owned(), 1);
        }
    }
}

/// Gives the name under which it was counted.
fn count(counts: &mut BTreeMap<String, u64>, name: String, more: u64) -> String {
    let is_full = counts.len() >= MOST_CODES && !counts.contains_key(&name);
    let name = if is_full { "others".to_owned() } else { name };
    *counts.entry(name.clone()).or_default() += more;
    name
}

fn word(action: &FaultAction) -> &'static str {
    match action {
        FaultAction::PauseWorker { .. } => "worker paused",
        FaultAction::CrashWorker { .. } => "worker crashed",
        FaultAction::CrashNode { .. } => "node crashed",
        FaultAction::Partition { .. } => "partition",
        FaultAction::CutCommit { .. } => "connection cut at commit",
        FaultAction::Promote { .. } => "standby promoted",
        FaultAction::DelayApply { .. } => "apply delayed",
        FaultAction::BlindProxy { .. } => "proxy blind",
        FaultAction::RestartLocks { .. } => "lock service restarted",
        FaultAction::FailoverLocks => "lock service failed over",
        FaultAction::SkewLocks { .. } => "lock service's clock off",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::error::{CallError, ErrorKind, count_error};
    use crate::record::fixtures::change;

    #[test]
    fn simulations_are_summed_up() {
        let mut met = change(1, 0, 5, 6);
        let conflict = CallError::new(ErrorKind::Conflict, "1213", "");
        count_error(&mut met.acquire.errors, &conflict);
        count_error(&mut met.acquire.errors, &conflict);
        let fault = SimFault {
            at: 0,
            what: FaultAction::FailoverLocks,
        };
        let mut tally = Tally::default();
        let changes = [met.clone(), change(2, 0, 5, 6)];
        tally.add(&Verdict::Valid, shape(2, 3), &changes, &[fault]);
        tally.add(&Verdict::Unknown("why".into()), shape(1, 8), &[met], &[]);
        assert_eq!(
            (tally.seeds, tally.unknown, tally.changes, tally.ok),
            (2, 1, 3, 3)
        );
        assert_eq!(tally.errors_met["conflict 1213"], 4);
        assert_eq!(tally.faults["lock service failed over"], 1);
        let shapes = tally.shapes.unwrap().to_string();
        let expected = "1 to 2 rows × 3 to 8 workers × 3 changes, pause 1 ms, hold 2 ms";
        assert_eq!(shapes, expected);
    }

    fn shape(rows: u32, workers_per_row: u32) -> Shape {
        Shape {
            rows,
            workers_per_row,
            changes_per_worker: 3,
            pause_ms: 1,
            hold_ms: 2,
        }
    }

    #[test]
    fn one_message_of_each_code_is_kept_whichever_thread_came_first() {
        let met = |message: &str| {
            let mut met = change(1, 0, 5, 6);
            count_error(
                &mut met.acquire.errors,
                &CallError::rejected("syntax", message),
            );
            met
        };
        for order in [["near a", "near b"], ["near b", "near a"]] {
            let mut tally = Tally::default();
            for message in order {
                tally.add(&Verdict::Valid, shape(1, 2), &[met(message)], &[]);
            }
            assert_eq!(tally.messages["rejected syntax"], "near a");
        }
    }

    #[test]
    fn codes_that_are_made_up_take_no_memory() {
        let mut tally = Tally::default();
        for code in 0..1_000 {
            let mut met = change(1, 0, 5, 6);
            count_error(&mut met.acquire.errors, &CallError::conflict(code, ""));
            tally.add(&Verdict::Valid, shape(1, 2), &[met], &[]);
        }
        assert_eq!(tally.errors_met.len(), MOST_CODES + 1);
        assert_eq!(tally.errors_met["others"], 950);
    }
}
