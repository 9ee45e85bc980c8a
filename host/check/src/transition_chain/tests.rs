mod keys;

use super::super::synthetic::{change, history};
use super::*;
use crate::model::change::Change;
use crate::model::data::{AuditEntry, NodeRows, RowState, Status};
use crate::model::marker::{Mark, Marker};
use crate::model::verdict::Verdict;

fn available(worker: u32, number: u32) -> RowState {
    state(Status::Available, worker, number)
}

fn deleting(worker: u32, number: u32) -> RowState {
    state(Status::Deleting, worker, number)
}

fn state(status: Status, worker: u32, number: u32) -> RowState {
    let mark = Mark::Of(Marker { worker, number });
    RowState { status, mark }
}

fn update(from: RowState, to: RowState) -> AuditEntry {
    AuditEntry::of_row(2, from, to)
}

/// Rows 0 to 2, of which only row 2 was ever touched.
fn judge(changes: &[Change], effects: Vec<AuditEntry>, end: RowState) -> Answer {
    let untouched = Some(RowState::initial());
    let data = FinalRows {
        effects: Some(effects),
        nodes: vec![NodeRows {
            node: "a".into(),
            rows: vec![untouched.clone(), untouched, Some(end)],
            foreign: vec![],
        }],
        silent: vec![],
        is_ordered: false,
        unseen: 0,
        has_primary: false,
        breakdowns: Vec::new(),
    };
    judge_data(changes, 3, Some(&data), None)
}

fn judge_data(
    changes: &[Change],
    rows: u32,
    data: Option<&FinalRows>,
    idle: Option<&str>,
) -> Answer {
    let evidence = Evidence {
        rows,
        changes,
        data,
    };
    answer(&evidence, &Trace::new(changes), idle.map(Into::into))
}

/// Worker 3 at 10–20 ms, worker 7 at 30–40 ms, worker 8 at 50–60 ms, all on row 2.
fn three() -> Vec<Change> {
    [(3, 10), (7, 30), (8, 50)]
        .map(|(worker, ms)| {
            let times = [ms - 5, ms, ms + 9, ms + 10].map(|t| t * 1_000_000);
            change(worker, 2, 0, times)
        })
        .to_vec()
}

fn right() -> Vec<AuditEntry> {
    vec![
        update(RowState::initial(), deleting(3, 0)),
        update(deleting(3, 0), available(3, 0)),
        update(available(3, 0), deleting(7, 0)),
        update(deleting(7, 0), available(7, 0)),
        update(available(7, 0), deleting(8, 0)),
        update(deleting(8, 0), available(8, 0)),
    ]
}

fn assert_reported(answer: &Answer, prose: &str, further: u64) {
    let why = answer.verdict.why().unwrap_or("valid");
    assert_eq!(answer.verdict.as_str(), "violated", "{why}");
    assert!(why.contains(prose), "{why}");
    assert_eq!(answer.further, further, "{why}");
}

#[test]
fn a_right_chain_is_valid_in_any_order() {
    let mut effects = right();
    assert_eq!(
        judge(&three(), effects.clone(), available(8, 0)).verdict,
        Verdict::Valid
    );
    effects.rotate_left(2);
    effects.swap(0, 3);
    assert_eq!(
        judge(&three(), effects.clone(), available(8, 0)).verdict,
        Verdict::Valid
    );
    // The last worker was stopped while it held the row.
    effects.retain(|effect| effect.to != Some(available(8, 0)));
    assert_eq!(
        judge(&three(), effects, deleting(8, 0)).verdict,
        Verdict::Valid
    );
}

#[test]
fn a_row_that_is_taken_from_its_holder_is_reported_with_both_workers() {
    // What a blind write does: worker 7 overwrites worker 3's hold.
    let effects = vec![
        update(RowState::initial(), deleting(3, 0)),
        update(deleting(3, 0), deleting(7, 0)),
        update(deleting(7, 0), available(3, 0)),
        update(available(3, 0), available(7, 0)),
    ];
    let answer = judge(&three(), effects, available(7, 0));
    // The release of worker 3 at 20 ms comes before the acquire of worker 7 at 30 ms.
    assert_reported(
        &answer,
        "row 2 went from deleting (7_0) to available (3_0): worker 3 gave back at 20.000 ms what \
         worker 7 held since 30.000 ms",
        1,
    );
}

#[test]
fn takeover_is_a_link_of_the_chain_and_left_to_mutual_exclusion() {
    let effects = || {
        vec![
            update(RowState::initial(), deleting(3, 0)),
            update(deleting(3, 0), deleting(7, 0)),
            update(deleting(7, 0), available(7, 0)),
        ]
    };
    let ms = |times: [u64; 4]| times.map(|t| t * 1_000_000);
    let verdict = |thief: [u64; 4]| {
        // Worker 3 holds the row from 10 to 19 ms; its release is over at 40 ms.
        let holder = change(3, 2, 0, ms([5, 10, 19, 40]));
        let changes = [holder, change(7, 2, 0, ms(thief))];
        judge(&changes, effects(), available(7, 0)).verdict
    };
    assert_eq!(verdict([20, 30, 39, 40]), Verdict::Valid, "after its hold");
    assert_eq!(verdict([5, 15, 39, 40]), Verdict::Valid, "while it held");
    let unclear = verdict([15, 30, 39, 40]);
    assert!(unclear.why().unwrap().contains("taken over"), "{unclear:?}");
    // The loser's release must not take effect after that.
    let mut late = effects();
    late.push(update(deleting(3, 0), available(3, 0)));
    let changes = [
        change(3, 2, 0, ms([5, 10, 19, 40])),
        change(7, 2, 0, ms([20, 30, 39, 40])),
    ];
    let answer = judge(&changes, late, available(7, 0));
    assert_reported(&answer, "row 2 left deleting (3_0) twice", 0);
}

