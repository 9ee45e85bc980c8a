use super::super::synthetic::history;
use super::*;
use crate::model::change::Settled;
use crate::model::data::{Breakdown, BreakdownCause, KeyChange, RowState};
use crate::model::marker::{Mark, Marker};
use crate::model::outcome::{Outcome, Reason};
use crate::model::verdict::Verdict;

fn judge(changes: &[Change], data: Option<&FinalRows>) -> Answer {
    let evidence = Evidence {
        rows: 2,
        changes,
        data,
    };
    answer(&evidence, &Trace::new(changes))
}

fn failed() -> Outcome {
    Outcome::Failed(Box::new(Reason {
        code: "1213".into(),
        message: "Deadlock found".into(),
    }))
}

fn assert_reported(answer: &Answer, prose: &str, further: u64) {
    let why = answer.verdict.why().unwrap_or("valid");
    assert_eq!(answer.verdict.as_str(), "violated", "{why}");
    assert!(why.contains(prose), "{why}");
    assert_eq!(answer.further, further, "{why}");
}

#[test]
fn a_right_history_is_valid_even_without_contention() {
    let (changes, data) = history(6, 2, 5);
    assert_eq!(judge(&changes, Some(&data)).verdict, Verdict::Valid);
    let (changes, data) = history(1, 2, 5);
    assert_eq!(judge(&changes, Some(&data)).verdict, Verdict::Valid);
}

#[test]
fn a_success_without_effect_is_reported_the_earliest_first() {
    let (changes, mut data) = history(4, 2, 3);
    let effects = data.effects.as_mut().unwrap();
    let gone = [(3, 2, Status::Deleting), (1, 0, Status::Available)];
    effects.retain(|effect| {
        !gone.iter().any(|(worker, number, status)| {
            let marker = Marker {
                worker: *worker,
                number: *number,
            };
            let to = effect.to.as_ref().unwrap();
            effect.marker() == Some(marker) && to.status == *status
        })
    });
    assert_reported(
        &judge(&changes, Some(&data)),
        "worker 1 was told at 22.100 ms that its release of row 1 ended ok; the data has 0 such \
         updates (marker 1_0): a silent success",
        1,
    );
}

#[test]
fn a_failure_with_an_effect_and_a_second_effect_are_reported() {
    let (mut changes, data) = history(4, 2, 3);
    changes[5].acquire.outcome = failed();
    assert_reported(
        &judge(&changes, Some(&data)),
        "worker 1 was told at 34.900 ms that its acquire of row 1 ended failed (1213); the data \
         has 1 such update (marker 1_1): the error promised",
        0,
    );
    let (changes, mut data) = history(4, 2, 3);
    let effects = data.effects.as_mut().unwrap();
    effects.push(effects[0].clone());
    assert_reported(
        &judge(&changes, Some(&data)),
        "2 such updates (marker 0_0)",
        0,
    );
}

#[test]
fn restoring_explains_one_release() {
    let (mut changes, data) = history(4, 2, 3);
    changes[5].release = None;
    assert_reported(
        &judge(&changes, Some(&data)),
        "worker 1 never came to release row 1",
        0,
    );
    changes[5].restored = Restored::Yes;
    assert_eq!(judge(&changes, Some(&data)).verdict, Verdict::Valid);
}

#[test]
fn settling_must_agree_with_the_audit() {
    let (mut changes, data) = history(4, 2, 3);
    let acquire = &mut changes[5].acquire;
    acquire.outcome = Outcome::indeterminate("2013", "lost");
    acquire.settled = Some(Settled::TookEffect);
    assert_eq!(judge(&changes, Some(&data)).verdict, Verdict::Valid);
    changes[5].acquire.settled = Some(Settled::NoEffect);
    assert_reported(&judge(&changes, Some(&data)), "after the host had read", 0);
}

#[test]
fn effect_that_no_change_explains_is_left_to_transition_chain() {
    let to = |status: &str, mark: Option<&str>| RowState {
        status: Status::from(status.to_owned()),
        mark: Mark::from(mark.map(str::to_owned)),
    };
    for (row, to) in [
        (0, Some(to("deleting", Some("9_9")))),
        (0, Some(to("deleting", Some("somebody")))),
        (0, Some(to("available", None))),
        (0, Some(to("error", Some("0_0")))),
        // Row 1 is worker 1's.
        (0, Some(to("deleting", Some("1_0")))),
        (7, Some(to("deleting", Some("0_0")))),
        (0, None),
    ] {
        let (changes, mut data) = history(4, 2, 3);
        let from = Some(RowState::initial());
        let keys = None;
        let effect = AuditEntry {
            row,
            from,
            to,
            keys,
        };
        data.effects.as_mut().unwrap().push(effect);
        assert_eq!(judge(&changes, Some(&data)).verdict, Verdict::Valid);
    }
}

