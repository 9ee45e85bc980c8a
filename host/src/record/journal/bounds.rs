//! Validation of a history against its plan. A file may be forged or damaged: a change that no run of
//! the plan could have recorded is refused, before any figure or verdict depends on it.

use crate::model::change::{Change, Check, Nanos, Step};
use std::collections::HashMap;

/// The numbers that a plan allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub workers: u32,
    pub rows: u32,
    pub changes_per_worker: u32,
    /// A change whose acquire ended ok has a release.
    pub always_releases: bool,
    /// No step returned later.
    pub until: Nanos,
}

/// Follows a history from its first line.
pub(super) struct Course {
    bounds: Bounds,
    /// By worker: the number of its last change, and when that was over.
    last: HashMap<u32, (u32, Nanos)>,
}

impl Course {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            last: HashMap::new(),
        }
    }

    /// The reason why this change can't come next; `Ok` if it can.
    ///
    /// A worker makes one change after another. So of each worker the numbers grow, and a change is
    /// invoked after the one before has returned: with worker 3's change 0 over at 70 ns, a change 0
    /// again is there twice, and a change 1 invoked at 60 ns is impossible.
    pub(super) fn admit(&mut self, change: &Change) -> Result<(), String> {
        let bounds = &self.bounds;
        below("worker", change.worker, bounds.workers)?;
        below("row", change.row, bounds.rows)?;
        below("number", change.number, bounds.changes_per_worker)?;
        if bounds.always_releases && change.acquire.outcome.is_ok() && change.release.is_none() {
            return Err("its acquire ended ok, and it has no release".to_owned());
        }
        let over = end_of(change)?;
        let until = bounds.until;
        if over > until {
            return Err(format!(
                "it ends at {over} ns, and the run ended at {until} ns"
            ));
        }
        let before = self.last.insert(change.worker, (change.number, over));
        let marker = change.marker();
        match before {
            Some((number, _)) if number == change.number => {
                Err(format!("change {marker} is there twice"))
            }
            Some((number, _)) if number > change.number => Err(format!(
                "change {marker} comes after change {}_{number} of the same worker",
                change.worker
            )),
            Some((_, earlier)) if earlier > change.acquire.invoked => Err(format!(
                "change {marker} began at {} ns, before its worker's last one ended at {earlier} ns",
                change.acquire.invoked
            )),
            _ => Ok(()),
        }
    }
}

fn below(what: &str, value: u32, bound: u32) -> Result<(), String> {
    match value < bound {
        true => Ok(()),
        false => Err(format!(
            "its {what} is {value}, and the plan has {bound} (from 0)"
        )),
    }
}

/// The time when a change was over. An error if its times are not in order.
fn end_of(change: &Change) -> Result<Nanos, String> {
    let of_step = |name, step: &Step| {
        [
            (name, "invoked", step.invoked),
            (name, "returned", step.returned),
        ]
    };
    let of_check = |check: &Check| {
        [
            ("check", "began", check.began),
            ("check", "ended", check.ended),
        ]
    };
    let acquire = Some(of_step("acquire", &change.acquire));
    let check = change.check.as_ref().map(of_check);
    let release = change.release.as_ref();
    let release = release.map(|step| of_step("release", step));
    let mut before = ("change", "began", 0);
    for time in [acquire, check, release].into_iter().flatten().flatten() {
        let ((one, first, earlier), (other, second, later)) = (before, time);
        if earlier > later {
            return Err(format!(
                "its {other} {second} at {later} ns, before its {one} {first} at {earlier} ns"
            ));
        }
        before = time;
    }
    Ok(before.2)
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures::change;
    use super::*;

    const BOUNDS: Bounds = Bounds {
        workers: 3,
        rows: 3,
        changes_per_worker: 5,
        always_releases: true,
        until: 1_000_000_000,
    };

    /// The change of this number, which begins when those before are over.
    fn nth(worker: u32, number: u32) -> Change {
        let mut change = change(worker, number, 5, 6);
        let later = u64::from(number) * 11_000_000;
        let check = change.check.as_mut().unwrap();
        let release = change.release.as_mut().unwrap();
        for at in [
            &mut change.acquire.invoked,
            &mut change.acquire.returned,
            &mut check.began,
            &mut check.ended,
            &mut release.invoked,
            &mut release.returned,
        ] {
            *at += later;
        }
        change
    }

    fn admitted(changes: &[Change]) -> Result<(), String> {
        let mut course = Course::new(BOUNDS);
        changes.iter().try_for_each(|change| course.admit(change))
    }

    #[test]
    fn course_of_two_workers_is_admitted() {
        let changes = [nth(1, 0), nth(2, 0), nth(2, 1), nth(1, 3), nth(2, 4)];
        assert_eq!(admitted(&changes), Ok(()));
    }

    #[test]
    fn change_that_no_run_could_have_recorded_is_refused() {
        type Spoil = fn(&mut Change);
        let spoilt: &[(Spoil, &str)] = &[
            (|it| it.worker = 3, "its worker is 3, and the plan has 3"),
            (|it| it.row = u32::MAX, "its row is 4294967295"),
            (|it| it.number = 5, "its number is 5"),
            (|it| it.number = 0, "change 1_0 is there twice"),
            (
                |it| it.acquire.invoked = 0,
                "before its worker's last one ended",
            ),
            (
                |it| it.acquire.invoked = it.acquire.returned + 1,
                "its acquire returned at 16000000 ns, before its acquire invoked at 16000001 ns",
            ),
            (
                |it| it.release = None,
                "its acquire ended ok, and it has no release",
            ),
            (|it| it.check.as_mut().unwrap().began = 1, "its check began"),
            (|it| it.check.as_mut().unwrap().ended = 1, "its check ended"),
            (
                |it| it.release.as_mut().unwrap().invoked = 1,
                "its release invoked",
            ),
            (
                |it| it.release.as_mut().unwrap().returned = 100_000_000_000_000_000,
                "it ends at 100000000000000000 ns, and the run ended at 1000000000 ns",
            ),
        ];
        for (spoil, why) in spoilt {
            let mut second = nth(1, 1);
            spoil(&mut second);
            let refused = admitted(&[nth(1, 0), second]).unwrap_err();
            assert!(refused.contains(why), "{why}: {refused}");
        }
        let refused = admitted(&[nth(1, 2), nth(1, 1)]).unwrap_err();
        assert!(refused.contains("1_1 comes after change 1_2"), "{refused}");
    }
}