#[test]
fn every_other_illegal_update_is_reported() {
    let other = RowState {
        status: Status::from("error".to_owned()),
        mark: Mark::None,
    };
    let unmarked = RowState {
        status: Status::Deleting,
        mark: Mark::None,
    };
    for (from, to, prose) in [
        (
            available(3, 0),
            available(7, 0),
            "had given back at 20.000 ms",
        ),
        (
            available(3, 0),
            available(3, 0),
            "worker 3 repeated at 20.000 ms",
        ),
        (
            deleting(3, 0),
            deleting(3, 0),
            "worker 3 repeated at 10.000 ms",
        ),
        (
            available(3, 0),
            deleting(9, 9),
            "which no change of this row leads to",
        ),
        (
            deleting(3, 0),
            RowState::initial(),
            "which no change of this row leads to",
        ),
        (
            deleting(3, 0),
            other.clone(),
            "which no change of this row leads to",
        ),
        (
            available(3, 0),
            unmarked,
            "which no change of this row leads to",
        ),
        (
            RowState::initial(),
            available(7, 0),
            "gave back at 40.000 ms a row that no worker had taken",
        ),
        (
            other,
            deleting(7, 0),
            "worker 7 took at 30.000 ms a row that was in no known state",
        ),
        (available(9, 9), deleting(7, 0), "in no known state"),
    ] {
        let mut effects = right();
        effects.push(update(from, to));
        assert_reported(&judge(&three(), effects, available(8, 0)), prose, 0);
    }
}

#[test]
fn another_rows_marker_and_a_row_out_of_range_are_illegal() {
    let mut changes = three();
    changes.push(change(9, 1, 0, [0, 1, 2, 3]));
    let mut effects = right();
    effects.push(update(available(8, 0), deleting(9, 0)));
    assert_reported(
        &judge(&changes, effects, deleting(9, 0)),
        "no change of this row",
        0,
    );

    changes.push(change(10, 7, 0, [0, 1, 2, 3]));
    let mut effects = right();
    effects.push(AuditEntry::of_row(7, RowState::initial(), deleting(10, 0)));
    effects.push(AuditEntry::of_row(7, deleting(10, 0), available(10, 0)));
    assert_reported(&judge(&changes, effects, available(8, 0)), "row 7 went", 1);
}

#[test]
fn two_updates_out_of_one_state_are_a_lost_update() {
    let effects = vec![
        update(RowState::initial(), deleting(3, 0)),
        update(deleting(3, 0), available(3, 0)),
        update(RowState::initial(), deleting(7, 0)),
        update(deleting(7, 0), available(7, 0)),
    ];
    assert_reported(
        &judge(&three(), effects, available(7, 0)),
        "row 2 left available (no marker) twice, to deleting (3_0) by worker 3 at 10.000 ms and to \
         deleting (7_0) by worker 7 at 30.000 ms: one of the two updates was lost",
        0,
    );
}

#[test]
fn a_state_that_is_entered_twice_is_a_repeated_transition() {
    let mut effects = right();
    effects.push(update(available(8, 0), deleting(3, 0)));
    assert_reported(
        &judge(&three(), effects, deleting(3, 0)),
        "row 2 came to deleting (3_0) twice",
        0,
    );
}

#[test]
fn a_gap_in_the_chain_is_reported() {
    let mut effects = right();
    effects.remove(2);
    assert_reported(
        &judge(&three(), effects, available(8, 0)),
        "row 2 left deleting (7_0), to available (7_0) by worker 7 at 40.000 ms, but nothing had \
         led there",
        0,
    );
}

#[test]
fn a_circle_apart_from_the_beginning_is_reported() {
    let effects = vec![
        update(available(7, 0), deleting(3, 0)),
        update(deleting(3, 0), available(3, 0)),
        update(available(3, 0), deleting(7, 0)),
        update(deleting(7, 0), available(7, 0)),
    ];
    let answer = judge(&three(), effects, RowState::initial());
    assert_reported(&answer, "row 2 has updates that lead back to themselves", 0);
}

#[test]
fn the_end_must_be_the_end_on_every_node() {
    let answer = judge(&three(), right(), available(7, 0));
    assert_reported(
        &answer,
        "row 2 is available (7_0) on node a, but its last transition led to available (8_0)",
        0,
    );
    let (changes, mut data) = history(4, 2, 3);
    data.nodes[1].rows[1] = None;
    let answer = judge_data(&changes, 2, Some(&data), None);
    assert_reported(&answer, "row 1 is gone from node b", 0);
    data.nodes[1].rows[0] = Some(RowState::initial());
    let answer = judge_data(&changes, 2, Some(&data), None);
    assert_reported(&answer, "row 0 is available (no marker) on node b", 1);
}

#[test]
fn without_audit_data_or_contention_it_is_unknown_and_says_why() {
    let (changes, mut data) = history(4, 2, 3);
    let why = |data: Option<&FinalRows>, idle| {
        let verdict = judge_data(&changes, 2, data, idle).verdict;
        assert_eq!(verdict.as_str(), "unknown");
        verdict.why().unwrap().to_owned()
    };
    assert!(why(None, None).contains("cut"));
    assert_eq!(
        why(Some(&data), Some("nothing was contended")),
        "nothing was contended"
    );
    data.nodes.clear();
    assert!(why(Some(&data), None).contains("no node"));
    data.effects = None;
    assert!(why(Some(&data), None).contains("no audit"));
}
