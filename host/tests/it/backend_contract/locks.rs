//! The contract of a lock service.

pub(super) mod fixture;
mod leases;
mod names;

use super::{A_WHILE, assert_error, assert_rejected, contract};
use crate::support::simulated::Time;
use contend::capability::lock::{Grant, Lock, Mode, ReleaseOutcome, SessionOptions};
use contend::model::error::{CallError, ErrorKind};
use fixture::{
    Fixture, etcd, file, get_lock, in_simulation, memory, postgres_advisory, redis, zookeeper,
};
use leases::*;
use names::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::oneshot::Receiver;

const LONG: u64 = 10_000_000_000;

/// Not a whole number of the units in which a server counts.
const SHORT: u64 = 60_900_000;

/// Makes one test of each script for one simulated service.
macro_rules! simulated {
    ($name:ident = $kind:expr; $($script:ident),* $(,)?) => {
        mod $name {
            $(
                #[test]
                fn $script() {
                    super::in_simulation($kind, async |fixture| super::$script(&fixture).await);
                }
            )*
        }
    };
}

pub(super) use simulated;

macro_rules! every_script {
    ($on:ident! $($backend:tt)*) => {
        $on! { $($backend)*
            every_trait_is_described,
            a_held_lock_excludes_until_its_release,
            a_waiting_acquire_gets_what_is_released,
            the_wait_limit_is_kept,
            dropping_or_closing_gives_the_lock_up,
            a_closed_session_holds_nothing,
            readers_share_and_writers_do_not,
            a_limit_bounds_the_readers,
            several_names_are_all_or_none,
            several_names_in_any_order_never_block_each_other,
            one_name_twice_is_one_name,
            a_lock_knows_whether_it_is_held,
            the_host_knows_the_current_grant,
            a_cancelled_acquire_leaves_nothing_behind,
            a_cancelled_acquire_of_several_names_leaves_nothing_behind,
            missing_capability_is_unsupported,
            nothing_to_lock_is_rejected,
            names_are_only_names,
            tokens_grow_or_are_absent,
            the_first_to_come_is_the_first_served,
            a_broken_lock_is_lost_by_its_holder,
            no_two_holders_are_ever_inside_together,
            a_lease_that_runs_out_frees_the_lock_and_is_reported,
            an_expired_reader_gets_an_error_while_others_read,
            a_lease_that_is_renewed_goes_on,
            a_holder_that_lives_keeps_its_lease,
            released_lease_is_not_renewed,
            the_current_grant_shows_a_lease_in_danger,
            a_lease_of_nothing_is_refused,
        }
    };
}

every_script!(contract! memory:);
every_script!(contract! file:);
every_script!(contract! redis:);
every_script!(contract! zookeeper:);
every_script!(contract! etcd:);
every_script!(contract! get_lock:);
every_script!(contract! postgres_advisory:);
every_script!(simulated! simulated_lease = contend::model::sim_locks::SimLocks::Lease;);
every_script!(simulated! simulated_file = contend::model::sim_locks::SimLocks::File;);
every_script!(simulated! simulated_session = contend::model::sim_locks::SimLocks::Session;);
every_script!(simulated! simulated_node = contend::model::sim_locks::SimLocks::PerNode;);

/// The part of the contract that a service keeps whose locks do not last.
macro_rules! scripts_of_names_and_options {
    ($on:ident! $($backend:tt)*) => {
        $on! { $($backend)*
            every_trait_is_described,
            one_name_twice_is_one_name,
            missing_capability_is_unsupported,
            nothing_to_lock_is_rejected,
            names_are_only_names,
            a_lease_of_nothing_is_refused,
        }
    };
}

scripts_of_names_and_options!(
    simulated! simulated_cache = contend::model::sim_locks::SimLocks::Evicting;
);
scripts_of_names_and_options!(
    simulated! simulated_pool = contend::model::sim_locks::SimLocks::Pooled;
);

fn spawn_acquire(
    time: &Time,
    mut lock: Box<dyn Lock>,
    wait: u64,
) -> Receiver<(Box<dyn Lock>, Result<Grant, CallError>)> {
    time.spawn(async move {
        let result = lock.acquire(wait).await;
        (lock, result)
    })
}

async fn every_trait_is_described(fixture: &Fixture) {
    let traits = fixture.service.traits();
    let names: Vec<&str> = traits.iter().map(|(name, _)| name.as_str()).collect();
    let all = [
        "lease",
        "fencing",
        "shared",
        "shared-limit",
        "fair",
        "across-processes",
        "across-hosts",
    ];
    assert_eq!(names, all);
}

