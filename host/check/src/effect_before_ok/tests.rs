use super::super::synthetic::{change, history};
use super::*;
use crate::model::change::{Check, Nanos};
use crate::model::data::{AuditEntry, Breakdown, BreakdownCause, FinalRows, RowState, Status};
use crate::model::marker::{Mark, Marker};
use crate::model::outcome::{Outcome, Reason};
use crate::model::seen::{Seen, Sight};
use crate::model::verdict::Verdict;

const MS: Nanos = 1_000_000;

fn judge(changes: &[Change], data: Option<&FinalRows>) -> Answer {
    let evidence = Evidence {
        rows: 2,
        changes,
        data,
    };
    answer(&evidence, &Trace::new(changes))
}

fn with(effects: Vec<AuditEntry>) -> FinalRows {
    let (_, mut data) = history(2, 2, 1);
    data.effects = Some(effects);
    data.is_ordered = false;
    data
}

fn without_audit() -> FinalRows {
    let (_, mut data) = history(2, 2, 1);
    data.effects = None;
    data
}

fn state(status: Status, worker: u32, number: u32) -> RowState {
    let mark = Mark::Of(Marker { worker, number });
    RowState { status, mark }
}

fn held(worker: u32) -> RowState {
    state(Status::Deleting, worker, 0)
}

fn free(worker: u32) -> RowState {
    state(Status::Available, worker, 0)
}

/// The updates that lead through these states of row 0, from its beginning.
fn chain(states: &[RowState]) -> Vec<AuditEntry> {
    let mut from = RowState::initial();
    let effects = states.iter().map(|to| {
        let from = std::mem::replace(&mut from, to.clone());
        AuditEntry::of_row(0, from, to.clone())
    });
    effects.collect()
}

fn saw(state: Option<RowState>) -> Option<Box<Seen>> {
    Some(Box::new(Seen {
        node: "n2".to_owned(),
        began: 11 * MS,
        ended: 12 * MS,
        found: Sight::Row(state),
    }))
}

fn at(worker: u32, times: [Nanos; 4]) -> Change {
    change(worker, 0, 0, times.map(|time| time * MS))
}

/// Worker 1, which has the row from 10 ms to 20 ms, and worker 2 after it.
fn two() -> Vec<Change> {
    vec![at(1, [5, 10, 20, 21]), at(2, [6, 30, 40, 41])]
}

fn right() -> Vec<RowState> {
    vec![held(1), free(1), held(2), free(2)]
}

#[track_caller]
fn why(changes: &[Change], data: &FinalRows) -> String {
    let answer = judge(changes, Some(data));
    assert_eq!(answer.verdict.as_str(), "violated", "{answer:#?}");
    answer.verdict.why().unwrap().to_owned()
}

#[track_caller]
fn word(changes: &[Change], data: &FinalRows) -> &'static str {
    judge(changes, Some(data)).verdict.as_str()
}

#[test]
fn right_history_is_valid_whatever_was_read() {
    let (changes, data) = history(6, 2, 5);
    assert_eq!(judge(&changes, Some(&data)).verdict, Verdict::Valid);
    let mut changes = two();
    let data = with(chain(&right()));
    assert_eq!(word(&changes, &data), "valid");
    for later in right() {
        changes[0].acquire.seen = saw(Some(later));
        assert_eq!(word(&changes, &data), "valid");
    }
}

#[test]
fn reading_of_a_state_before_the_effect_is_a_lie() {
    let mut changes = two();
    changes[0].acquire.seen = saw(Some(RowState::initial()));
    assert_eq!(
        why(&changes, &with(chain(&right()))),
        "worker 1 said at 10.000 ms that its acquire of row 0 (1_0) had ended ok, but its effect was not \
         there: a causal reading of node n2, begun at 11.000 ms, found available (no marker), which the \
         audit has before that update"
    );
    let mut changes = two();
    changes[1].release.as_mut().unwrap().seen = saw(Some(held(2)));
    let answer = judge(&changes, Some(&with(chain(&right()))));
    let why = answer.verdict.why().unwrap();
    assert!(why.contains("release of row 0 (2_0)"), "{why}");
    let markers: Vec<_> = answer.about.unwrap().markers;
    assert_eq!(markers.len(), 2, "the worker's next change is named too");
}

#[test]
fn reading_after_a_steal_is_no_lie() {
    // Worker 2 took the row away from worker 1 before the host looked.
    let stolen = with(chain(&[held(1), held(2), free(2)]));
    let mut changes = two();
    changes[0].acquire.seen = saw(Some(held(2)));
    assert_eq!(word(&changes, &stolen), "valid");
    changes[0].acquire.seen = saw(Some(free(2)));
    assert_eq!(word(&changes, &stolen), "valid");
    changes[0].acquire.seen = saw(Some(RowState::initial()));
    assert_eq!(word(&changes, &stolen), "violated");
}

