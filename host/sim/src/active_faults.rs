//! Faults of a schedule while a simulation runs: which have come, and which of them last.
//!
//! Two faults may do the same at the same time, such as two crashes of one node. Their effect begins
//! with the first and ends with the last of them.

use crate::model::sim_fault::{Fate, FaultAction, SimFault, SimFaultEvent};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    ToCome,
    Active,
    Over,
}

/// A schedule that is being carried out.
pub(super) struct ActiveFaults {
    faults: Vec<(SimFault, Stage)>,
    is_called_off: bool,
}

impl ActiveFaults {
    pub(super) fn new(schedule: Vec<SimFault>) -> Self {
        let to_come = |fault| (fault, Stage::ToCome);
        Self {
            faults: schedule.into_iter().map(to_come).collect(),
            is_called_off: false,
        }
    }

    pub(super) fn schedule(&self) -> impl Iterator<Item = &SimFault> {
        self.faults.iter().map(|(fault, _)| fault)
    }

    /// Begins a fault. Returns it, and whether anything is to be done: not if another one does the same
    /// already. `None` if the schedule was called off.
    pub(super) fn begin(&mut self, number: u32) -> Option<(SimFault, bool)> {
        if self.is_called_off {
            return None;
        }
        let fault = self.faults.get(number as usize)?.0.clone();
        let is_new = !self.goes_on(&fault.what);
        self.faults[number as usize].1 = Stage::Active;
        Some((fault, is_new))
    }

    /// Ends a fault. `None` if its effect goes on, because another one does the same, or if it never
    /// began.
    pub(super) fn end(&mut self, number: u32) -> Option<SimFault> {
        let (fault, stage) = self.faults.get_mut(number as usize)?;
        if *stage != Stage::Active {
            return None;
        }
        *stage = Stage::Over;
        let fault = fault.clone();
        (!self.goes_on(&fault.what)).then_some(fault)
    }

    /// Calls the rest of the schedule off. Returns the faults that are to be ended, each once.
    pub(super) fn call_off(&mut self) -> Vec<SimFault> {
        self.is_called_off = true;
        let numbers = 0..self.faults.len() as u32;
        numbers.filter_map(|number| self.end(number)).collect()
    }

    /// The fate of each fault. `uncut` has the number of cuts of each worker that still wait for a
    /// commit: the last ones that came, because the first ones are the first to hit.
    pub(super) fn fates(&self, mut uncut: BTreeMap<u32, usize>) -> Vec<SimFaultEvent> {
        let mut fate = |fault: &SimFault, stage: Stage| match fault.what {
            _ if stage == Stage::ToCome => Fate::TooLate,
            FaultAction::CutCommit { worker, .. } => match uncut.get_mut(&worker) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    Fate::NoCommit
                }
                _ => Fate::Came,
            },
            _ => Fate::Came,
        };
        let texts = self
            .faults
            .iter()
            .rev()
            .map(|(fault, stage)| SimFaultEvent {
                fault: fault.clone(),
                fate: fate(fault, *stage),
            });
        let mut texts: Vec<_> = texts.collect();
        texts.reverse();
        texts
    }

    /// Says whether an active fault does the same.
    fn goes_on(&self, harm: &FaultAction) -> bool {
        let mut faults = self.faults.iter();
        faults.any(|(fault, stage)| *stage == Stage::Active && does_the_same(&fault.what, harm))
    }
}

/// Says whether one of them alone would do. Never so for faults that are over at once.
fn does_the_same(one: &FaultAction, other: &FaultAction) -> bool {
    let Some(lasts) = one.lasts() else {
        return false;
    };
    let mut other = other.clone();
    if let Some(its) = other.time_mut() {
        *its = lasts;
    }
    *one == other
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sim_fault::Cut;

    fn crash(node: u32, at: u64, lasts: u64) -> SimFault {
        SimFault {
            at,
            what: FaultAction::CrashNode { node, lasts },
        }
    }

    #[test]
    fn shared_span_begins_with_the_first_and_ends_with_the_last() {
        let [first, second, elsewhere] = [crash(1, 0, 5), crash(1, 3, 9), crash(2, 4, 1)];
        let all = vec![first.clone(), second.clone(), elsewhere.clone()];
        let mut faults = ActiveFaults::new(all);
        assert_eq!(faults.begin(0), Some((first, true)));
        assert_eq!(faults.begin(1), Some((second.clone(), false)));
        assert_eq!(faults.begin(2), Some((elsewhere.clone(), true)));
        assert_eq!(faults.end(0), None);
        assert_eq!(faults.end(2), Some(elsewhere));
        assert_eq!(faults.end(1), Some(second));
        assert_eq!(faults.end(1), None);
    }

    #[test]
    fn cancelled_event_ends_once_and_never_comes() {
        let [over, shorter, longer, late] = [
            crash(0, 0, 1),
            crash(1, 2, 9),
            crash(1, 3, 9),
            crash(2, 9, 9),
        ];
        let mut faults = ActiveFaults::new(vec![over, shorter, longer.clone(), late]);
        for number in 0..3 {
            faults.begin(number);
        }
        faults.end(0);
        assert_eq!(faults.call_off(), [longer]);
        assert_eq!(faults.begin(3), None);
        assert_eq!(faults.end(3), None);
        assert_eq!(faults.call_off(), []);
    }

    #[test]
    fn it_is_known_of_each_fault_what_became_of_it() {
        let cut = |worker, at| SimFault {
            at,
            what: FaultAction::CutCommit {
                worker,
                cut: Cut::After,
            },
        };
        let all = vec![cut(0, 0), cut(0, 1), cut(1, 1), crash(0, 2, 9), cut(0, 9)];
        let mut faults = ActiveFaults::new(all);
        for number in 0..4 {
            faults.begin(number);
        }
        let fates = faults.fates([(0, 1), (1, 0)].into());
        let fates: Vec<_> = fates.into_iter().map(|event| event.fate).collect();
        use Fate::{Came, NoCommit, TooLate};
        assert_eq!(fates, [Came, NoCommit, Came, Came, TooLate]);
    }

    #[test]
    fn immediate_work_is_done_each_time() {
        let failover = SimFault {
            at: 0,
            what: FaultAction::FailoverLocks,
        };
        let mut faults = ActiveFaults::new(vec![failover.clone(), failover.clone()]);
        assert_eq!(faults.begin(0), Some((failover.clone(), true)));
        assert_eq!(faults.begin(1), Some((failover, true)));
    }
}
