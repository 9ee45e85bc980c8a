//! Readings of the host after a step, and its conclusions.

use super::cluster::Reads;
use super::fixture::{self, Effect, Say, Script};
use super::{FREE, change, indefinite, keep_on, one_change};
use contend::model::change::{Restored, Settled};
use contend::model::data::RowState;
use contend::model::marker::Marker;
use contend::model::seen::Sight;
use contend::workload::Workload;

use Effect::{Happens, No};

/// Of the worker's first change.
const MARKER: Marker = Marker {
    worker: 0,
    number: 0,
};

#[tokio::test]
async fn row_that_was_never_written_proves_without_an_audit_that_it_was_not_acquired() {
    let workload = Workload {
        audit: false,
        ..one_change()
    };
    let script = Script::of(&[(No, indefinite())]);
    let left = fixture::run(script, Reads::Right, workload, keep_on).await;
    let acquire = &left.changes[0].acquire;
    assert_eq!(acquire.settled, Some(Settled::NoEffect));
}

#[tokio::test]
async fn row_that_a_silent_member_may_have_is_given_back_to_be_sure() {
    let sessions = async |reads| {
        let script = Script::of(&[(No, indefinite())]);
        let left = fixture::run(script, reads, one_change(), keep_on).await;
        assert_eq!(left.changes[0].restored, Restored::No);
        left.sessions.1
    };
    // The worker's own, and that of the host.
    assert_eq!(sessions(Reads::OneIsAway(2)).await, 2);
    assert_eq!(sessions(Reads::OneIsAway(1)).await, 1);
}

#[tokio::test]
async fn one_causal_reading_that_shows_the_effect_is_enough() {
    let ok = [(Happens, Say::Ok), (Happens, Say::Ok)];
    // Neither node shows it to the check, and of the causal readings only the second does.
    let (change, _) = change(&ok, Reads::NotAtFirst(3)).await;
    let looked = change.acquire.seen.expect("a causal reading");
    assert_eq!(
        looked.found,
        Sight::Row(Some(RowState::held_by(MARKER))),
        "{looked:?}"
    );
}

#[tokio::test]
async fn conclusion_about_a_step_comes_from_causal_readings() {
    let ok = (Happens, Say::Ok);
    let (looked, _) = change(&[ok.clone(), ok.clone()], Reads::OnlyCausal).await;
    assert!(!looked.check.unwrap().agreed, "the check reads as it is");
    let seen = looked.acquire.seen.expect("a causal reading");
    assert_eq!(seen.found, Sight::Row(Some(RowState::held_by(MARKER))));
    let (settled, status) = change(&[(Happens, indefinite()), ok], Reads::OnlyCausal).await;
    assert_eq!(settled.acquire.settled, Some(Settled::TookEffect));
    assert_eq!(status, FREE);
}
