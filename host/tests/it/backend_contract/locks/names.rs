//! Names: several at once, in any order, and of any form.

use super::fixture::{Fixture, owned};
use super::{LONG, SHORT};
use crate::backend_contract::{assert_error, assert_rejected};
use contend::capability::lock::{Mode, ReleaseOutcome};
use contend::model::error::ErrorKind;
use std::time::Duration;

pub(super) async fn several_names_are_all_or_none(fixture: &Fixture) {
    let (_one, mut holder) = fixture.lock(&["b"], Mode::Exclusive).await;
    let (_other, mut several) = fixture.lock(&["c", "a", "b"], Mode::Exclusive).await;
    holder.acquire(0).await.unwrap();
    let refused = several.acquire(SHORT).await;
    assert_error(refused, ErrorKind::Conflict, "lock-wait-timeout");
    fixture.assert_free("a").await;
    holder.release().await.unwrap();
    several.acquire(0).await.unwrap();
    for name in ["a", "b", "c"] {
        fixture.assert_taken(name).await;
    }
    assert_eq!(several.release().await.unwrap(), ReleaseOutcome::Released);
    for name in ["a", "b", "c"] {
        fixture.assert_free(name).await;
    }
}

pub(super) async fn several_names_in_any_order_never_block_each_other(fixture: &Fixture) {
    let mut workers = Vec::new();
    for names in [["a", "b"], ["b", "a"]] {
        let (session, mut lock) = fixture.lock(&names, Mode::Exclusive).await;
        let time = fixture.time.clone();
        workers.push(fixture.time.spawn(async move {
            for _ in 0..20 {
                lock.acquire(LONG).await.unwrap();
                time.step_aside().await;
                lock.release().await.unwrap();
            }
            drop(session);
        }));
    }
    for worker in workers {
        let patience = Duration::from_secs(30);
        let ended = fixture.time.timeout(patience, worker).await;
        ended.expect("both wait for each other").unwrap();
    }
}

pub(super) async fn one_name_twice_is_one_name(fixture: &Fixture) {
    let (_session, mut lock) = fixture.lock(&["a", "a"], Mode::Exclusive).await;
    lock.acquire(0).await.unwrap();
    lock.release().await.unwrap();
    fixture.assert_free("a").await;
}

pub(super) async fn nothing_to_lock_is_rejected(fixture: &Fixture) {
    let mut session = fixture.session().await;
    let mut lock = |names: &[&str]| {
        let lock = session.lock(owned(names), Mode::Exclusive);
        lock.map(|_| ())
    };
    assert_rejected(lock(&[]), "no-names");
    assert_rejected(lock(&["a", ""]), "empty-name");
}

pub(super) async fn names_are_only_names(fixture: &Fixture) {
    let long = "x".repeat(5_000);
    let names = [
        "../up", "/root", "a b", "ü", "A", "a", ".", "..", "a\0", &long,
    ];
    let mut held = Vec::new();
    for name in names {
        let (session, mut lock) = fixture.lock(&[name], Mode::Exclusive).await;
        lock.acquire(0)
            .await
            .unwrap_or_else(|error| panic!("{name:?}: {error}"));
        held.push((session, lock));
    }
}
