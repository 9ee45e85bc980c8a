//! Faults that each service suffers, and the answers that its clients get.

mod faults;
mod kinds;
mod rig;

use super::*;
use crate::capability::lock::{Grant, Mode, ReleaseOutcome};
use crate::event::{LockCall, What};
use crate::model::error::ErrorKind;
use crate::model::sim_fault::FaultAction;
use rig::{Rig, S};
use std::pin::pin;

#[test]
fn a_holder_that_stands_still_longer_than_its_lease_loses_it_and_hears_so_late() {
    let mut rig = Rig::new(SimLocks::Lease);
    let (_one, paused) = rig.lock(0, "a");
    let first = rig.acquire(0, &paused, 0).unwrap();
    let granted = rig.kernel.now();
    rig.pause(0, 15 * S);
    let (_other, next) = rig.lock(1, "a");
    let second = rig.acquire(1, &next, 30 * S).unwrap();
    // Its last word came before it stood still.
    let waited = rig.kernel.now() - granted;
    assert!((9 * S..11 * S).contains(&waited), "{waited}");
    assert!(second.fencing > first.fencing, "{second:?} {first:?}");
    assert_eq!(rig.release(0, &paused), Ok(ReleaseOutcome::Expired));
    assert!(rig.kernel.now() >= granted + 14 * S);
    assert_eq!(rig.release(1, &next), Ok(ReleaseOutcome::Released));
    let printed = rig.printed();
    assert!(
        printed.contains(&"the lease of worker 0 ended".to_owned()),
        "{printed:?}"
    );
    assert_eq!(printed.last().unwrap(), "worker 1: Released");
}

#[test]
fn a_holder_that_goes_on_in_time_keeps_its_lease() {
    let mut rig = Rig::new(SimLocks::Lease);
    let (_one, paused) = rig.lock(0, "a");
    rig.acquire(0, &paused, 0).unwrap();
    rig.pause(0, 6 * S);
    let (_other, next) = rig.lock(1, "a");
    let refused = rig.acquire(1, &next, 60 * S).unwrap_err();
    assert_eq!(refused.code, "lock-wait-timeout");
    assert_eq!(rig.release(0, &paused), Ok(ReleaseOutcome::Released));
}

#[test]
fn the_current_grant_shows_the_last_answered_heartbeat_and_no_loss_that_the_client_can_not_know() {
    let mut rig = Rig::new(SimLocks::Lease);
    let (_session, lock) = rig.lock(0, "a");
    let acquired = rig.acquire(0, &lock, 0).unwrap().last_heartbeat.unwrap();
    let current = || lock.try_lock().unwrap().current_grant().unwrap();
    let since = |grant: &Grant| grant.last_heartbeat.unwrap() - acquired;
    rig.sleep(5 * S);
    // A third of the lease after the acquire, and not yet two thirds.
    let beat = since(&current());
    assert!((3 * S..4 * S).contains(&beat), "{beat}");
    // A service that is away answers none.
    let away = FaultAction::RestartLocks { lasts: 3 * S };
    rig.service.begin(&away);
    rig.sleep(3 * S);
    assert_eq!(since(&current()), beat);
    rig.service.end(&away);
    rig.pause(0, 60 * S);
    rig.sleep(30 * S);
    let lost = current();
    assert_eq!(
        (since(&lost), lost.lease_ends),
        (0, Some(acquired + 10 * S))
    );
}

#[test]
fn a_dead_process_gives_up_nothing_but_files() {
    for (kind, least, most) in [
        (SimLocks::Lease, 6 * S, 11 * S),
        (SimLocks::File, 0, S / 100),
        (SimLocks::PerNode, 0, S / 10),
        (SimLocks::Session, 6 * S, 11 * S),
    ] {
        let mut rig = Rig::new(kind);
        let (session, lock) = rig.lock(0, "a");
        rig.acquire(0, &lock, 0).unwrap();
        rig.sleep(4 * S);
        rig.service.worker_crashed(Actor::Worker(0));
        drop((session, lock));
        let crashed = rig.kernel.now();
        let (_other, next) = rig.lock(1, "a");
        rig.acquire(1, &next, 60 * S).unwrap();
        let waited = rig.kernel.now() - crashed;
        assert!((least..most).contains(&waited), "{kind:?}: {waited}");
    }
}

#[test]
fn message_sent_before_a_crash_still_arrives() {
    let mut rig = Rig::new(SimLocks::Lease);
    let (_session, lock) = rig.lock(0, "a");
    let service = rig.service.clone();
    rig.executor.spawn(Actor::Worker(0), async move {
        let mut lock = lock.lock().await;
        let mut acquire = pin!(lock.acquire(0));
        assert!(futures_util::poll!(acquire.as_mut()).is_pending());
        // Before anything of it is dropped.
        service.worker_crashed(Actor::Worker(0));
    });
    rig.run();
    let (_other, next) = rig.lock(1, "a");
    let refused = rig.acquire(1, &next, 0).unwrap_err();
    assert_eq!(refused.code, "lock-wait-timeout");
    rig.acquire(1, &next, 60 * S).unwrap();
}