#[test]
fn state_that_a_changed_key_brings_along_is_no_second_effect() {
    let (changes, mut data) = history(4, 2, 3);
    let effects = data.effects.as_mut().unwrap();
    let mut moved = effects[0].clone();
    moved.keys = Some(Box::new(KeyChange {
        key: "volume-0".into(),
        before: Some("volume-1".into()),
        after: None,
        markers: vec![],
    }));
    effects.push(moved);
    assert_eq!(judge(&changes, Some(&data)).verdict, Verdict::Valid);
    let own = changes[0].marker();
    let effects = data.effects.as_mut().unwrap();
    let moved = effects.last_mut().unwrap().keys.as_mut().unwrap();
    moved.markers.push(own);
    assert_reported(&judge(&changes, Some(&data)), "2 such updates", 0);
}

#[test]
fn honest_release_of_a_row_that_was_taken_over_is_no_lie() {
    let (mut changes, mut data) = history(4, 2, 1);
    // Worker 2 takes over what worker 0 holds, and worker 0's release says so.
    let holder = RowState::held_by(changes[0].marker());
    let effects = data.effects.as_mut().unwrap();
    let freed = |effect: &AuditEntry| effect.from.as_ref() == Some(&holder);
    effects.retain(|effect| !freed(effect));
    let stolen = effects
        .iter_mut()
        .find(|effect| effect.to == Some(RowState::held_by(changes[2].marker())));
    stolen.unwrap().from = Some(holder);
    for settled in [Settled::NoEffect, Settled::Unknown] {
        for outcome in [failed(), Outcome::indeterminate("change-timeout", "cut")] {
            let release = changes[0].release.as_mut().unwrap();
            release.outcome = outcome;
            release.settled = Some(settled);
            assert_eq!(judge(&changes, Some(&data)).verdict, Verdict::Valid);
        }
    }
}

#[test]
fn rows_that_are_gone_and_foreign_ones_are_reported() {
    let (changes, mut data) = history(4, 2, 3);
    data.nodes[1].rows[1] = None;
    assert_reported(
        &judge(&changes, Some(&data)),
        "row 1 is gone from node b",
        0,
    );
    data.nodes[1].rows.clear();
    assert_reported(
        &judge(&changes, Some(&data)),
        "row 0 is gone from node b",
        1,
    );
    let (changes, mut data) = history(4, 2, 3);
    data.nodes[0].foreign.push("volume-x".into());
    assert_reported(
        &judge(&changes, Some(&data)),
        "node a has a row \"volume-x\"",
        0,
    );
}

#[test]
fn without_proof_it_is_unknown_unless_the_history_itself_proves_a_lie() {
    let (mut changes, mut data) = history(4, 2, 3);
    data.effects = None;
    assert!(judge(&changes, None).verdict.why().unwrap().contains("cut"));
    assert!(
        judge(&changes, Some(&data))
            .verdict
            .why()
            .unwrap()
            .contains("no audit")
    );
    assert_eq!(judge(&changes, Some(&data)).verdict.as_str(), "unknown");
    changes[5].acquire.outcome = failed();
    assert_eq!(judge(&changes, None).verdict.as_str(), "unknown");
    changes[5].acquire.settled = Some(Settled::TookEffect);
    assert_reported(
        &judge(&changes, None),
        "ended failed (1213) (marker 1_1): the error",
        0,
    );
    let (_, empty) = history(0, 2, 0);
    assert!(
        judge(&[], Some(&empty))
            .verdict
            .why()
            .unwrap()
            .contains("no change")
    );
}

/// The data of a history without the effects of the steps that were invoked in this time.
fn without(changes: &[Change], data: &FinalRows, gone: std::ops::Range<u64>) -> FinalRows {
    let mut data = data.clone();
    let effects = data.effects.as_mut().unwrap();
    effects.retain(|effect| {
        let to = effect.to.as_ref().unwrap();
        let marker = effect.marker().unwrap();
        let change = changes
            .iter()
            .find(|change| change.marker() == marker)
            .unwrap();
        let step = match to.status {
            Status::Deleting => &change.acquire,
            _ => change.release.as_ref().unwrap(),
        };
        !gone.contains(&step.invoked)
    });
    data
}

