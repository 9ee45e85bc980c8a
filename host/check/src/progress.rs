//! Did every change come to an end, and was a conflict tried again?

use super::findings::{Findings, Ms, Witness};
use crate::model::change::{Change, Nanos, Restored, Settled, Step};
use crate::model::error::ErrorKind;
use crate::model::outcome::Outcome;
use crate::model::prose::counted;
use crate::model::stuck::Stuck;
use crate::model::verdict::Answer;

/// The time for which a row is free, with nothing broken any more, before a worker that still wants it is
/// stuck. Strategies look again after milliseconds, and what a crashed holder leased ends after ten
/// seconds.
const FREE: Nanos = 15_000_000_000;

/// Faults met in one step: no strategy that retries meets so many where nothing is broken, unless
/// trying again does not help.
const MANY: u64 = 1_000;

/// Asked of simulations only, where it is known what was broken, and until when: `whole_from` is the
/// moment from which everything worked again.
///
/// A step that *failed* by a conflict which it met is a violation, whatever was broken: a conflict
/// certainly had no effect and is to be tried again. So is an instance that died by its own doing.
/// A step that ended by the change time-out, or because nothing could move any more, is one if the row was free and everything whole in its
/// last fifteen seconds, or if all was whole when it began and it met more than a thousand faults.
/// A step that ended as unavailable, rejected or indefinite is not the strategy's fault. n·log n.
pub fn answer(changes: &[Change], whole_from: Nanos) -> Answer {
    let mut findings = Findings::default();
    let occupied = Occupied::new(changes);
    for change in changes {
        for (verb, step) in [
            ("acquire", Some(&change.acquire)),
            ("release", change.release.as_ref()),
        ] {
            let Some((step, reason)) = step.and_then(|step| Some((step, step.outcome.reason()?)))
            else {
                continue;
            };
            let why = match (&step.outcome, reason.code.as_str()) {
                (Outcome::Failed(_), code) => gave_up(step, code),
                (_, code @ ("change-timeout" | "stuck")) => {
                    // Who gives back waits for no other holder.
                    let held = match verb {
                        "acquire" => occupied.until(change.row, step.returned),
                        _ => 0,
                    };
                    let since = whole_from.max(held).max(step.invoked);
                    endless(step, whole_from).or_else(|| stuck(verb, code, step, since))
                }
                (
                    _,
                    "trap" | "call-limit" | "computing-limit" | "memory-limit" | "stack-overflow",
                ) => Some(format!("its instance died: {}", reason.message)),
                _ => None,
            };
            if let Some(why) = why {
                findings.add(Some(step.returned), || describe(change, verb, step, &why));
            }
        }
    }
    let mut codes = changes
        .iter()
        .flat_map(Change::steps)
        .filter_map(|it| it.outcome.reason());
    let unknown = match changes.is_empty() {
        true => Some("no change was made"),
        false if codes.any(|reason| reason.code == "stuck") => Some(
            "the run was ended since nothing could move any more, and that may have another reason \
             than the strategy",
        ),
        false => None,
    };
    let question = "did every change come to an end, and was a conflict tried again?";
    findings.answer("progress", question, unknown)
}

/// The answer of a run that was ended since nothing could move any more. Whether the strategy is at
/// fault is not known where it is not known what else went wrong.
pub fn of_stuck(stuck: &Stuck) -> Answer {
    let question = "did every change come to an end?";
    Findings::default().answer("progress", question, Some(&*stuck.to_string()))
}

fn gave_up(step: &Step, code: &str) -> Option<String> {
    let conflicts = step.errors.iter().filter(|f| f.kind == ErrorKind::Conflict);
    let met = conflicts.clone().find(|fault| fault.code == code)?;
    Some(format!(
        "it gave up after {} of code {code}; a conflict certainly had no effect, and is to be tried \
         again",
        counted(met.count, "conflict")
    ))
}

fn endless(step: &Step, whole_from: Nanos) -> Option<String> {
    let met: u64 = step.errors.iter().map(|fault| u64::from(fault.count)).sum();
    (met > MANY && step.invoked >= whole_from).then(|| {
        format!(
            "it met {met} faults with nothing broken, and was still trying when the change time-out \
             ended it"
        )
    })
}

/// There was nothing to wait for since then.
fn stuck(verb: &str, code: &str, step: &Step, since: Nanos) -> Option<String> {
    let free = step.returned.saturating_sub(since);
    (free >= FREE).then(|| {
        let state = match verb {
            "acquire" => "no worker held the row",
            _ => "nothing was broken",
        };
        let last = Ms(free);
        match code {
            "stuck" => format!("{state} for the last {last}, and still nothing moved"),
            _ => {
                format!("{state} for the last {last}, and still the change time-out had to end it")
            }
        }
    })
}

