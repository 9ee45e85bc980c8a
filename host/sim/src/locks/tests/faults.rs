//! The faults of the service itself.

use super::*;
use crate::model::error::CallError;
use crate::model::sim_fault::{FaultAction, SimFault};

const RESTART: FaultAction = FaultAction::RestartLocks { lasts: 2 * S };

fn error_of<T: std::fmt::Debug>(answer: Result<T, CallError>) -> (ErrorKind, String) {
    let error = answer.unwrap_err();
    (error.kind, error.code)
}

fn is(kind: ErrorKind, code: &str) -> (ErrorKind, String) {
    (kind, code.to_owned())
}

/// A lock belongs to its session, so giving it up gives it up.
fn owns(kind: &SimLocks) -> bool {
    *kind != SimLocks::Pooled
}

/// Those that keep a lock until its holder gives it up or is gone.
const LASTING: [SimLocks; 3] = [SimLocks::Lease, SimLocks::File, SimLocks::Session];

#[test]
fn a_restarted_service_refuses_and_then_knows_what_it_knew() {
    for kind in LASTING {
        let mut rig = Rig::new(kind);
        let (_one, holder) = rig.lock(0, "a");
        let (_other, next) = rig.lock(1, "a");
        rig.acquire(0, &holder, 0).unwrap();
        rig.service.begin(&RESTART);
        let refused = is(ErrorKind::Unavailable, "connection-refused");
        assert_eq!(error_of(rig.acquire(1, &next, 60 * S)), refused);
        assert_eq!(error_of(rig.release(0, &holder)), refused);
        rig.sleep(2 * S);
        rig.service.end(&RESTART);
        assert!(rig.is_owner(0, &holder));
        assert!(rig.acquire(1, &next, 0).is_err());
        assert_eq!(rig.release(0, &holder), Ok(ReleaseOutcome::Released));
    }
}

/// Polls a call once, which sends it, and lets the fault come while it is under way, either before it
/// arrives or after it was decided.
fn under_way(kind: SimLocks, release: bool, fault: &FaultAction) -> Vec<(ErrorKind, String)> {
    let mut seen = Vec::new();
    for after_us in (0..150).step_by(5) {
        let mut rig = Rig::new(kind);
        let (session, lock) = rig.lock(0, "a");
        if release {
            rig.acquire(0, &lock, 0).unwrap();
        }
        let call = lock.clone();
        let answer = rig.executor.spawn(Actor::Worker(0), async move {
            let mut lock = call.lock().await;
            match release {
                true => lock.release().await.map(|_| ()),
                false => lock.acquire(0).await.map(|_| ()),
            }
        });
        let (kernel, service, harm) = (rig.kernel.clone(), rig.service.clone(), fault.clone());
        rig.executor.spawn(Actor::Host, async move {
            kernel.sleep(after_us * 1_000).await;
            service.begin(&harm);
            kernel.sleep(2 * S).await;
            service.end(&harm);
        });
        rig.run();
        let Err(error) = answer.take().unwrap() else {
            continue;
        };
        seen.push((error.kind, error.code));
        // Whatever it did was given up as soon as the service could be reached.
        rig.sleep(S);
        let (other, next) = rig.lock(1, "a");
        rig.acquire(1, &next, 0).unwrap();
        assert_eq!(rig.release(1, &next), Ok(ReleaseOutcome::Released));
        drop((lock, next, other, session));
        rig.sleep(S);
        rig.assert_empty();
    }
    assert!(seen.len() > 2, "hardly anything was under way: {seen:?}");
    seen
}

#[test]
fn call_in_flight_when_the_service_stops_is_indefinite_and_withdrawn() {
    for kind in SimLocks::ALL.into_iter().filter(owns) {
        for release in [true, false] {
            for seen in under_way(kind, release, &RESTART) {
                assert_eq!(seen, is(ErrorKind::Indefinite, "connection-lost"));
            }
        }
    }
}

#[test]
fn an_acquire_that_was_under_way_at_a_fail_over_certainly_took_nothing() {
    for kind in SimLocks::ALL.into_iter().filter(owns) {
        for seen in under_way(kind, false, &FaultAction::FailoverLocks) {
            assert_eq!(seen, is(ErrorKind::Unavailable, "connection-lost"));
        }
        for seen in under_way(kind, true, &FaultAction::FailoverLocks) {
            assert_eq!(seen, is(ErrorKind::Indefinite, "connection-lost"));
        }
    }
}

