//! The weaknesses of each kind of lock service, as its holders meet them.

use super::*;
use crate::model::endpoint::Endpoint;

#[test]
fn an_entry_is_evicted_long_before_its_lease_ends_and_the_holder_learns_of_it_when_it_asks() {
    let mut rig = Rig::new(SimLocks::Evicting);
    let (_one, holder) = rig.lock(0, "a");
    let (_other, next) = rig.lock(1, "a");
    let granted = rig.acquire(0, &holder, 0).unwrap();
    assert!(rig.acquire(1, &next, 0).is_err());
    rig.acquire(1, &next, S).unwrap();
    assert!(granted.lease_ends.unwrap() > rig.kernel.now() + 8 * S);
    let last = holder.try_lock().unwrap().current_grant().unwrap();
    assert!(last.lease_ends >= granted.lease_ends);
    assert_eq!(rig.release(0, &holder), Ok(ReleaseOutcome::NotOwner));
    let printed = rig.printed();
    let evicted = printed.iter().filter(|text| text.contains("evicted"));
    assert_eq!(evicted.count(), 1, "{printed:?}");
    let ended = |text: &&String| text.contains("ended");
    assert!(!printed.iter().any(|text| ended(&text)), "{printed:?}");
}

#[test]
fn nodes_know_their_own_locks_only_and_one_writer_knows_all() {
    for (endpoint, excludes) in [(Endpoint::All, false), (Endpoint::OneWriter, true)] {
        let mut rig = Rig::on_nodes(SimLocks::PerNode, 3, endpoint);
        let locks: Vec<_> = (0..4).map(|worker| rig.lock(worker, "a")).collect();
        rig.acquire(0, &locks[0].1, 0).unwrap();
        for (worker, (_, lock)) in (1..).zip(&locks[1..3]) {
            let taken = rig.acquire(worker, lock, 0);
            assert_eq!(taken.is_err(), excludes, "{endpoint:?}");
        }
        // The fourth session is on the first node again.
        let refused = rig.acquire(3, &locks[3].1, 0).unwrap_err();
        assert_eq!(refused.code, "lock-wait-timeout");
        assert!(refused.message.contains("\"a\""), "{refused}");
    }
}

#[test]
fn a_node_that_crashes_takes_its_own_locks_with_it() {
    let crash = FaultAction::CrashNode { node: 0, lasts: S };
    for kind in [SimLocks::PerNode, SimLocks::Session] {
        let mut rig = Rig::on_nodes(kind, 2, Endpoint::All);
        let (_one, on_first) = rig.lock(0, "a");
        let (_other, on_second) = rig.lock(1, "b");
        rig.acquire(0, &on_first, 0).unwrap();
        rig.acquire(1, &on_second, 0).unwrap();
        rig.service.begin(&crash);
        assert_eq!(rig.is_owner(0, &on_first), kind == SimLocks::Session);
        assert!(rig.is_owner(1, &on_second));
        let (_third, next) = rig.lock(2, "a");
        let taken = rig.acquire(2, &next, 0);
        assert_eq!(taken.is_err(), kind == SimLocks::Session);
    }
}

/// Each call of a client goes over one of three connections.
#[test]
fn a_pooled_lock_lets_others_in_and_leaks() {
    let (mut shared, mut refused, mut leaked) = (0, 0, 0);
    for seed in 0..60 {
        let mut rig = Rig::with_seed(SimLocks::Pooled, seed);
        let (session, holder) = rig.lock(0, "a");
        let (_other, next) = rig.lock(1, "a");
        rig.acquire(0, &holder, 0).unwrap();
        match rig.acquire(1, &next, 0) {
            Ok(_) => shared += 1,
            Err(error) => {
                assert_eq!(error.code, "lock-wait-timeout");
                refused += 1;
                let outcome = rig.release(0, &holder).unwrap();
                // Its client goes, and the connection does not.
                drop((holder, session));
                rig.sleep(S);
                let mut tries =
                    (0..20).map(|_| rig.acquire(1, &next, 0).and_then(|_| rig.release(1, &next)));
                let is_free = tries.all(|tried| tried.is_ok());
                match outcome {
                    ReleaseOutcome::Released => assert!(is_free || leaked > 0),
                    _ => {
                        leaked += 1;
                        assert!(!is_free);
                    }
                }
            }
        }
    }
    assert!(
        shared > 5 && refused > 20 && leaked > 5,
        "{shared} {refused} {leaked}"
    );
}