/// The time when the change was done with its row. One that could not be released keeps it, through no fault of
/// the next worker.
fn given_back(change: &Change) -> Nanos {
    let released = change.release.as_ref().is_some_and(Step::took_effect);
    let last = change.steps().map(|step| step.returned).max();
    match released || change.restored == Restored::Yes {
        true => last.unwrap_or(Nanos::MAX),
        false => Nanos::MAX,
    }
}

fn describe(change: &Change, verb: &str, step: &Step, why: &str) -> Witness {
    let (worker, row, marker) = (change.worker, change.row, change.marker());
    let (began, ended) = (Ms(step.invoked), Ms(step.returned));
    let prose = format!(
        "worker {worker} did not come through with its {verb} of row {row} ({marker}), from {began} to \
         {ended}: {why}"
    );
    Witness::about(prose, row, [Some(marker)])
}

/// The changes that held their rows, by row and beginning: row, invocation of acquire, and the latest
/// end of all up to this one.
struct Occupied(Vec<(u32, Nanos, Nanos)>);

impl Occupied {
    fn new(changes: &[Change]) -> Self {
        let unclear = |change: &&Change| change.acquire.settled == Some(Settled::Unknown);
        let held = changes
            .iter()
            .filter(|change| change.held() || unclear(change));
        let mut spans: Vec<_> = held
            .map(|change| (change.row, change.acquire.invoked, given_back(change)))
            .collect();
        spans.sort_unstable();
        for i in 1..spans.len() {
            let (before, ..) = spans[i - 1];
            if before == spans[i].0 {
                spans[i].2 = spans[i].2.max(spans[i - 1].2);
            }
        }
        Self(spans)
    }

