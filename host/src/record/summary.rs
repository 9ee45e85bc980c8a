//! The figures of one trial. Each can be recomputed from the history.

mod statistics;

pub use statistics::{Percentiles, Statistics};

use super::histogram::Latencies;
use crate::model::change::{Change, LostLocks, Nanos, Restored, Step, StepKind};
use crate::model::error::{ErrorColumn, ErrorKind, error_column};
use crate::model::outcome::Outcome;
use crate::record::figures::Figures;
use serde::Serialize;
use std::collections::BTreeMap;

/// The figures of one trial. A figure without data is `None`, never 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Time from the beginning of the run to the last return.
    pub total_time_ns: Nanos,
    pub changes: u64,
    /// Both steps ended ok and the check agreed: the reference harness's `ok`.
    pub ok: u64,
    /// Changes that were not ok: the reference harness's `errors`.
    pub errors: u64,
    /// Errors with a failed step and no indeterminate one.
    pub failed: u64,
    /// The errors with a step whose outcome is unknown.
    pub indeterminate: u64,
    /// Changes whose row the host gave back.
    pub restored: u64,
    /// Checks after acquire in which the nodes did not all have the marker in the last try. Their
    /// changes are errors, and neither failed nor indeterminate unless a step was.
    pub checks_disagreed: u64,
    /// Checks after acquire that never read all nodes, since some did not answer. Their changes are errors
    /// like the others.
    pub checks_unread: u64,
    /// Checks after acquire that at first found the marker on some nodes only: a stale reading each.
    pub checks_stale: u64,
    /// From the return of acquire until the last node was seen to have the marker, of all checks
    /// that agreed. After a stale reading it is as long as the check's own waits.
    pub agreement_ms: Option<Percentiles>,
    pub agreement_max_ms: Option<f64>,
    /// Ok changes per second of the total time; a failure is no throughput.
    pub changes_per_second: Option<f64>,
    /// Over ok changes only, as published; the percentiles are over the same changes, so that no
    /// percentile of a step exceeds its maximum.
    pub release_ms: Option<Statistics>,
    pub acquire_ms: Option<Statistics>,
    pub acquire_percentiles_ms: Option<Percentiles>,
    pub release_percentiles_ms: Option<Percentiles>,
    /// Errors per ok change that the reference harness had a column for, both steps together.
    pub deadlocks: Option<Statistics>,
    pub timeouts: Option<Statistics>,
    pub disconnect: Option<Statistics>,
    /// Errors that strategies met in all changes, retried ones included: `conflict 1213` → 7.
    pub errors_by_code: BTreeMap<String, u64>,
    /// Locks that were not held any more when they were released: `not-owner` → 400.
    pub lost_locks: BTreeMap<String, u64>,
    /// The figures that only the kind of the workload has.
    #[serde(flatten)]
    pub own: Figures,
}

