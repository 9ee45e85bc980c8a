//! One lock of a session.

use super::claim::{Claim, Names};
use super::session::{Held, RemoveOnDrop, SharedSession};
use crate::capability::lock::{Grant, Lock, Mode, ReleaseOutcome};
use crate::capability::lock_names;
use crate::model::change::Nanos;
use crate::model::error::{CallError, ErrorKind};
use async_trait::async_trait;
use std::sync::Arc;

pub(super) struct ZookeeperLock {
    names: Arc<Names>,
    mode: Mode,
    /// This lock among those of its session, which keeps what is held.
    number: u64,
    session: Arc<SharedSession>,
}

impl ZookeeperLock {
    pub(super) fn new(names: Vec<String>, mode: Mode, session: Arc<SharedSession>) -> Self {
        Self {
            names: Arc::new(Names::new(names, &session.prefix, &session.server)),
            mode,
            number: session.next(),
            session,
        }
    }

    async fn claim(&self) -> Result<Arc<Claim>, CallError> {
        let session = &self.session;
        Ok(Arc::new(Claim::new(
            session.live().await?,
            Arc::clone(&session.server),
            Arc::clone(&session.clock),
            Arc::clone(&self.names),
            self.mode,
            format!("{}_{}", session.identity, session.next()),
        )))
    }

    /// Takes all names, or removes what it took.
    async fn take_all(&self, deadline: Nanos) -> Result<Grant, CallError> {
        let session = &self.session;
        let claim = self.claim().await?;
        let guard = RemoveOnDrop::new(&claim);
        let taken = match claim.take_all(deadline).await {
            // The session may have ended since the service was last asked.
            Ok(_) if claim.live.is_lost() => {
                let message = "the session at ZooKeeper was lost";
                Err(CallError::unavailable("session-expired", message))
            }
            taken => taken,
        };
        match taken {
            Ok(nodes) => {
                let held = Held::new(&claim, nodes);
                let tokens = held.tokens();
                session.keep(self.number, held)?;
                guard.disarm();
                Ok(Grant::without_lease(&session.owner, tokens))
            }
            Err(mut error) => {
                let removed = claim.remove().await.is_ok();
                if removed {
                    guard.disarm();
                }
                if removed && error.kind == ErrorKind::Indefinite {
                    error.kind = ErrorKind::Unavailable;
                    error
                        .message
                        .push_str("; anything that it may have acquired was released");
                } else if !removed && error.kind != ErrorKind::Rejected {
                    error.kind = ErrorKind::Indefinite;
                }
                Err(error)
            }
        }
    }
}

#[async_trait]
impl Lock for ZookeeperLock {
    async fn acquire(&mut self, wait: Nanos) -> Result<Grant, CallError> {
        let session = &self.session;
        session.refuse_if_closed()?;
        if let Some(held) = session.held(self.number) {
            if held.stands().await? {
                return Err(lock_names::already_held());
            }
            // Of several names some may still be there.
            session.release(self.number).await?;
        }
        let deadline = session.clock.now().saturating_add(wait);
        tokio::select! {
            biased;
            () = session.ended() => Err(lock_names::session_closed()),
            taken = self.take_all(deadline) => taken,
        }
    }

    async fn release(&mut self) -> Result<ReleaseOutcome, CallError> {
        self.session.release(self.number).await
    }

    async fn renew(&mut self) -> Result<Grant, CallError> {
        match self.session.held(self.number) {
            Some(held) if held.is_lost() => Err(lock_names::lock_lost()),
            _ => Err(lock_names::no_lease("ZooKeeper locks")),
        }
    }

    async fn is_owner(&mut self) -> Result<bool, CallError> {
        match self.session.held(self.number) {
            Some(held) => held.stands().await,
            None => Ok(false),
        }
    }

    fn current_grant(&self) -> Option<Grant> {
        let held = self.session.held(self.number)?;
        let grant = || Grant::without_lease(&self.session.owner, held.tokens());
        (!held.is_lost()).then(grant)
    }

    async fn break_lock(&mut self) -> Result<(), CallError> {
        self.session.refuse_if_closed()?;
        self.claim().await?.break_names().await
    }

    async fn close(self: Box<Self>) {
        // If this fails, the guard of the release goes on.
        self.session.release(self.number).await.ok();
    }
}

impl Drop for ZookeeperLock {
    fn drop(&mut self) {
        if let Some(held) = self.session.take(self.number) {
            drop(RemoveOnDrop::new(&held.claim));
        }
    }
}
