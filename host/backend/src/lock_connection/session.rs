//! The state that a session shares with its locks, since either may end before the other.

use super::held::{Claim, Held};
use super::{Connection, Server};
use crate::capability::clock::Clock;
use crate::capability::lock::ReleaseOutcome;
use crate::capability::lock_names;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

pub(super) struct SharedSession {
    pub(super) server: Arc<dyn Server>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) owner: String,
    /// Stands before every name on the server.
    pub(super) prefix: Arc<str>,
    heartbeat: Nanos,
    poll: Nanos,
    last: AtomicU64,
    closed: watch::Sender<bool>,
    by_lock: Mutex<HashMap<u64, Arc<Held>>>,
    /// Connections that have no lock.
    idle: Mutex<Vec<Box<dyn Connection>>>,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SharedSession {
    pub(super) async fn open(
        server: Arc<dyn Server>,
        clock: Arc<dyn Clock>,
        owner: String,
        prefix: Arc<str>,
        heartbeat: Nanos,
        poll: Nanos,
    ) -> Result<Self, CallError> {
        let first = server.connect(poll).await?;
        Ok(Self {
            server,
            clock,
            owner,
            prefix,
            heartbeat,
            poll,
            last: AtomicU64::new(0),
            closed: watch::Sender::new(false),
            by_lock: Mutex::default(),
            idle: Mutex::new(vec![first]),
        })
    }

    /// A number that no other lock of this session has.
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
        // An error would mean that the sender is gone, and it is ours.
        self.closed
            .subscribe()
            .wait_for(|closed| *closed)
            .await
            .ok();
    }

    /// A connection that was idle.
    pub(super) fn idle(&self) -> Option<Box<dyn Connection>> {
        lock(&self.idle).pop()
    }

    pub(super) async fn connect(&self) -> Result<Box<dyn Connection>, CallError> {
        self.server.connect(self.poll).await
    }

    /// Keeps a connection for the next lock, unless the session ended in the meantime.
    pub(super) fn put_back(&self, connection: Box<dyn Connection>) {
        let mut idle = lock(&self.idle);
        if !*self.closed.borrow() {
            idle.push(connection);
        }
    }

    pub(super) fn held(&self, number: u64) -> Option<Arc<Held>> {
        lock(&self.by_lock).get(&number).cloned()
    }

    /// Keeps what a lock acquired, and looks after it, unless the session ended in the meantime.
    pub(super) fn keep(
        &self,
        number: u64,
        claim: Arc<Claim>,
        connection: Box<dyn Connection>,
    ) -> Result<(), CallError> {
        let mut by_lock = lock(&self.by_lock);
        // Looked at under the lock: a session that closes does so before it takes everything.
        self.refuse_if_closed()?;
        let held = Arc::new(Held::new(claim, connection));
        let (watched, clock, heartbeat) =
            (Arc::clone(&held), Arc::clone(&self.clock), self.heartbeat);
        tokio::spawn(async move {
            loop {
                // A question in flight is never cut off: that would lose the connection.
                tokio::select! {
                    biased;
                    () = watched.ended() => return,
                    () = clock.sleep(heartbeat) => {}
                }
                if !watched.stands().await {
                    return;
                }
            }
        });
        by_lock.insert(number, held);
        Ok(())
    }

    /// Forgets what a lock holds. Its connection closes when the last to use it is done.
    pub(super) fn take(&self, number: u64) -> Option<Arc<Held>> {
        let held = lock(&self.by_lock).remove(&number)?;
        held.end();
        Some(held)
    }

    /// Gives up what a lock holds, and says how it stood.
    pub(super) async fn release(&self, number: u64) -> Result<ReleaseOutcome, CallError> {
        let Some(held) = self.take(number) else {
            return Ok(ReleaseOutcome::NotOwner);
        };
        let (outcome, connection) = held.release().await?;
        if let Some(connection) = connection {
            self.put_back(connection);
        }
        Ok(outcome)
    }

    /// Ends the session for its locks. Gives what they held.
    pub(super) fn end(&self) -> Vec<Arc<Held>> {
        self.closed.send_replace(true);
        let held: Vec<_> = lock(&self.by_lock).drain().map(|(_, held)| held).collect();
        held.iter().for_each(|held| held.end());
        held
    }

    pub(super) fn take_idle(&self) -> Vec<Box<dyn Connection>> {
        std::mem::take(&mut *lock(&self.idle))
    }
}
