//! State that a session shares with its locks, since either may end before the other.

use super::api::Api;
use super::held::Held;
use crate::capability::clock::Clock;
use crate::capability::lock::ReleaseOutcome;
use crate::capability::lock_names;
use crate::lock_settings::Pace;
use crate::model::change::Nanos;
use crate::model::error::{CallError, ErrorKind};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Delay before a failed release is retried.
const AGAIN: Nanos = 100_000_000;

pub(super) struct SharedSession {
    pub(super) api: Arc<Api>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) owner: String,
    pub(super) pace: Pace,
    pub(super) poll: Nanos,
    pub(super) renews: bool,
    /// Stands before every name in etcd.
    pub(super) prefix: Arc<str>,
    pub(super) last: AtomicU64,
    pub(super) closed: watch::Sender<bool>,
    pub(super) by_lock: Mutex<HashMap<u64, Request>>,
}

/// A request that is made, waits or holds; it is renewed, and given up when this is dropped.
pub(super) struct Request {
    pub(super) held: Arc<Held>,
    session: Arc<SharedSession>,
    renewal: Option<JoinHandle<()>>,
    is_over: bool,
}

impl Request {
    pub(super) fn new(session: &Arc<SharedSession>, held: Held) -> Self {
        Self {
            held: Arc::new(held),
            session: Arc::clone(session),
            renewal: None,
            is_over: false,
        }
    }

    /// Renews the lease from now on.
    pub(super) fn renew(&mut self) {
        if self.session.renews {
            let (session, held) = (Arc::clone(&self.session), Arc::clone(&self.held));
            self.renewal = Some(tokio::spawn(async move {
                session.renew_until_lost(&held).await;
            }));
        }
    }

    /// Nothing of it is in etcd.
    pub(super) fn over(mut self) {
        self.is_over = true;
    }

    /// Ends it in etcd, now if etcd answers.
    pub(super) async fn give_up(self) -> Result<(), CallError> {
        self.held.give_up(&self.session.api).await?;
        self.over();
        Ok(())
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Some(renewal) = &self.renewal {
            renewal.abort();
        }
        let (false, Ok(runtime)) = (self.is_over, Handle::try_current()) else {
            return;
        };
        let (session, held) = (Arc::clone(&self.session), Arc::clone(&self.held));
        runtime.spawn(async move {
            let until = session.clock.now().saturating_add(session.pace.lease);
            while held.give_up(&session.api).await.is_err() && session.clock.now() < until {
                session.clock.sleep(AGAIN).await;
            }
        });
    }
}

impl SharedSession {
    /// A number that no other lock of this session has.
    pub(super) fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed)
    }

    /// The number of a new lease, and the end of its keys: unlike those of any other request.
    pub(super) fn identity() -> (i64, String) {
        let random = || RandomState::new().hash_one(std::process::id());
        let lease = random();
        // 0 would leave the choice to etcd.
        let positive = (lease >> 1).max(1).cast_signed();
        (positive, format!("{lease:016x}{:016x}", random()))
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

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Request>> {
        self.by_lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn held(&self, lock: u64) -> Option<Arc<Held>> {
        self.lock()
            .get(&lock)
            .map(|request| Arc::clone(&request.held))
    }

    /// Keeps what a lock acquired, unless the session ended in the meantime.
    pub(super) fn keep(&self, lock: u64, request: Request) -> Result<(), CallError> {
        let mut by_lock = self.lock();
        // Looked at under the lock: a session that closes does so before it takes everything.
        self.refuse_if_closed()?;
        by_lock.insert(lock, request);
        Ok(())
    }

    pub(super) fn take(&self, lock: u64) -> Option<Request> {
        self.lock().remove(&lock)
    }

    /// Ends with the request, or when no heartbeat was answered for so long that the lease is about to end:
    /// then the holder learns that it counts as lost.
    async fn renew_until_lost(&self, held: &Held) {
        let mut backoff = self.pace.backoff;
        let mut pause = self.pace.heartbeat;
        loop {
            self.clock
                .sleep(pause.min(held.left(self.clock.now())))
                .await;
            let left = held.left(self.clock.now());
            if left == 0 {
                return held.lose();
            }
            let answer = tokio::select! {
                biased;
                answer = held.renew(&self.api, &*self.clock) => answer,
                () = self.clock.sleep(left) => return held.lose(),
            };
            pause = match answer {
                Ok(true) => {
                    backoff = self.pace.backoff;
                    self.pace.heartbeat
                }
                Ok(false) => return,
                // etcd may be back before the lease ends.
                Err(_) => backoff.pause(),
            };
        }
    }

    /// Gives up what a lock holds, and says how it stood.
    pub(super) async fn release(&self, lock: u64) -> Result<ReleaseOutcome, CallError> {
        let Some(request) = self.take(lock) else {
            return Ok(ReleaseOutcome::NotOwner);
        };
        let held = Arc::clone(&request.held);
        held.learn_at(self.clock.now());
        match held.release(&self.api, &*self.clock).await {
            // Its lease has nothing to hold any more, and is revoked in the background.
            Ok(ReleaseOutcome::Released) => Ok(ReleaseOutcome::Released),
            Ok(outcome) => {
                // Of several names some may still be there.
                request.give_up().await.ok();
                Ok(outcome)
            }
            Err(error) => match held.lost() {
                Some(lost) => Ok(lost),
                None => {
                    if error.kind != ErrorKind::Indefinite {
                        // Nothing was done, so it is held as before.
                        self.keep(lock, request)?;
                    }
                    Err(error)
                }
            },
        }
    }

    /// Ends the session for its locks. Gives what they held.
    pub(super) fn end(&self) -> Vec<Request> {
        self.closed.send_replace(true);
        self.lock().drain().map(|(_, request)| request).collect()
    }
}