impl Summary {
    /// Name, percentiles and statistics of the durations of each step, in ms.
    pub fn steps(&self) -> [(&'static str, Option<&Percentiles>, Option<&Statistics>); 2] {
        let acquire = &self.acquire_percentiles_ms;
        let release = &self.release_percentiles_ms;
        [
            ("acquire", acquire.as_ref(), self.acquire_ms.as_ref()),
            ("release", release.as_ref(), self.release_ms.as_ref()),
        ]
    }

    /// Linear; `total_time_ns` is the time from the beginning of the run to the last return.
    pub fn new(changes: &[Change], total_time_ns: Nanos) -> Self {
        let count = |which: &dyn Fn(&Change) -> bool| {
            changes.iter().filter(|change| which(change)).count() as u64
        };
        let ok = count(&Change::is_ok);
        // An allocation may be ok without a release.
        let of_ok = |kind| {
            let ok = changes.iter().filter(|change| change.is_ok());
            ok.filter_map(move |change| change.step(kind).map(Step::duration))
        };
        let times = |kind| Statistics::new(of_ok(kind).map(ms));
        let agreement = || changes.iter().filter_map(time_to_agree);
        Self {
            total_time_ns,
            changes: changes.len() as u64,
            ok,
            errors: changes.len() as u64 - ok,
            failed: count(&|change| has_failed(change) && !change.is_indeterminate()),
            indeterminate: count(&Change::is_indeterminate),
            restored: count(&|change| change.restored == Restored::Yes),
            checks_disagreed: count(&|change| change.check.is_some_and(|c| c.disagreed())),
            checks_unread: count(&|change| change.check.is_some_and(|c| c.is_unread())),
            checks_stale: count(&|change| change.check.is_some_and(|c| c.agreed && c.tries > 1)),
            agreement_ms: percentiles(agreement()),
            agreement_max_ms: agreement().max().map(ms),
            changes_per_second: (total_time_ns > 0)
                .then(|| ok as f64 / (total_time_ns as f64 / 1e9)),
            release_ms: times(StepKind::Release),
            acquire_ms: times(StepKind::Acquire),
            deadlocks: errors_of_ok(changes, ErrorColumn::Deadlocks),
            timeouts: errors_of_ok(changes, ErrorColumn::Timeouts),
            disconnect: errors_of_ok(changes, ErrorColumn::Disconnect),
            acquire_percentiles_ms: percentiles(of_ok(StepKind::Acquire)),
            release_percentiles_ms: percentiles(of_ok(StepKind::Release)),
            errors_by_code: errors_by_code(changes),
            lost_locks: lost_locks(changes),
            own: Figures::default(),
        }
    }
}

fn percentiles(durations: impl Iterator<Item = Nanos>) -> Option<Percentiles> {
    let (mut latencies, mut longest) = (Latencies::default(), 0);
    for duration in durations {
        latencies.record(duration);
        longest = longest.max(duration);
    }
    Percentiles::of_ns(latencies.histogram(), longest)
}

fn time_to_agree(change: &Change) -> Option<Nanos> {
    let check = change.check.filter(|check| check.agreed)?;
    Some(check.ended.saturating_sub(change.acquire.returned))
}

fn has_failed(change: &Change) -> bool {
    let mut steps = change.steps();
    steps.any(|step| matches!(step.outcome, Outcome::Failed(_)))
}

fn ms(duration: Nanos) -> f64 {
    duration as f64 / 1e6
}

fn errors_of_ok(changes: &[Change], column: ErrorColumn) -> Option<Statistics> {
    let ok = changes.iter().filter(|change| change.is_ok());
    Statistics::new(ok.map(|change| {
        let errors = change.steps().flat_map(|step| &step.errors);
        let counted = errors.filter(|error| error_column(&error.code) == Some(column));
        // In whole numbers: the sum of no floats is -0.
        counted.map(|error| u64::from(error.count)).sum::<u64>() as f64
    }))
}

fn errors_by_code(changes: &[Change]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::<(ErrorKind, &str), u64>::new();
    let steps = changes.iter().flat_map(Change::steps);
    for error in steps.flat_map(|step| &step.errors) {
        *counts.entry((error.kind, &error.code)).or_default() += u64::from(error.count);
    }
    let named = |((kind, code), count): ((ErrorKind, &str), _)| {
        (format!("{} {code}", kind.as_str()), count)
    };
    counts.into_iter().map(named).collect()
}

fn lost_locks(changes: &[Change]) -> BTreeMap<String, u64> {
    let steps = || changes.iter().flat_map(Change::steps);
    let sum = |lost: fn(&LostLocks) -> u32| steps().map(|s| u64::from(lost(&s.lost_locks))).sum();
    [
        ("expired", sum(|lost| lost.expired)),
        ("not-owner", sum(|lost| lost.not_owner)),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(how, count)| (how.to_owned(), count))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{self, change, failed, indeterminate};
    use super::*;

    fn errors(code: &str, count: u32) -> crate::model::error::ErrorCount {
        fixtures::errors(ErrorKind::Conflict, code, count)
    }

    #[test]
    fn summary_counts_changes_by_outcome() {
        let mut unseen = change(1, 2, 5, 6);
        unseen.check.as_mut().unwrap().agreed = false;
        let mut both = indeterminate(1, 3, 5);
        both.release = failed(1, 3, 5).acquire.into();
        both.restored = Restored::Yes;
        let mut restored = failed(1, 4, 5);
        restored.restored = Restored::Yes;
        let mut unread = unseen.clone();
        unread.check.as_mut().unwrap().tries = 0;
        let mut stale = change(2, 0, 5, 6);
        stale.check.as_mut().unwrap().tries = 2;
        let changes = [
            change(1, 0, 5, 6),
            change(1, 1, 5, 6),
            stale,
            unseen,
            unread,
            both,
            restored,
            failed(2, 1, 5),
            failed(2, 2, 5),
            indeterminate(2, 3, 5),
        ];
        let found = Summary::new(&changes, 1_500_000_000);
        assert_eq!((found.changes, found.ok, found.errors), (10, 3, 7));
        assert_eq!((found.failed, found.indeterminate), (3, 2));
        assert_eq!((found.restored, found.checks_disagreed), (2, 1));
        assert_eq!((found.checks_unread, found.checks_stale), (1, 1));
        assert_eq!(found.changes_per_second, Some(2.0));
        assert_eq!(found.total_time_ns, 1_500_000_000);
    }

    #[test]
    fn statistics_and_percentiles_are_of_ok_changes_only() {
        let mut unseen = change(2, 0, 1000, 2000);
        unseen.check.as_mut().unwrap().agreed = false;
        let changes = [
            change(1, 0, 10, 1),
            change(1, 1, 20, 5),
            failed(1, 2, 1),
            unseen,
        ];
        let found = Summary::new(&changes, 1);
        let acquire = Statistics {
            max: 20.0,
            sum: 30.0,
            mean: 15.0,
            stddev: 5.0,
            min: 10.0,
        };
        assert_eq!(found.acquire_ms, Some(acquire));
        assert_eq!(found.release_ms.unwrap().sum, 6.0);
        let acquires = found.acquire_percentiles_ms.unwrap();
        assert!((acquires.p50 - 10.0).abs() < 0.1, "{acquires:?}");
        assert_eq!(acquires.p999, 20.0, "no percentile exceeds the maximum");
        let releases = found.release_percentiles_ms.unwrap();
        assert!((releases.p50 - 1.0).abs() < 0.1, "{releases:?}");
        assert_eq!(releases.p999, 5.0);
    }

    #[test]
    fn faults_of_both_steps_are_summed_per_change_and_column() {
        let mut one = change(1, 0, 5, 6);
        one.acquire.errors = vec![errors("1213", 2), errors("1205", 1), errors("1020", 9)];
        one.release.as_mut().unwrap().errors = vec![errors("1213", 3), errors("517", 1)];
        let mut other = change(2, 0, 5, 6);
        other.acquire.errors = vec![errors("2013", 4), errors("2006", 1)];
        let mut not_ok = failed(3, 0, 5);
        not_ok.acquire.errors = vec![errors("1213", 100)];
        let found = Summary::new(&[one, other, not_ok], 1);
        let deadlocks = found.deadlocks.unwrap();
        assert_eq!(
            (deadlocks.sum, deadlocks.max, deadlocks.min),
            (6.0, 6.0, 0.0)
        );
        assert_eq!(deadlocks.mean, 3.0);
        assert_eq!(found.timeouts.unwrap().sum, 1.0);
        assert_eq!(found.disconnect.unwrap().sum, 5.0);
    }

    #[test]
    fn all_errors_are_counted_by_kind_and_code_failed_changes_included() {
        let mut one = change(1, 0, 5, 6);
        one.acquire.errors = vec![errors("1213", 2)];
        one.release.as_mut().unwrap().errors = vec![errors("1213", 3)];
        let mut not_ok = failed(3, 0, 5);
        let lost = fixtures::errors(ErrorKind::Indefinite, "1213", 1);
        not_ok.acquire.errors = vec![errors("1213", 100), lost];
        let found: Vec<_> = Summary::new(&[one, not_ok], 1)
            .errors_by_code
            .into_iter()
            .collect();
        let expected = [("conflict 1213", 105), ("indefinite 1213", 1)];
        assert_eq!(
            found,
            expected.map(|(name, count)| (name.to_owned(), count))
        );
    }

    #[test]
    fn agreement_time_runs_from_acquire_to_the_last_node_and_only_if_there_was_one() {
        let mut late = change(1, 0, 5, 6);
        let returned = late.acquire.returned;
        late.check.as_mut().unwrap().ended = returned + 40_000_000;
        let mut never = change(2, 0, 5, 6);
        never.check.as_mut().unwrap().agreed = false;
        let mut unchecked = change(3, 0, 5, 6);
        unchecked.check = None;
        let found = Summary::new(&[late, never.clone(), unchecked.clone()], 1);
        assert_eq!(found.agreement_max_ms, Some(40.0));
        assert_eq!(found.agreement_ms.unwrap().p50, 40.0);
        let found = Summary::new(&[never, unchecked], 1);
        assert_eq!((found.agreement_ms, found.agreement_max_ms), (None, None));
    }

    #[test]
    fn lost_locks_of_both_steps_are_summed() {
        let mut one = change(1, 0, 5, 6);
        one.acquire.lost_locks.expired = 1;
        let release = one.release.as_mut().unwrap();
        release.lost_locks.not_owner = 2;
        release.lost_locks.expired = 3;
        let mut not_ok = failed(3, 0, 5);
        not_ok.acquire.lost_locks.expired = 4;
        let found: Vec<_> = Summary::new(&[one, not_ok], 1)
            .lost_locks
            .into_iter()
            .collect();
        let expected = [("expired", 8), ("not-owner", 2)];
        assert_eq!(found, expected.map(|(how, count)| (how.to_owned(), count)));
    }

    #[test]
    fn a_missing_figure_is_none_and_not_zero() {
        let found = Summary::new(&[failed(1, 0, 5)], 0);
        assert_eq!((found.ok, found.errors), (0, 1));
        assert_eq!(found.changes_per_second, None);
        assert_eq!(found.acquire_ms, None);
        assert_eq!(found.deadlocks, None);
        assert_eq!(found.acquire_percentiles_ms, None);
        assert_eq!(found.release_percentiles_ms, None);
        let json = serde_json::to_value(&found).unwrap();
        assert!(json["acquire_ms"].is_null());
    }
}