#[test]
fn ok_without_any_update_is_a_lie() {
    let mut changes = two();
    let data = with(chain(&[held(2), free(2)]));
    assert_eq!(word(&changes, &data), "valid", "there was no look");
    changes[0].acquire.seen = saw(Some(held(2)));
    assert!(why(&changes, &data).contains("the audit has no such update"));
}

#[test]
fn reading_that_is_not_in_the_chain_proves_nothing() {
    let data = with(chain(&right()));
    let scratch = RowState {
        status: Status::from("scratch".to_owned()),
        mark: Mark::None,
    };
    for found in [None, Some(scratch), Some(state(Status::Available, 9, 9))] {
        let mut changes = two();
        changes[0].acquire.seen = saw(found);
        assert_eq!(word(&changes, &data), "unknown");
    }
    // Behind a fork nothing has a place.
    let mut forked = chain(&right());
    forked.push(AuditEntry::of_row(0, free(1), free(9)));
    let mut changes = two();
    changes[1].acquire.seen = saw(Some(free(1)));
    assert_eq!(word(&changes, &with(forked)), "unknown");
}

#[test]
fn places_behind_a_broken_chain_are_not_known() {
    // Two updates leave one state: neither is the next one.
    let mut changes = two();
    changes.push(at(3, [6, 50, 60, 61]));
    changes[2].acquire.seen = saw(Some(held(1)));
    let mut forked = chain(&right());
    forked.push(AuditEntry::of_row(0, free(1), held(3)));
    assert_eq!(word(&changes, &with(forked)), "unknown");
    // A state that is entered twice is not before the one between.
    let mut changes = two();
    changes[0].release.as_mut().unwrap().seen = saw(Some(held(1)));
    let twice = with(chain(&[held(1), free(1), held(1)]));
    assert_eq!(word(&changes, &twice), "unknown");
}

#[test]
fn step_that_did_not_end_ok_has_promised_nothing() {
    let mut changes = two();
    changes[0].acquire.seen = saw(Some(RowState::initial()));
    changes[0].acquire.outcome = Outcome::indeterminate("trap", "");
    assert_eq!(word(&changes, &with(chain(&right()))), "valid");
}

#[test]
fn check_that_disagreed_without_a_causal_reading_is_unknown() {
    let mut changes = two();
    changes[0].check = changes[0].check.map(|check| Check {
        agreed: false,
        tries: 3,
        ..check
    });
    let data = with(chain(&right()));
    let why = judge(&changes, Some(&data)).verdict;
    assert_eq!(why.as_str(), "unknown");
    assert!(why.why().unwrap().ends_with(": 1"), "{why:?}");
    // No node answered at all.
    changes[0].check.as_mut().unwrap().tries = 0;
    assert_eq!(word(&changes, &data), "valid");
}

#[test]
fn without_an_audit_only_what_is_certain_is_a_lie() {
    let data = without_audit();
    let look = |which: StepKind, found: RowState| {
        let mut changes = two();
        let mut before = at(2, [0, 1, 2, 3]);
        before.number = 1;
        changes.push(before);
        match which {
            StepKind::Acquire => changes[0].acquire.seen = saw(Some(found)),
            StepKind::Release => changes[0].release.as_mut().unwrap().seen = saw(Some(found)),
        }
        judge(&changes, Some(&data)).verdict
    };
    for (which, found, word, why) in [
        (
            StepKind::Acquire,
            RowState::initial(),
            "violated",
            "every row begins",
        ),
        (
            StepKind::Release,
            RowState::initial(),
            "violated",
            "every row begins",
        ),
        (StepKind::Release, held(1), "violated", "was to end"),
        (
            StepKind::Acquire,
            state(Status::Available, 2, 1),
            "violated",
            "before the change began",
        ),
        // It can't be decided if this was before or after.
        (StepKind::Acquire, free(2), "unknown", "can't be told"),
        (StepKind::Acquire, held(2), "unknown", "can't be told"),
        (
            StepKind::Acquire,
            state(Status::Available, 7, 7),
            "unknown",
            "can't be told",
        ),
    ] {
        let verdict = look(which, found.clone());
        assert_eq!(verdict.as_str(), word, "{which:?} {found}");
        assert!(verdict.why().unwrap().contains(why), "{verdict:?}");
    }
    for (which, found) in [
        (StepKind::Acquire, held(1)),
        (StepKind::Acquire, free(1)),
        (StepKind::Release, free(1)),
    ] {
        assert_eq!(look(which, found), Verdict::Valid);
    }
}

