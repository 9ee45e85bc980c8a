//! One lock of a session.

use super::Connection;
use super::held::{Claim, answer_of};
use super::key::Key;
use super::session::SharedSession;
use crate::capability::lock::{Grant, Lock, Mode, ReleaseOutcome};
use crate::capability::lock_names;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// The longest wait for which the server is asked at once.
const SLICE: Nanos = 500_000_000;

pub(super) struct ConnectionLock {
    claim: Arc<Claim>,
    /// This lock among those of its session, which keeps what is held.
    number: u64,
    session: Arc<SharedSession>,
}

impl ConnectionLock {
    pub(super) fn new(names: Vec<String>, mode: Mode, session: Arc<SharedSession>) -> Self {
        let keys = names
            .iter()
            .map(|name| Key::new("lock", &session.prefix, name));
        Self {
            claim: Arc::new(Claim {
                keys: keys.collect(),
                names,
                mode,
            }),
            number: session.next(),
            session,
        }
    }

    /// Takes all names in their order. An error drops the connection, and what it took.
    async fn take_all(
        &self,
        mut connection: Box<dyn Connection>,
        deadline: Nanos,
    ) -> Result<Box<dyn Connection>, CallError> {
        let Claim { names, keys, mode } = &*self.claim;
        for (number, key) in keys.iter().enumerate() {
            loop {
                let left = deadline.saturating_sub(self.session.clock.now());
                let wait = Duration::from_nanos(left.min(SLICE));
                if answer_of(wait, connection.take(key, *mode, wait)).await? {
                    break;
                }
                // A server may count coarser than the clock does.
                if self.session.clock.now() < deadline {
                    continue;
                }
                let taken = &keys[..number];
                let released = connection.release(taken, *mode);
                if answer_of(Duration::ZERO, released).await.is_ok() {
                    self.session.put_back(connection);
                }
                return Err(lock_names::wait_timeout(&names[number]));
            }
        }
        Ok(connection)
    }

    async fn connect_and_take_all(
        &self,
        deadline: Nanos,
    ) -> Result<Box<dyn Connection>, CallError> {
        if let Some(idle) = self.session.idle() {
            match self.take_all(idle, deadline).await {
                Err(error) if error.kind != crate::model::error::ErrorKind::Conflict => {}
                taken => return taken,
            }
            // The server may have ended it since; then a new one works.
        }
        let connection = self.session.connect().await?;
        self.take_all(connection, deadline).await
    }
}

#[async_trait]
impl Lock for ConnectionLock {
    async fn acquire(&mut self, wait: Nanos) -> Result<Grant, CallError> {
        let session = &self.session;
        session.refuse_if_closed()?;
        if let Some(held) = session.held(self.number) {
            if held.stands().await {
                return Err(lock_names::already_held());
            }
            session.take(self.number);
        }
        let deadline = session.clock.now().saturating_add(wait);
        let connection = tokio::select! {
            biased;
            () = session.ended() => return Err(lock_names::session_closed()),
            taken = self.connect_and_take_all(deadline) => taken?,
        };
        session.keep(self.number, Arc::clone(&self.claim), connection)?;
        Ok(Grant::without_lease(&session.owner, Vec::new()))
    }

    async fn release(&mut self) -> Result<ReleaseOutcome, CallError> {
        self.session.release(self.number).await
    }

    async fn renew(&mut self) -> Result<Grant, CallError> {
        match self.session.held(self.number) {
            Some(held) if held.is_lost() => Err(lock_names::lock_lost()),
            _ => Err(lock_names::no_lease("locks of a connection")),
        }
    }

    async fn is_owner(&mut self) -> Result<bool, CallError> {
        match self.session.held(self.number) {
            Some(held) => Ok(held.stands().await),
            None => Ok(false),
        }
    }

    fn current_grant(&self) -> Option<Grant> {
        let held = self.session.held(self.number)?;
        let grant = || Grant::without_lease(&self.session.owner, Vec::new());
        (!held.is_lost()).then(grant)
    }

    async fn break_lock(&mut self) -> Result<(), CallError> {
        let session = &self.session;
        session.refuse_if_closed()?;
        // A new one: an idle one may have been ended since.
        let mut connection = session.connect().await?;
        let broken = connection.break_locks(&self.claim.keys);
        answer_of(Duration::ZERO, broken).await?;
        session.put_back(connection);
        Ok(())
    }

    async fn close(self: Box<Self>) {
        // If this fails, its connection is closed.
        self.session.release(self.number).await.ok();
    }
}

impl Drop for ConnectionLock {
    fn drop(&mut self) {
        drop(self.session.take(self.number));
    }
}