#[test]
fn commit_that_all_nodes_had_and_none_has_any_more_is_lost() {
    let (mut changes, data) = history(4, 2, 6);
    let (kill, back) = (100_000_000, 160_000_000);
    let lost = without(&changes, &data, kill..back);
    let answer = judge(&changes, Some(&lost));
    let first = answer.verdict.why().unwrap().to_owned();
    assert!(!first.contains("silent"), "{first}");
    let in_time = changes.iter().flat_map(Change::steps);
    let in_time = in_time
        .filter(|step| (kill..back).contains(&step.invoked))
        .count();
    assert_eq!(answer.further as usize, in_time - 1, "{first}");
    // The acquire alone: all nodes had it.
    let change = changes
        .iter()
        .find(|it| it.acquire.invoked >= kill)
        .unwrap()
        .clone();
    let acquired = change.acquire.invoked;
    let alone = without(&changes, &data, acquired..acquired + 1);
    assert_reported(
        &judge(&changes, Some(&alone)),
        "committed, acknowledged, and lost",
        alone_further(&changes, acquired),
    );
    // No node was read, so nothing shows that it ever was there.
    for change in &mut changes {
        change.check = None;
    }
    let unseen = judge(&changes, Some(&lost)).verdict;
    assert!(
        unseen.why().unwrap().contains("a silent success"),
        "{unseen:?}"
    );
}

/// The number of acquires that began in the same moment, beside one.
fn alone_further(changes: &[Change], invoked: u64) -> u64 {
    let same = changes.iter().flat_map(Change::steps);
    same.filter(|step| step.invoked == invoked).count() as u64 - 1
}

#[test]
fn loss_explains_no_success_that_was_missing_before_it() {
    let (changes, data) = history(4, 2, 6);
    let end = u64::MAX;
    let lost = without(&changes, &data, 110_000_000..end);
    // A release long before, of which nothing says that it was there.
    let early = &changes[0];
    let release = early.release.as_ref().unwrap().invoked;
    let both = without(&changes, &lost, release..release + 1);
    let answer = judge(&changes, Some(&both));
    let why = answer.verdict.why().unwrap();
    assert!(why.ends_with("a silent success"), "{why}");
    let why = judge(&changes, Some(&lost)).verdict;
    assert!(!why.why().unwrap().contains("silent"), "{why:?}");
}

#[test]
fn last_success_before_all_servers_were_killed_is_not_called_a_lie() {
    let (changes, data) = history(4, 2, 6);
    let releases = || changes.iter().filter_map(|change| change.release.as_ref());
    let release = releases()
        .find(|step| step.returned >= 100_000_000)
        .unwrap();
    let (began, ended) = (release.returned + 1, release.returned + 70_000_000);
    let diagnosis = |gone: std::ops::Range<u64>, breakdowns: Vec<Breakdown>| {
        let mut data = without(&changes, &data, gone);
        data.breakdowns = breakdowns;
        let answer = judge(&changes, Some(&data));
        answer.verdict.why().unwrap().to_owned()
    };
    let gone = release.invoked..release.invoked + 1;
    let silent = diagnosis(gone.clone(), Vec::new());
    assert!(silent.ends_with("a silent success"), "{silent}");
    let cause = BreakdownCause::AllKilled;
    let breakdown = Breakdown {
        began,
        ended,
        cause,
    };
    let lost = diagnosis(gone.clone(), vec![breakdown]);
    assert!(lost.ends_with("were killed: lost, or never made"), "{lost}");
    let promoted = Breakdown {
        cause: BreakdownCause::Promoted,
        ..breakdown
    };
    let lost = diagnosis(gone.clone(), vec![promoted]);
    assert!(lost.ends_with("promoted: lost, or never made"), "{lost}");
    // Others began later and are in the data, so this one was not among the last.
    let later = Breakdown {
        began: began + 60_000_000,
        ended: ended + 60_000_000,
        ..breakdown
    };
    let silent = diagnosis(gone, vec![later]);
    assert!(silent.ends_with("a silent success"), "{silent}");
}