async fn a_held_lock_excludes_until_its_release(fixture: &Fixture) {
    let (_session, mut lock) = fixture.lock(&["a"], Mode::Exclusive).await;
    let grant = lock.acquire(0).await.unwrap();
    assert_eq!(grant.owner, "owner-0");
    assert_eq!(grant.lease_ends.is_some(), fixture.has("lease"));
    fixture.assert_taken("a").await;
    fixture.assert_free("b").await;
    assert_eq!(lock.release().await.unwrap(), ReleaseOutcome::Released);
    fixture.assert_free("a").await;
}

async fn a_waiting_acquire_gets_what_is_released(fixture: &Fixture) {
    let (_one, mut holder) = fixture.lock(&["a"], Mode::Exclusive).await;
    let (_other, waiter) = fixture.lock(&["a"], Mode::Exclusive).await;
    holder.acquire(0).await.unwrap();
    let mut waiting = spawn_acquire(&fixture.time, waiter, LONG);
    fixture.must_wait(&mut waiting, "two hold it").await;
    holder.release().await.unwrap();
    let (_lock, granted) = waiting.await.unwrap();
    granted.unwrap();
}

async fn the_wait_limit_is_kept(fixture: &Fixture) {
    let (_one, mut holder) = fixture.lock(&["a"], Mode::Exclusive).await;
    let (_other, mut waiter) = fixture.lock(&["a"], Mode::Exclusive).await;
    holder.acquire(0).await.unwrap();
    let (result, waited) = fixture.time.measure(waiter.acquire(SHORT)).await;
    assert_error(result, ErrorKind::Conflict, "lock-wait-timeout");
    assert!(waited >= Duration::from_nanos(SHORT), "{waited:?}");
    // A busy machine is late; a limit in a wrong unit is later still.
    assert!(waited < Duration::from_nanos(LONG), "{waited:?}");
    holder.release().await.unwrap();
    fixture.assert_free("a").await;
}

async fn dropping_or_closing_gives_the_lock_up(fixture: &Fixture) {
    let (_session, mut lock) = fixture.lock(&["a"], Mode::Exclusive).await;
    lock.acquire(0).await.unwrap();
    drop(lock);
    fixture.assert_given_up("a").await;
    let (_session, mut lock) = fixture.lock(&["a"], Mode::Exclusive).await;
    lock.acquire(0).await.unwrap();
    lock.close().await;
    fixture.assert_free("a").await;
}

async fn a_closed_session_holds_nothing(fixture: &Fixture) {
    for by_drop in [true, false] {
        let (session, mut lock) = fixture.lock(&["a"], Mode::Exclusive).await;
        lock.acquire(0).await.unwrap();
        if by_drop {
            drop(session);
            fixture.assert_given_up("a").await;
        } else {
            session.close().await;
        }
        fixture.assert_free("a").await;
        assert!(!lock.is_owner().await.unwrap());
        assert_eq!(lock.release().await.unwrap(), ReleaseOutcome::NotOwner);
        assert_rejected(lock.acquire(0).await, "session-closed");
    }
    // Nor does one that was still waiting.
    let (_one, mut holder) = fixture.lock(&["a"], Mode::Exclusive).await;
    let (session, waiter) = fixture.lock(&["a"], Mode::Exclusive).await;
    holder.acquire(0).await.unwrap();
    let waiting = spawn_acquire(&fixture.time, waiter, LONG);
    fixture.time.sleep(A_WHILE).await;
    session.close().await;
    let (_lock, result) = waiting.await.unwrap();
    assert_rejected(result, "session-closed");
}