#[test]
fn a_session_that_is_not_heard_of_loses_its_locks_and_its_places() {
    let mut rig = Rig::new(SimLocks::Session);
    let (_one, paused) = rig.lock(0, "a");
    let (_other, next) = rig.lock(1, "a");
    let (_third, waits) = rig.lock(2, "a");
    rig.acquire(0, &paused, 0).unwrap();
    rig.pause(0, 15 * S);
    // The second in the queue stands still too, the third does not.
    let waiting = rig.executor.spawn(Actor::Worker(1), async move {
        let mut next = next.lock().await;
        let answer = next.acquire(60 * S).await;
        let again = next.acquire(0).await;
        (answer, again)
    });
    let kernel = rig.kernel.clone();
    rig.executor.spawn(Actor::Host, async move {
        kernel.sleep(S).await;
        kernel.pause(Actor::Worker(1), 30 * S);
    });
    let third = rig.executor.spawn(Actor::Worker(2), async move {
        let mut waits = waits.lock().await;
        let granted = waits.acquire(60 * S).await;
        granted.and(waits.release().await)
    });
    rig.run();
    assert_eq!(third.take(), Some(Ok(ReleaseOutcome::Released)));
    assert_eq!(rig.release(0, &paused), Ok(ReleaseOutcome::Expired));
    let (answer, again) = waiting.take().unwrap();
    let answer = answer.unwrap_err();
    assert_eq!(
        (answer.kind, answer.code.as_str()),
        (ErrorKind::Unavailable, "session-expired")
    );
    // The library has begun a new session.
    again.unwrap();
}

#[test]
fn decision_does_not_wait_for_a_paused_client() {
    let mut rig = Rig::new(SimLocks::Session);
    let (_one, holder) = rig.lock(0, "a");
    let (_other, next) = rig.lock(1, "a");
    rig.acquire(0, &holder, 0).unwrap();
    let granted = rig.executor.spawn(Actor::Worker(1), async move {
        next.lock().await.acquire(60 * S).await.unwrap();
        next
    });
    let kernel = rig.kernel.clone();
    let released = rig.executor.spawn(Actor::Worker(0), async move {
        kernel.sleep(S).await;
        kernel.pause(Actor::Worker(1), kernel.now() + 5 * S);
        holder.lock().await.release().await.unwrap();
        kernel.now()
    });
    rig.run();
    assert!(rig.kernel.now() > 6 * S && granted.take().is_some());
    let released = released.take().unwrap();
    let mut granted = None;
    for event in rig.kernel.take_log().into_entries() {
        if let What::Lock {
            actor: Actor::Worker(1),
            call: LockCall::Granted { .. },
            ..
        } = event.what
        {
            granted = Some(event.at);
        }
    }
    assert!(granted.unwrap() < released, "{granted:?} {released}");
}

#[test]
fn a_release_calls_one_who_waits_and_asking_again_finds_the_rest() {
    let mut rig = Rig::new(SimLocks::Lease);
    let (_one, holder) = rig.lock(0, "a");
    rig.acquire(0, &holder, 0).unwrap();
    let locks: Vec<_> = (1..4)
        .map(|worker| (worker, rig.lock(worker, "a")))
        .collect();
    let mut waiting = Vec::new();
    for (worker, (session, lock)) in locks {
        let kernel = rig.kernel.clone();
        waiting.push(rig.executor.spawn(Actor::Worker(worker), async move {
            let mut lock = lock.lock().await;
            lock.acquire(60 * S).await.unwrap();
            lock.release().await.unwrap();
            drop(session);
            kernel.now()
        }));
    }
    let kernel = rig.kernel.clone();
    let released = rig.executor.spawn(Actor::Worker(0), async move {
        kernel.sleep(S + S / 100).await;
        holder.lock().await.release().await.unwrap();
        kernel.now()
    });
    rig.run();
    let released = released.take().unwrap();
    for waiter in waiting {
        // Long before any of them would have asked again.
        let had = waiter.take().unwrap();
        assert!(had - released < S / 100, "{had} after {released}");
    }
}

#[test]
fn the_same_seed_gives_the_same_log_and_another_another() {
    let digest = |seed| {
        let mut rig = Rig::with_seed(SimLocks::Lease, seed);
        let locks: Vec<_> = (0..10).map(|worker| rig.lock(worker, "a")).collect();
        for (worker, (session, lock)) in (0..).zip(locks) {
            rig.executor.spawn(Actor::Worker(worker), async move {
                let mut lock = lock.lock().await;
                for _ in 0..5 {
                    lock.acquire(60 * S).await.unwrap();
                    lock.release().await.unwrap();
                }
                session.close().await;
            });
        }
        rig.run();
        rig.kernel.take_log().digest()
    };
    assert_eq!(digest(1), digest(1));
    assert_ne!(digest(1), digest(2));
}

#[test]
fn ten_thousand_sessions_come_and_go_and_leave_nothing() {
    // A pooler's locks stay when their clients go.
    for kind in SimLocks::ALL
        .into_iter()
        .filter(|kind| *kind != SimLocks::Pooled)
    {
        let mut rig = Rig::quiet(kind);
        let mut sessions = Vec::new();
        for worker in 0..10_000 {
            let service = rig.service.clone();
            sessions.push(rig.executor.spawn(Actor::Worker(worker), async move {
                let options = SessionOptions::default();
                let mut session = service.open(String::new(), options).await.unwrap();
                let name = format!("row-{}", worker / 2);
                let mut lock = session.lock(vec![name], Mode::Exclusive).unwrap();
                lock.acquire(60 * S).await.unwrap();
                session.close().await;
            }));
        }
        rig.run();
        assert!(sessions.iter().all(|session| session.take().is_some()));
        rig.assert_empty();
    }
}
