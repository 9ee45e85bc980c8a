//! State that a session shares with its locks, since either may end before the other.

use super::claim::{Claim, Node};
use super::live::Live;
use super::server::Server;
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

/// Delay before a failed removal is tried again.
const AGAIN: Nanos = 100_000_000;

pub(super) struct SharedSession {
    pub(super) server: Arc<Server>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) owner: String,
    pub(super) pace: Pace,
    /// Stands before every name at the service.
    pub(super) prefix: Arc<str>,
    /// Stands before the identifiers of this session's claims, and is unique everywhere.
    pub(super) identity: String,
    last: AtomicU64,
    closed: watch::Sender<bool>,
    by_lock: Mutex<HashMap<u64, Arc<Held>>>,
    live: tokio::sync::Mutex<Option<Arc<Live>>>,
}

/// A claim that has all its names.
pub(super) struct Held {
    pub(super) claim: Arc<Claim>,
    nodes: Vec<Node>,
}

impl Held {
    pub(super) fn new(claim: &Arc<Claim>, nodes: Vec<Node>) -> Self {
        Self {
            claim: Arc::clone(claim),
            nodes,
        }
    }

    pub(super) fn is_lost(&self) -> bool {
        self.claim.live.is_lost()
    }

    pub(super) fn tokens(&self) -> Vec<(String, u64)> {
        let names = self.claim.names.names.iter().cloned();
        names
            .zip(self.nodes.iter().map(|node| node.token))
            .collect()
    }

    /// Asks the service if it is still held.
    pub(super) async fn stands(&self) -> Result<bool, CallError> {
        if self.is_lost() {
            return Ok(false);
        }
        match self.claim.stands(&self.nodes).await {
            Err(_) if self.is_lost() => Ok(false),
            stands => stands,
        }
    }
}

impl SharedSession {
    pub(super) async fn open(
        server: Arc<Server>,
        clock: Arc<dyn Clock>,
        owner: String,
        pace: Pace,
        prefix: Arc<str>,
        identity: String,
    ) -> Result<Self, CallError> {
        let live = Live::open(&server, pace, Arc::clone(&clock)).await?;
        Ok(Self {
            server,
            clock,
            owner,
            pace,
            prefix,
            identity,
            last: AtomicU64::new(0),
            closed: watch::Sender::new(false),
            by_lock: Mutex::default(),
            live: tokio::sync::Mutex::new(Some(live)),
        })
    }

    /// A number that nothing else of this session has.
    pub(super) fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed)
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

    /// The session at the service, or a new one if that is lost.
    pub(super) async fn live(&self) -> Result<Arc<Live>, CallError> {
        let mut live = self.live.lock().await;
        self.refuse_if_closed()?;
        if let Some(live) = live.as_ref().filter(|live| !live.is_lost()) {
            return Ok(Arc::clone(live));
        }
        let new = Live::open(&self.server, self.pace, Arc::clone(&self.clock)).await?;
        *live = Some(Arc::clone(&new));
        Ok(new)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Held>>> {
        self.by_lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn held(&self, lock: u64) -> Option<Arc<Held>> {
        self.lock().get(&lock).cloned()
    }

    /// Keeps what a lock acquired, unless the session ended in the meantime.
    pub(super) fn keep(&self, lock: u64, held: Held) -> Result<(), CallError> {
        let mut by_lock = self.lock();
        // Looked at under the lock: a session that closes does so before it takes everything.
        self.refuse_if_closed()?;
        by_lock.insert(lock, Arc::new(held));
        Ok(())
    }

    /// Forgets what a lock holds.
    pub(super) fn take(&self, lock: u64) -> Option<Arc<Held>> {
        self.lock().remove(&lock)
    }

    /// Gives up what a lock holds, and says how it stood.
    pub(super) async fn release(&self, lock: u64) -> Result<ReleaseOutcome, CallError> {
        let Some(held) = self.take(lock) else {
            return Ok(ReleaseOutcome::NotOwner);
        };
        if held.is_lost() {
            return Ok(ReleaseOutcome::Expired);
        }
        let guard = RemoveOnDrop::new(&held.claim);
        match held.claim.release(&held.nodes).await {
            Ok(had_all) => {
                guard.disarm();
                Ok(match had_all {
                    true => ReleaseOutcome::Released,
                    false => ReleaseOutcome::NotOwner,
                })
            }
            // Whether it was this release or the session's end that freed the lock is not known.
            Err(error) if held.is_lost() && error.kind != ErrorKind::Indefinite => {
                Ok(ReleaseOutcome::Expired)
            }
            Err(error) => Err(error),
        }
    }

    /// Ends the session for its locks. Gives what they held.
    pub(super) fn end(&self) -> Vec<Arc<Held>> {
        self.closed.send_replace(true);
        self.lock().drain().map(|(_, held)| held).collect()
    }

    /// Lets go of the session at the service, which ends when no claim uses it any more.
    pub(super) async fn close(&self) {
        self.live.lock().await.take();
    }

    /// The same, now, unless a session is just being opened: then the last lock lets go of it.
    pub(super) fn let_go(&self) {
        if let Ok(mut live) = self.live.try_lock() {
            live.take();
        }
    }
}

/// A guard that removes the nodes of a claim. If it is dropped before `disarm`, because the caller gave up or
/// the service did not answer, a background task does it, until the session ends and the nodes with it.
pub(super) struct RemoveOnDrop(Option<Arc<Claim>>);

impl RemoveOnDrop {
    pub(super) fn new(claim: &Arc<Claim>) -> Self {
        Self(Some(Arc::clone(claim)))
    }

    pub(super) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        let (Some(claim), Ok(runtime)) = (self.0.take(), Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            while claim.remove().await.is_err() && !claim.live.is_lost() {
                claim.pause(AGAIN).await;
            }
        });
    }
}
