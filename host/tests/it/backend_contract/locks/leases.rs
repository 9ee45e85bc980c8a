//! Leases: what a service promises of locks that are not renewed.

use super::LONG;
use super::fixture::Fixture;
use crate::backend_contract::{assert_error, assert_rejected};
use contend::capability::lock::{Mode, ReleaseOutcome, SessionOptions};
use contend::model::error::ErrorKind;
use std::time::Duration;

pub(super) async fn a_lease_that_runs_out_frees_the_lock_and_is_reported(fixture: &Fixture) {
    let Some((_one, mut late)) = fixture
        .unrenewed_lock("a", Mode::Exclusive, fixture.lease)
        .await
    else {
        return;
    };
    let (_other, mut next) = fixture.lock(&["a"], Mode::Exclusive).await;
    for somebody_came in [true, false] {
        let late_token = late.acquire(0).await.unwrap().fencing;
        fixture.assert_taken("a").await;
        if somebody_came {
            // Nobody releases it; the wait ends with the lease.
            let token = next.acquire(LONG).await.unwrap().fencing;
            assert!(token.is_empty() || token > late_token, "{token:?}");
        } else {
            fixture
                .time
                .sleep(Duration::from_nanos(2 * fixture.lease))
                .await;
        }
        let refused = late.renew().await;
        assert_error(refused, ErrorKind::Conflict, "not-owner");
        assert!(!late.is_owner().await.unwrap());
        if !somebody_came {
            fixture.assert_free("a").await;
        }
        assert_eq!(late.release().await.unwrap(), ReleaseOutcome::Expired);
        // The late one took nothing from whoever came.
        assert_eq!(next.is_owner().await.unwrap(), somebody_came);
        next.release().await.unwrap();
    }
}

pub(super) async fn an_expired_reader_gets_an_error_while_others_read(fixture: &Fixture) {
    let Some((_one, mut late)) = fixture
        .unrenewed_lock("a", Mode::Shared(None), fixture.lease)
        .await
    else {
        return;
    };
    let (_other, mut reader) = fixture.lock(&["a"], Mode::Shared(None)).await;
    late.acquire(0).await.unwrap();
    reader.acquire(0).await.unwrap();
    fixture
        .time
        .sleep(Duration::from_nanos(2 * fixture.lease))
        .await;
    assert!(!late.is_owner().await.unwrap());
    assert_eq!(late.release().await.unwrap(), ReleaseOutcome::Expired);
    fixture.assert_taken("a").await;
    assert_eq!(reader.release().await.unwrap(), ReleaseOutcome::Released);
    fixture.assert_free("a").await;
}

pub(super) async fn a_lease_that_is_renewed_goes_on(fixture: &Fixture) {
    let Some((_session, mut lock)) = fixture
        .unrenewed_lock("a", Mode::Exclusive, 2 * fixture.lease)
        .await
    else {
        return;
    };
    let first = lock.acquire(0).await.unwrap();
    let mut last = first.lease_ends;
    for _ in 0..4 {
        fixture
            .time
            .sleep(Duration::from_nanos(fixture.lease))
            .await;
        let renewed = lock.renew().await.unwrap();
        assert!(renewed.lease_ends > last, "{renewed:?} after {last:?}");
        assert_eq!(renewed.fencing, first.fencing);
        last = renewed.lease_ends;
    }
    fixture.assert_taken("a").await;
    assert_eq!(lock.release().await.unwrap(), ReleaseOutcome::Released);
    assert_error(lock.renew().await, ErrorKind::Conflict, "not-owner");
}

pub(super) async fn a_holder_that_lives_keeps_its_lease(fixture: &Fixture) {
    let Some((_session, mut lock)) = fixture
        .renewed_lock("a", Mode::Exclusive, fixture.lease)
        .await
    else {
        return;
    };
    lock.acquire(0).await.unwrap();
    fixture
        .time
        .sleep(Duration::from_nanos(4 * fixture.lease))
        .await;
    assert!(lock.is_owner().await.unwrap());
    fixture.assert_taken("a").await;
    assert_eq!(lock.release().await.unwrap(), ReleaseOutcome::Released);
}

pub(super) async fn the_current_grant_shows_a_lease_in_danger(fixture: &Fixture) {
    let Some((_one, mut lives)) = fixture
        .renewed_lock("a", Mode::Exclusive, fixture.lease)
        .await
    else {
        return;
    };
    let first = lives.acquire(0).await.unwrap();
    let acquired = first.last_heartbeat.unwrap();
    assert_eq!(first.lease_ends, Some(acquired + fixture.lease));
    fixture
        .time
        .sleep(Duration::from_nanos(4 * fixture.lease))
        .await;
    // The heartbeats were answered: without one of the last lease it would have ended.
    let current = lives.current_grant().expect("it is held");
    let last = current.last_heartbeat.unwrap();
    assert!(
        last >= acquired + 3 * fixture.lease,
        "{last} after {acquired}"
    );
    assert_eq!(current.lease_ends, Some(last + fixture.lease));

    let Some((_two, mut late)) = fixture
        .unrenewed_lock("b", Mode::Exclusive, fixture.lease)
        .await
    else {
        return;
    };
    let granted = late.acquire(0).await.unwrap();
    fixture
        .time
        .sleep(Duration::from_nanos(2 * fixture.lease))
        .await;
    // Nobody has said that it is lost, and its end is over.
    let current = late.current_grant().expect("the service was not asked");
    assert_eq!(current.last_heartbeat, granted.last_heartbeat);
    let refused = late.renew().await;
    assert_error(refused, ErrorKind::Conflict, "not-owner");
}

pub(super) async fn released_lease_is_not_renewed(fixture: &Fixture) {
    for by_session in [true, false] {
        let Some((session, mut lock)) = fixture
            .renewed_lock("a", Mode::Exclusive, fixture.lease)
            .await
        else {
            return;
        };
        lock.acquire(0).await.unwrap();
        if by_session {
            session.close().await;
        } else {
            assert_eq!(lock.release().await.unwrap(), ReleaseOutcome::Released);
        }
        fixture
            .time
            .sleep(Duration::from_nanos(fixture.lease))
            .await;
        fixture.assert_free("a").await;
    }
}

pub(super) async fn a_lease_of_nothing_is_refused(fixture: &Fixture) {
    let options = SessionOptions {
        lease: Some(0),
        poll: None,
    };
    let opened = fixture.service.open("x".to_owned(), options).await;
    assert_rejected(opened.map(|_| ()), "unsupported");
}