#[test]
fn update_behind_one_of_a_change_that_began_after_the_ok_is_too_late() {
    // Worker 1 said at 10 ms that it has the row; worker 2, which asked from 15 ms on, had it first.
    let changes = vec![at(1, [5, 10, 60, 61]), at(2, [15, 30, 40, 41])];
    let late = with(chain(&[held(2), free(2), held(1), free(1)]));
    let answer = judge(&changes, Some(&late));
    assert_eq!(
        answer.verdict,
        Verdict::Violated(
            "worker 1 said at 10.000 ms that its acquire of row 0 (1_0) had ended ok, but in the audit \
             that update comes after the acquire of worker 2 (2_0), whose change was invoked at 15.000 \
             ms"
            .into()
        )
    );
    assert_eq!(answer.further, 0);
    // Who began before the ok may have come first.
    let changes = vec![at(1, [5, 10, 60, 61]), at(2, [9, 30, 40, 41])];
    assert_eq!(word(&changes, &late), "valid");
}

#[test]
fn release_that_another_worker_made_is_no_delay() {
    // Worker 2 gave the row back in the name of worker 1, whose lease was over, and took it; worker 1
    // comes to its release later, and finds nothing to do.
    let changes = vec![at(1, [5, 10, 60, 61]), at(2, [15, 30, 40, 41])];
    let stolen = with(chain(&[held(1), free(1), held(2), free(2)]));
    assert_eq!(word(&changes, &stolen), "valid");
}

#[test]
fn doubled_lie_is_counted_once() {
    let mut changes = vec![at(1, [5, 10, 60, 61]), at(2, [15, 30, 40, 41])];
    changes[0].acquire.seen = saw(Some(RowState::initial()));
    let late = with(chain(&[held(2), free(2), held(1), free(1)]));
    let answer = judge(&changes, Some(&late));
    assert_eq!((answer.verdict.as_str(), answer.further), ("violated", 0));
}

#[test]
fn run_in_which_no_change_came_through_is_never_valid() {
    let failed = || {
        Outcome::Failed(Box::new(Reason {
            code: "1213".to_owned(),
            message: String::new(),
        }))
    };
    let data = with(chain(&right()));
    let why = |changes: &[Change]| {
        let verdict = judge(changes, Some(&data)).verdict;
        assert_eq!(verdict.as_str(), "unknown");
        verdict.why().unwrap().to_owned()
    };
    let mut changes = two();
    for change in &mut changes {
        change.release.as_mut().unwrap().outcome = failed();
    }
    assert_eq!(
        why(&changes),
        "of 2 changes none came through (releases that did not end ok: 2)"
    );
    for change in &mut changes {
        change.acquire.outcome = failed();
    }
    assert!(why(&changes).contains("acquires that did not end ok: 2"));
    assert_eq!(why(&[]), "no change was made");
    assert!(judge(&two(), None).verdict.why().unwrap().contains("cut"));
    changes[0] = at(1, [5, 10, 20, 21]);
    assert_eq!(word(&changes, &data), "valid", "one is enough");
}

#[test]
fn ordered_audit_finds_an_update_that_comes_too_late_by_another_row() {
    let mut elsewhere = at(2, [15, 30, 40, 41]);
    elsewhere.row = 1;
    let changes = vec![at(1, [5, 10, 60, 61]), elsewhere];
    let mut other = AuditEntry::of_row(1, RowState::initial(), held(2));
    other.row = 1;
    let mut effects = vec![other];
    effects.extend(chain(&[held(1), free(1)]));
    let mut data = with(effects);
    assert_eq!(
        word(&changes, &data),
        "valid",
        "rows have no order together"
    );
    data.is_ordered = true;
    let why = why(&changes, &data);
    assert!(why.contains("acquire of row 0 (1_0)"), "{why}");
    assert!(why.contains("after the acquire of worker 2"), "{why}");
    data.effects.as_mut().unwrap().reverse();
    data.effects.as_mut().unwrap().swap(0, 1);
    assert_eq!(word(&changes, &data), "valid");
}

#[test]
fn reading_after_all_servers_were_killed_accuses_nobody() {
    let mut changes = two();
    changes[0].acquire.seen = saw(Some(RowState::initial()));
    let mut data = with(chain(&right()));
    let kill = |began, ended| {
        vec![Breakdown {
            began: began * MS,
            ended: ended * MS,
            cause: BreakdownCause::AllKilled,
        }]
    };
    data.breakdowns = kill(10, 11);
    assert_eq!(word(&changes, &data), "unknown");
    // Before the step's ok, or after the reading.
    for (began, ended) in [(5, 6), (13, 14)] {
        data.breakdowns = kill(began, ended);
        assert_eq!(word(&changes, &data), "violated");
    }
}
