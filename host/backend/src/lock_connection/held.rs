//! A lock that is held, with the connection that has it.

use super::{Connection, Key, PATIENCE};
use crate::capability::lock::{Mode, ReleaseOutcome};
use crate::model::error::CallError;
use crate::patience::within;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, watch};

/// The request of a lock.
pub(super) struct Claim {
    pub(super) names: Vec<String>,
    pub(super) keys: Vec<Key>,
    pub(super) mode: Mode,
}

pub(super) struct Held {
    claim: Arc<Claim>,
    /// `None` while it is asked, and after it is gone: a caller that does not wait for the answer
    /// drops it, and the lock with it.
    connection: Mutex<Option<Box<dyn Connection>>>,
    lost: AtomicBool,
    ended: watch::Sender<bool>,
}

impl Held {
    pub(super) fn new(claim: Arc<Claim>, connection: Box<dyn Connection>) -> Self {
        Self {
            claim,
            connection: Mutex::new(Some(connection)),
            lost: AtomicBool::new(false),
            ended: watch::Sender::new(false),
        }
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Ends its heartbeats.
    pub(super) fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Waits until its heartbeats are to end.
    pub(super) async fn ended(&self) {
        // An error would mean that the sender is gone, and it is ours.
        self.ended.subscribe().wait_for(|ended| *ended).await.ok();
    }

    /// Asks the server if it is held. Without a clear yes it is lost, for good.
    pub(super) async fn stands(&self) -> bool {
        let mut place = self.connection.lock().await;
        let Some(mut connection) = place.take() else {
            self.lost.store(true, Ordering::Relaxed);
            return false;
        };
        let claim = &self.claim;
        let asked = answer_of(Duration::ZERO, connection.holds(&claim.keys, claim.mode));
        let stands = asked.await == Ok(true);
        match stands {
            true => *place = Some(connection),
            false => self.lost.store(true, Ordering::Relaxed),
        }
        stands
    }

    /// Releases it. Returns the connection if that is still of use.
    pub(super) async fn release(
        &self,
    ) -> Result<(ReleaseOutcome, Option<Box<dyn Connection>>), CallError> {
        self.end();
        let Some(mut connection) = self.connection.lock().await.take() else {
            return Ok((ReleaseOutcome::NotOwner, None));
        };
        let claim = &self.claim;
        let released = answer_of(Duration::ZERO, connection.release(&claim.keys, claim.mode));
        match released.await {
            Ok(count) if count == claim.keys.len() => {
                Ok((ReleaseOutcome::Released, Some(connection)))
            }
            Ok(_) => Ok((ReleaseOutcome::NotOwner, None)),
            Err(error) => {
                let message = format!(
                    "the connection that has the lock was lost before its release was answered, so another \
                     session may have held the lock already: {}",
                    error.message
                );
                Err(CallError::indefinite("lock-lost", message))
            }
        }
    }

    pub(super) async fn release_and_hang_up(&self) {
        if let Ok((_, Some(connection))) = self.release().await {
            connection.hang_up().await;
        }
    }
}

/// An answer for which the server may take this time and some more.
pub(super) async fn answer_of<T>(
    wait: Duration,
    asked: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    within(wait + PATIENCE, asked).await.unwrap_or_else(|_| {
        let message = format!("no answer within {} s", PATIENCE.as_secs());
        Err(CallError::indefinite("no-answer", message))
    })
}