async fn a_limit_bounds_the_readers(fixture: &Fixture) {
    let at_most = |limit| Mode::Shared(Some(limit));
    if !fixture.has("shared-limit") {
        let mut session = fixture.session().await;
        let limited = session.lock(vec!["a".to_owned()], at_most(2));
        assert_rejected(limited.map(drop), "unsupported");
        return;
    }
    let (_one, mut one) = fixture.lock(&["a"], at_most(2)).await;
    let (_two, mut two) = fixture.lock(&["a"], at_most(3)).await;
    one.acquire(0).await.unwrap();
    two.acquire(0).await.unwrap();
    // The smallest limit is in force, also for a reader that has a larger one or none.
    for mode in [at_most(3), Mode::Shared(None), at_most(1), Mode::Exclusive] {
        let (_session, mut third) = fixture.lock(&["a"], mode).await;
        let refused = third.acquire(0).await;
        assert_error(refused, ErrorKind::Conflict, "lock-wait-timeout");
    }
    let (_third, waiter) = fixture.lock(&["a"], at_most(3)).await;
    let mut waiting = spawn_acquire(&fixture.time, waiter, LONG);
    fixture.must_wait(&mut waiting, "three hold it").await;
    one.release().await.unwrap();
    let (third, granted) = waiting.await.unwrap();
    granted.unwrap();
    drop(third);
    assert_eq!(two.release().await.unwrap(), ReleaseOutcome::Released);
    let mut session = fixture.session().await;
    let none = session.lock(vec!["a".to_owned()], at_most(0));
    assert_rejected(none.map(drop), "bad-limit");
}

async fn readers_share_and_writers_do_not(fixture: &Fixture) {
    if !fixture.has("shared") {
        let mut session = fixture.session().await;
        let shared = session.lock(vec!["a".to_owned()], Mode::Shared(None));
        assert_rejected(shared.map(drop), "unsupported");
        return;
    }
    let (_one, mut one) = fixture.lock(&["a"], Mode::Shared(None)).await;
    let (_other, mut other) = fixture.lock(&["a"], Mode::Shared(None)).await;
    let (_writer, mut writer) = fixture.lock(&["a"], Mode::Exclusive).await;
    one.acquire(0).await.unwrap();
    other.acquire(0).await.unwrap();
    fixture.assert_taken("a").await;
    one.release().await.unwrap();
    fixture.assert_taken("a").await;
    other.release().await.unwrap();
    writer.acquire(0).await.unwrap();
    let refused = one.acquire(0).await;
    assert_error(refused, ErrorKind::Conflict, "lock-wait-timeout");
}

async fn the_host_knows_the_current_grant(fixture: &Fixture) {
    let (session, mut lock) = fixture.lock(&["a"], Mode::Exclusive).await;
    assert_eq!(lock.current_grant(), None);
    let grant = lock.acquire(0).await.unwrap();
    let current = lock.current_grant().expect("it is held");
    assert_eq!(
        (current.owner, current.fencing),
        (grant.owner, grant.fencing)
    );
    assert_eq!(current.lease_ends.is_some(), fixture.has("lease"));
    assert_eq!(current.last_heartbeat.is_some(), fixture.has("lease"));
    lock.release().await.unwrap();
    assert_eq!(lock.current_grant(), None);
    lock.acquire(0).await.unwrap();
    session.close().await;
    assert_eq!(lock.current_grant(), None);
}

async fn a_lock_knows_whether_it_is_held(fixture: &Fixture) {
    let (_session, mut lock) = fixture.lock(&["a"], Mode::Exclusive).await;
    assert!(!lock.is_owner().await.unwrap());
    assert_eq!(lock.release().await.unwrap(), ReleaseOutcome::NotOwner);
    lock.acquire(0).await.unwrap();
    assert!(lock.is_owner().await.unwrap());
    assert_rejected(lock.acquire(0).await, "already-held");
    assert!(lock.is_owner().await.unwrap());
    lock.release().await.unwrap();
    assert!(!lock.is_owner().await.unwrap());
    assert_eq!(lock.release().await.unwrap(), ReleaseOutcome::NotOwner);
    lock.acquire(0).await.unwrap();
}

async fn a_cancelled_acquire_leaves_nothing_behind(fixture: &Fixture) {
    let (_one, mut holder) = fixture.lock(&["a"], Mode::Exclusive).await;
    let (_other, mut cancelled) = fixture.lock(&["a"], Mode::Exclusive).await;
    holder.acquire(0).await.unwrap();
    fixture
        .must_wait(cancelled.acquire(LONG), "two hold it")
        .await;
    holder.release().await.unwrap();
    fixture.assert_given_up("a").await;
    // The lock itself is as good as new.
    cancelled.acquire(0).await.unwrap();
}

async fn a_cancelled_acquire_of_several_names_leaves_nothing_behind(fixture: &Fixture) {
    let (_one, mut holder) = fixture.lock(&["b"], Mode::Exclusive).await;
    let (_other, mut cancelled) = fixture.lock(&["a", "b"], Mode::Exclusive).await;
    holder.acquire(0).await.unwrap();
    fixture
        .must_wait(cancelled.acquire(LONG), "two hold it")
        .await;
    fixture.assert_given_up("a").await;
    fixture.assert_taken("b").await;
}

