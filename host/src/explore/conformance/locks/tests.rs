use super::super::injector::{Injector, Place, Script};
use super::*;
use crate::backend::lock_memory::MemoryLocks;
use crate::capability::clock::Clock;
use crate::model::change::StepKind;
use crate::model::error::ErrorKind;
use crate::model::injection::Injection;

/// Waits for nothing.
struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Nanos {
        0
    }

    async fn sleep(&self, _: Nanos) {}
}

/// Two locks of one name, of two sessions: the first is watched, and its n-th call is disturbed.
struct Pair {
    watched: Box<dyn Lock>,
    rival: Box<dyn Lock>,
    _sessions: [Box<dyn LockSession>; 2],
}

/// Opening is call 1, naming is call 2.
async fn pair(number: u32, call: Called, fault: Injected) -> Pair {
    let injector = Injector::new(Script::Once(Injection {
        step: StepKind::Acquire,
        number,
        call,
        fault,
    }));
    injector.step_begins(Place {
        change: 0,
        step: StepKind::Acquire,
    });
    let clock: Arc<dyn Clock> = Arc::new(Still);
    let locks: Arc<dyn LockService> = Arc::new(MemoryLocks::new(clock.clone()));
    let watch = Watch::new(injector, clock);
    let watched = WatchedLocks::new(locks.clone(), watch);
    let options = SessionOptions::default;
    let mut one = watched.open("one".to_owned(), options()).await.unwrap();
    let mut other = locks.open("other".to_owned(), options()).await.unwrap();
    let name = || vec!["row".to_owned()];
    Pair {
        watched: one.lock(name(), Mode::Exclusive).unwrap(),
        rival: other.lock(name(), Mode::Exclusive).unwrap(),
        _sessions: [one, other],
    }
}

fn kind<T>(answer: Result<T, CallError>) -> Option<ErrorKind> {
    answer.err().map(|error| error.kind)
}

#[tokio::test]
async fn a_lock_whose_grant_was_lost_is_held_and_one_that_was_not_granted_is_not() {
    for (fault, is_held) in [
        (Injected::IndefiniteDone, true),
        (Injected::IndefiniteNotDone, false),
        (Injected::Unavailable, false),
    ] {
        let mut pair = pair(3, Called::AcquireLock, fault).await;
        let answer = kind(pair.watched.acquire(0).await);
        assert_eq!(answer, Some(fault.error(Called::AcquireLock).kind));
        assert_eq!(pair.watched.is_owner().await, Ok(is_held), "{fault:?}");
        assert_eq!(pair.rival.acquire(0).await.is_ok(), !is_held, "{fault:?}");
    }
}

#[tokio::test]
async fn a_lock_whose_release_was_lost_is_free_and_one_that_was_not_released_is_held() {
    for (fault, is_held) in [
        (Injected::IndefiniteDone, false),
        (Injected::IndefiniteNotDone, true),
        (Injected::Unavailable, true),
    ] {
        let mut pair = pair(4, Called::ReleaseLock, fault).await;
        pair.watched.acquire(0).await.unwrap();
        let answer = kind(pair.watched.release().await);
        assert_eq!(answer, Some(fault.error(Called::ReleaseLock).kind));
        assert_eq!(pair.rival.acquire(0).await.is_ok(), !is_held, "{fault:?}");
    }
}

#[tokio::test]
async fn not_owner_answer_ends_the_hold() {
    let mut pair = pair(4, Called::RenewLock, Injected::Conflict).await;
    pair.watched.acquire(0).await.unwrap();
    let error = pair.watched.renew().await.unwrap_err();
    assert_eq!(
        (error.kind, &*error.code),
        (ErrorKind::Conflict, "not-owner")
    );
    assert_eq!(pair.watched.is_owner().await, Ok(false));
    pair.rival.acquire(0).await.unwrap();
}

#[tokio::test]
async fn only_the_call_that_is_meant_is_disturbed() {
    let mut pair = pair(4, Called::AskOwner, Injected::Unavailable).await;
    pair.watched.acquire(0).await.unwrap();
    let answer = kind(pair.watched.is_owner().await);
    assert_eq!(answer, Some(ErrorKind::Unavailable));
    assert_eq!(pair.watched.is_owner().await, Ok(true));
    pair.watched.break_lock().await.unwrap();
    assert_eq!(
        pair.watched.release().await,
        Ok(ReleaseOutcome::NotOwner),
        "it was broken"
    );
}