#[test]
fn a_fail_over_forgets_the_holders_and_goes_on_counting() {
    for kind in SimLocks::ALL.into_iter().filter(owns) {
        let mut rig = Rig::new(kind);
        let (_one, holder) = rig.lock(0, "a");
        let (_other, next) = rig.lock(1, "a");
        let first = rig.acquire(0, &holder, 0).unwrap();
        rig.service.begin(&FaultAction::FailoverLocks);
        let second = rig.acquire(1, &next, 0).unwrap();
        assert!(second.fencing >= first.fencing);
        assert_eq!(second.fencing == first.fencing, !kind::has_tokens(kind));
        assert!(!rig.is_owner(0, &holder));
        assert_eq!(rig.release(0, &holder), Ok(ReleaseOutcome::NotOwner));
        assert!(rig.is_owner(1, &next));
    }
}

#[test]
fn a_restarted_cache_and_connections_to_a_restarted_server_know_no_lock() {
    for kind in [SimLocks::Evicting, SimLocks::PerNode, SimLocks::Pooled] {
        let mut rig = Rig::new(kind);
        let (_one, holder) = rig.lock(0, "a");
        let (_other, next) = rig.lock(1, "a");
        rig.acquire(0, &holder, 0).unwrap();
        rig.service.begin(&RESTART);
        rig.service.end(&RESTART);
        rig.acquire(1, &next, 0).unwrap();
        assert!(!rig.is_owner(0, &holder) || kind == SimLocks::Pooled);
    }
}

#[test]
fn a_clock_that_jumps_ends_leases_and_sessions_early() {
    for (ahead, released) in [
        (20 * S, ReleaseOutcome::Expired),
        (3 * S, ReleaseOutcome::Released),
    ] {
        for kind in [SimLocks::Lease, SimLocks::Session] {
            let mut rig = Rig::new(kind);
            let (_one, holder) = rig.lock(0, "a");
            rig.acquire(0, &holder, 0).unwrap();
            rig.service.begin(&FaultAction::SkewLocks { ahead });
            let (_other, next) = rig.lock(1, "a");
            let taken = rig.acquire(1, &next, 30 * S).is_ok();
            assert_eq!(taken, released == ReleaseOutcome::Expired, "{kind:?}");
            assert_eq!(rig.release(0, &holder), Ok(released), "{kind:?}");
        }
    }
}

#[test]
fn a_lease_ends_while_the_service_is_away_and_a_session_does_not() {
    let away = FaultAction::RestartLocks { lasts: 20 * S };
    for (kind, released) in [
        (SimLocks::Lease, ReleaseOutcome::Expired),
        (SimLocks::Session, ReleaseOutcome::Released),
    ] {
        let mut rig = Rig::new(kind);
        let (_one, holder) = rig.lock(0, "a");
        rig.acquire(0, &holder, 0).unwrap();
        rig.service.begin(&away);
        rig.sleep(20 * S);
        rig.service.end(&away);
        assert_eq!(rig.release(0, &holder), Ok(released), "{kind:?}");
    }
}

fn at(second: u64, what: FaultAction) -> SimFault {
    SimFault {
        at: second * S,
        what,
    }
}

#[test]
fn a_service_that_is_restarted_twice_is_away_until_both_restarts_are_over() {
    for kind in LASTING {
        let away = |lasts| FaultAction::RestartLocks { lasts: lasts * S };
        let schedule = vec![at(1, away(2)), at(2, away(6)), at(3, away(1))];
        let mut rig = Rig::suffering(kind, schedule);
        let (_one, holder) = rig.lock(0, "a");
        rig.acquire(0, &holder, 0).unwrap();
        rig.sleep(7 * S);
        let refused = is(ErrorKind::Unavailable, "connection-refused");
        assert_eq!(error_of(rig.release(0, &holder)), refused);
        rig.sleep(2 * S);
        assert_eq!(rig.release(0, &holder), Ok(ReleaseOutcome::Released));
    }
}

#[test]
fn a_restart_after_the_end_never_comes() {
    let away = FaultAction::RestartLocks { lasts: 100 * S };
    for (begins, comes) in [(1, true), (20, false)] {
        let mut rig = Rig::suffering(SimLocks::Lease, vec![at(begins, away.clone())]);
        let (_one, lock) = rig.lock(0, "a");
        rig.sleep(10 * S);
        assert_eq!(rig.acquire(0, &lock, 0).is_err(), comes);
        rig.make_whole();
        rig.sleep(20 * S);
        let (_other, lock) = rig.lock(1, "b");
        rig.acquire(1, &lock, 0).unwrap();
    }
}