async fn missing_capability_is_unsupported(fixture: &Fixture) {
    if fixture.has("lease") {
        return;
    }
    let options = SessionOptions {
        lease: Some(1_000_000),
        poll: None,
    };
    let opened = fixture.service.open("x".to_owned(), options).await;
    assert_rejected(opened.map(|_| ()), "unsupported");
    let (_session, mut lock) = fixture.lock(&["a"], Mode::Exclusive).await;
    lock.acquire(0).await.unwrap();
    assert_rejected(lock.renew().await, "unsupported");
}

async fn tokens_grow_or_are_absent(fixture: &Fixture) {
    let mut last = [0, 0];
    for _ in 0..3 {
        let (_session, mut lock) = fixture.lock(&["b", "a"], Mode::Exclusive).await;
        let fencing = lock.acquire(0).await.unwrap().fencing;
        lock.release().await.unwrap();
        if !fixture.has("fencing") {
            assert_eq!(fencing, []);
            continue;
        }
        let names: Vec<&str> = fencing.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        for (last, (name, token)) in last.iter_mut().zip(&fencing) {
            assert!(token > last, "{name}: {token} after {last}");
            *last = *token;
        }
    }
}

async fn the_first_to_come_is_the_first_served(fixture: &Fixture) {
    if !fixture.has("fair") {
        return;
    }
    let (_session, mut holder) = fixture.lock(&["a"], Mode::Shared(None)).await;
    holder.acquire(0).await.unwrap();
    let served = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    let modes = [
        Mode::Exclusive,
        Mode::Shared(None),
        Mode::Exclusive,
        Mode::Shared(None),
    ];
    for (number, mode) in modes.into_iter().enumerate() {
        let (session, mut lock) = fixture.lock(&["a"], mode).await;
        let served = Arc::clone(&served);
        waiting.push(fixture.time.spawn(async move {
            lock.acquire(LONG).await.unwrap();
            served.lock().unwrap().push(number);
            lock.release().await.unwrap();
            drop(session);
        }));
        // The next one comes when this one waits.
        fixture.until_there_are(number + 2, "a").await;
    }
    assert_eq!(
        *served.lock().unwrap(),
        [0; 0],
        "a reader overtook a writer"
    );
    holder.release().await.unwrap();
    for task in waiting {
        task.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), [0, 1, 2, 3]);
}

async fn a_broken_lock_is_lost_by_its_holder(fixture: &Fixture) {
    let (_one, mut holder) = fixture.lock(&["a", "b"], Mode::Exclusive).await;
    let (_other, mut breaker) = fixture.lock(&["a"], Mode::Exclusive).await;
    holder.acquire(0).await.unwrap();
    if let Err(error) = breaker.break_lock().await {
        assert_rejected(Err::<(), _>(error), "unsupported");
        assert!(holder.is_owner().await.unwrap());
        return;
    }
    breaker.acquire(0).await.unwrap();
    assert!(!holder.is_owner().await.unwrap());
    assert_eq!(holder.release().await.unwrap(), ReleaseOutcome::NotOwner);
    // It gave up what it still had, and took nothing from the new holder.
    assert!(breaker.is_owner().await.unwrap());
    fixture.assert_free("b").await;
    fixture.assert_taken("a").await;
}

async fn no_two_holders_are_ever_inside_together(fixture: &Fixture) {
    let inside = Arc::new(AtomicBool::new(false));
    let mut workers = Vec::new();
    for _ in 0..6 {
        let (session, mut lock) = fixture.lock(&["a"], Mode::Exclusive).await;
        let inside = Arc::clone(&inside);
        let time = fixture.time.clone();
        workers.push(fixture.time.spawn(async move {
            for turn in 0..20 {
                // Now and then someone loses patience while waiting, or just after.
                if turn % 5 == 0 {
                    let impatience = Duration::from_micros(300);
                    time.timeout(impatience, lock.acquire(LONG)).await;
                    lock.release().await.unwrap();
                }
                lock.acquire(LONG).await.unwrap();
                assert!(!inside.swap(true, Ordering::SeqCst), "two are inside");
                time.step_aside().await;
                inside.store(false, Ordering::SeqCst);
                assert_eq!(lock.release().await.unwrap(), ReleaseOutcome::Released);
            }
            drop(session);
        }));
    }
    for worker in workers {
        worker.await.unwrap();
    }
    fixture.assert_free("a").await;
}