    /// The latest end of a hold that began before this moment; 0 if there was none.
    fn until(&self, row: u32, moment: Nanos) -> Nanos {
        let next = self
            .0
            .partition_point(|(of, start, _)| (*of, *start) < (row, moment));
        match next.checked_sub(1).map(|last| self.0[last]) {
            Some((of, _, end)) if of == row => end,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::{change, history};
    use super::*;
    use crate::model::error::{CallError, ErrorCount};
    use crate::model::verdict::Verdict;

    const S: Nanos = 1_000_000_000;

    fn met(kind: ErrorKind, code: &str, count: u32) -> ErrorCount {
        ErrorCount {
            kind,
            code: code.to_owned(),
            count,
            message: String::new(),
        }
    }

    fn ended(times: [Nanos; 2], outcome: Outcome, faults: Vec<ErrorCount>) -> Change {
        let mut change = change(3, 1, 0, [times[0], times[1], 0, 0]);
        change.acquire.outcome = outcome;
        change.acquire.errors = faults;
        change.check = None;
        change.release = None;
        change
    }

    fn timed_out() -> Outcome {
        Outcome::indeterminate("change-timeout", "took longer than the change time-out")
    }

    fn failed(fault: CallError) -> Outcome {
        Outcome::from(Err(fault))
    }

    #[test]
    fn a_right_history_is_valid() {
        let (mut changes, _) = history(6, 2, 5);
        changes[2].acquire.errors = vec![met(ErrorKind::Conflict, "1213", 40)];
        assert_eq!(answer(&changes, 0).verdict, Verdict::Valid);
        assert_eq!(answer(&[], 0).verdict.as_str(), "unknown");
    }

    #[test]
    fn giving_up_on_a_conflict_is_reported_also_while_something_is_broken() {
        let conflict = failed(CallError::conflict("1213", "deadlock"));
        let change = ended([0, S], conflict, vec![met(ErrorKind::Conflict, "1213", 2)]);
        let answer = answer(&[change], 9 * S);
        let why = answer.verdict.why().unwrap();
        assert!(
            why.contains("gave up after 2 conflicts of code 1213"),
            "{why}"
        );
        assert!(
            why.contains("worker 3") && why.contains("acquire of row 1"),
            "{why}"
        );
        assert_eq!(answer.about.unwrap().row, 1);
    }

    #[test]
    fn unavoidable_failure_is_not_blamed_on_the_strategy() {
        let unavailable = failed(CallError::unavailable("1047", "not in the cluster"));
        let faults = vec![
            met(ErrorKind::Conflict, "1213", 2),
            met(ErrorKind::Unavailable, "1047", 1),
        ];
        let indefinite = failed(CallError::indefinite("2013", "lost"));
        let lost = vec![met(ErrorKind::Indefinite, "2013", 1)];
        let crashed = Outcome::indeterminate("worker-crashed", "the worker's process died");
        let changes = [
            ended([0, S], unavailable, faults),
            ended([0, S], indefinite, lost),
            ended([0, S], crashed, Vec::new()),
        ];
        assert_eq!(answer(&changes, 0).verdict, Verdict::Valid);
    }

    #[test]
    fn an_instance_that_died_by_itself_is_reported() {
        let trap = Outcome::indeterminate("trap", "unreachable executed");
        let answer = answer(&[ended([0, S], trap, Vec::new())], 0);
        let why = answer.verdict.why().unwrap();
        assert!(why.contains("its instance died: unreachable"), "{why}");
    }

    #[test]
    fn a_time_out_is_reported_where_the_row_was_free() {
        let holder = change(0, 1, 0, [0, 1, 20 * S, 21 * S]);
        let waiter = ended([0, 60 * S], timed_out(), Vec::new());
        let told = answer(&[holder.clone(), waiter.clone()], 0);
        let why = told.verdict.why().unwrap();
        assert!(
            why.contains("no worker held the row for the last 39000.000 ms"),
            "{why}"
        );

        let held_long = change(0, 1, 0, [0, 1, 50 * S, 51 * S]);
        let changes = [held_long, waiter.clone()];
        assert_eq!(answer(&changes, 0).verdict, Verdict::Valid);
        let changes = [holder, waiter];
        assert_eq!(
            answer(&changes, 50 * S).verdict,
            Verdict::Valid,
            "broken till then"
        );
    }

    #[test]
    fn run_that_stood_still_is_unknown_where_no_step_is_to_blame() {
        let holder = change(0, 1, 0, [0, 1, 70 * S, 71 * S]);
        let stuck = Outcome::indeterminate("stuck", "nothing could move any more");
        let waiter = ended([0, 60 * S], stuck, Vec::new());
        let answer = answer(&[holder, waiter], 0);
        assert_eq!(answer.verdict.as_str(), "unknown");
    }

    #[test]
    fn holder_beyond_the_timeout_or_elsewhere_is_distinguished() {
        let waiter = ended([0, 60 * S], timed_out(), Vec::new());
        let beyond = change(0, 1, 0, [0, 30 * S, 70 * S, 71 * S]);
        assert_eq!(answer(&[beyond, waiter.clone()], 0).verdict, Verdict::Valid);
        let elsewhere = change(0, 2, 0, [0, 30 * S, 70 * S, 71 * S]);
        let told = answer(&[elsewhere, waiter.clone()], 0);
        assert_eq!(told.verdict.as_str(), "violated");
        let later = change(0, 1, 0, [61 * S, 62 * S, 70 * S, 71 * S]);
        assert_eq!(answer(&[later, waiter], 0).verdict.as_str(), "violated");
    }

    #[test]
    fn a_row_that_could_not_be_given_back_is_not_free() {
        let waiter = ended([30 * S, 90 * S], timed_out(), Vec::new());
        let mut unclear = ended([0, S], Outcome::indeterminate("2013", "lost"), Vec::new());
        unclear.worker = 0;
        unclear.acquire.settled = Some(Settled::NoEffect);
        let told = answer(&[unclear.clone(), waiter.clone()], 0);
        assert_eq!(told.verdict.as_str(), "violated");
        unclear.acquire.settled = Some(Settled::Unknown);
        let told = answer(&[unclear.clone(), waiter.clone()], 0);
        assert_eq!(told.verdict, Verdict::Valid);
        unclear.restored = Restored::Yes;
        assert_eq!(
            answer(&[unclear, waiter.clone()], 0).verdict.as_str(),
            "violated"
        );

        let mut kept = change(0, 1, 0, [0, S, 2 * S, 3 * S]);
        let release = kept.release.as_mut().unwrap();
        release.outcome = Outcome::indeterminate("2013", "lost");
        release.settled = Some(Settled::Unknown);
        assert_eq!(answer(&[kept, waiter], 0).verdict, Verdict::Valid);
    }

    #[test]
    fn a_release_that_does_not_come_through_is_reported() {
        let mut change = change(3, 1, 0, [0, S, 2 * S, 62 * S]);
        change.release.as_mut().unwrap().outcome = timed_out();
        let told = answer(std::slice::from_ref(&change), 40 * S);
        let why = told.verdict.why().unwrap();
        assert!(why.contains("release of row 1"), "{why}");
        assert_eq!(answer(&[change], 50 * S).verdict, Verdict::Valid);
    }

    #[test]
    fn trying_again_without_end_is_reported() {
        let holder = change(0, 1, 0, [0, 1, 59 * S, 60 * S]);
        let endless = |count| {
            let faults = vec![met(ErrorKind::Conflict, "1213", count)];
            [holder.clone(), ended([S, 61 * S], timed_out(), faults)]
        };
        let told = answer(&endless(1_001), 0);
        let why = told.verdict.why().unwrap();
        assert!(why.contains("met 1001 faults with nothing broken"), "{why}");
        assert_eq!(answer(&endless(1_000), 0).verdict, Verdict::Valid);
        assert_eq!(answer(&endless(1_001), 2 * S).verdict, Verdict::Valid);
    }
}
