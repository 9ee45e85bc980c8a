//! State that a session shares with its locks, since either may end before the other.

use super::classify::Operation;
use super::held::{HeldGrant, LeaseState};
use super::link::Link;
use super::scripts::Claim;
use super::waiting::Waiting;
use crate::capability::clock::Clock;
use crate::capability::lock::ReleaseOutcome;
use crate::capability::lock_names;
use crate::lock_settings::Pace;
use crate::model::change::Nanos;
use crate::model::error::{CallError, ErrorKind};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Delay before a failed release is retried.
const AGAIN: Nanos = 100_000_000;

pub(super) struct SharedSession {
    pub(super) link: Link,
    pub(super) waiting: Waiting,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) owner: String,
    pub(super) pace: Pace,
    pub(super) poll: Nanos,
    pub(super) renews: bool,
    /// Stands before every name in Redis.
    pub(super) prefix: Arc<str>,
    /// Prefix of the grants of this session, unique everywhere.
    pub(super) identity: String,
    pub(super) last: AtomicU64,
    pub(super) closed: watch::Sender<bool>,
    pub(super) by_lock: Mutex<HashMap<u64, Kept>>,
}

/// A grant that a lock holds, and what renews it.
pub(super) struct Kept {
    held: Arc<HeldGrant>,
    renewal: Option<JoinHandle<()>>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(renewal) = &self.renewal {
            renewal.abort();
        }
    }
}

impl SharedSession {
    /// A number that nothing else of this session has.
    pub(super) fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed)
    }

    /// Redis counts in microseconds; rounded up, so that our count ends first.
    pub(super) fn lease_us(&self) -> u64 {
        self.pace.lease.div_ceil(1_000)
    }

    pub(super) fn refuse_if_closed(&self) -> Result<(), CallError> {
        match *self.closed.borrow() {
            true => Err(lock_names::session_closed()),
            false => Ok(()),
        }
    }

    /// Waits for the session's end.
    pub(super) async fn ended(&self) {
        let mut closed = self.closed.subscribe();
        // An error would mean that the sender is gone, and it is ours.
        closed.wait_for(|closed| *closed).await.ok();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Kept>> {
        self.by_lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn held(&self, lock: u64) -> Option<Arc<HeldGrant>> {
        self.lock().get(&lock).map(|kept| Arc::clone(&kept.held))
    }

    /// Keeps what a lock acquired, and renews it, unless the session ended in the meantime.
    pub(super) fn keep(self: &Arc<Self>, lock: u64, held: Arc<HeldGrant>) -> Result<(), CallError> {
        let mut by_lock = self.lock();
        // Looked at under the lock: a session that closes does so before it takes everything.
        self.refuse_if_closed()?;
        let renewal = self.renews.then(|| {
            let (session, held) = (Arc::clone(self), Arc::clone(&held));
            tokio::spawn(async move { session.renew_until_lost(&held).await })
        });
        by_lock.insert(lock, Kept { held, renewal });
        Ok(())
    }

    /// Forgets what a lock holds, and renews it no longer.
    pub(super) fn take(&self, lock: u64) -> Option<Arc<HeldGrant>> {
        let kept = self.lock().remove(&lock);
        kept.map(|kept| Arc::clone(&kept.held))
    }

    /// Ends with the grant, when it is released, or when no heartbeat was answered for so long that the
    /// lease is about to end: then the holder learns that it counts as lost.
    async fn renew_until_lost(&self, held: &HeldGrant) {
        let mut backoff = self.pace.backoff;
        let mut pause = self.pace.heartbeat;
        loop {
            self.clock.sleep(pause.min(held.left(self))).await;
            let left = held.left(self);
            if left == 0 {
                return held.lose();
            }
            let answer = tokio::select! {
                biased;
                answer = held.renew(self) => answer,
                () = self.clock.sleep(left) => return held.lose(),
            };
            pause = match answer {
                Ok(true) => {
                    backoff = self.pace.backoff;
                    self.pace.heartbeat
                }
                Ok(false) => return,
                // Redis may be back before the lease ends.
                Err(_) => backoff.pause(),
            };
        }
    }

    /// Gives up what a lock holds, and says how it stood.
    pub(super) async fn release(self: &Arc<Self>, lock: u64) -> Result<ReleaseOutcome, CallError> {
        let Some(held) = self.take(lock) else {
            return Ok(ReleaseOutcome::NotOwner);
        };
        let guard = ReleaseOnDrop::new(self, &held);
        let script = held.claim.release();
        let answer: Result<String, CallError> = self.link.run(&script, Operation::Changing).await;
        match answer.and_then(|word| LeaseState::parse(&word)) {
            Ok(state) => {
                guard.disarm();
                Ok(held.learn(state, self.clock.now()))
            }
            Err(error) => match held.lost() {
                Some(lost) => Ok(lost),
                None => {
                    if error.kind != ErrorKind::Indefinite {
                        // Nothing was done, so it is held as before.
                        guard.disarm();
                        self.keep(lock, held)?;
                    }
                    Err(error)
                }
            },
        }
    }

    /// Ends the session for its locks. Gives what they held.
    pub(super) fn end(&self) -> Vec<Arc<HeldGrant>> {
        self.closed.send_replace(true);
        let kept: Vec<Kept> = self.lock().drain().map(|(_, kept)| kept).collect();
        kept.iter().map(|kept| Arc::clone(&kept.held)).collect()
    }

    /// Releases a grant, even one whose acquire may still be in flight. An error means that the outcome
    /// is uncertain.
    pub(super) async fn give_up(&self, claim: &Claim) -> Result<(), CallError> {
        let script = claim.give_up();
        let answer: Result<String, CallError> = self.link.run(&script, Operation::Changing).await;
        answer.map(drop)
    }
}

/// A guard that releases a grant. If it is dropped before `disarm`, because the caller gave up or Redis
/// did not answer, a background task retries the release for as long as the lease can last.
pub(super) struct ReleaseOnDrop {
    session: Arc<SharedSession>,
    held: Option<Arc<HeldGrant>>,
}

impl ReleaseOnDrop {
    pub(super) fn new(session: &Arc<SharedSession>, held: &Arc<HeldGrant>) -> Self {
        Self {
            session: Arc::clone(session),
            held: Some(Arc::clone(held)),
        }
    }

    pub(super) fn disarm(mut self) {
        self.held = None;
    }
}

impl Drop for ReleaseOnDrop {
    fn drop(&mut self) {
        let (Some(held), Ok(runtime)) = (self.held.take(), Handle::try_current()) else {
            return;
        };
        let session = Arc::clone(&self.session);
        runtime.spawn(async move {
            let until = session.clock.now().saturating_add(session.pace.lease);
            while session.give_up(&held.claim).await.is_err() && session.clock.now() < until {
                session.clock.sleep(AGAIN).await;
            }
        });
    }
}
