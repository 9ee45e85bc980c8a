//! One lock in Redis.

use super::classify::Operation;
use super::held::HeldGrant;
use super::scripts::{Claim, Names};
use super::session::{ReleaseOnDrop, SharedSession};
use crate::capability::lock::{Grant, Lock, Mode, ReleaseOutcome};
use crate::capability::lock_names;
use crate::model::change::Nanos;
use crate::model::error::{CallError, ErrorKind};
use async_trait::async_trait;
use std::sync::Arc;

pub(super) struct RedisLock {
    names: Arc<Names>,
    mode: Mode,
    /// This lock among those of its session, which keeps what is held.
    number: u64,
    session: Arc<SharedSession>,
}

/// The outcome of one attempt.
enum Attempt {
    Granted(Grant),
    Taken {
        /// The first name that is taken.
        name: usize,
        /// Time until the last lease on it ends, unless it is renewed.
        free_in: Nanos,
    },
}

impl RedisLock {
    pub(super) fn new(names: Vec<String>, mode: Mode, session: Arc<SharedSession>) -> Self {
        Self {
            names: Arc::new(Names::new(names, &session.prefix)),
            mode,
            number: session.next(),
            session,
        }
    }

    fn claim(&self) -> Claim {
        let mode = match self.mode {
            Mode::Exclusive => "x".to_owned(),
            Mode::Shared(None) => "s".to_owned(),
            Mode::Shared(Some(limit)) => format!("s{limit}"),
        };
        let (identity, number) = (&self.session.identity, self.session.next());
        let grant = format!("{mode}:{identity}:{number}");
        Claim::new(grant, Arc::clone(&self.names))
    }

    async fn try_once(&self) -> Result<Attempt, CallError> {
        let session = &self.session;
        session.refuse_if_closed()?;
        let ends = session.clock.now().saturating_add(session.pace.lease);
        let claim = self.claim();
        let script = claim.acquire(session.lease_us());
        let asked = Arc::new(HeldGrant::new(claim, &[], ends));
        let guard = ReleaseOnDrop::new(session, &asked);
        let answer: Result<Vec<u64>, CallError> =
            session.link.run(&script, Operation::Changing).await;
        match answer.as_deref() {
            Ok([0, tokens @ ..]) => {
                let held = Arc::new(HeldGrant::new(asked.claim.clone(), tokens, ends));
                session.keep(self.number, Arc::clone(&held))?;
                guard.disarm();
                Ok(Attempt::Granted(held.grant(session)))
            }
            Ok([name, free_us]) => {
                guard.disarm();
                Ok(Attempt::Taken {
                    name: (*name as usize).saturating_sub(1),
                    free_in: free_us.saturating_mul(1_000),
                })
            }
            Ok(answer) => {
                let message = format!("Redis answered an acquire with {answer:?}");
                Err(CallError::indefinite("answer", message))
            }
            Err(_) => Err(self.undo(answer.unwrap_err(), guard, &asked).await),
        }
    }

    /// Tries to make certain that a failed attempt had no effect.
    async fn undo(
        &self,
        mut error: CallError,
        guard: ReleaseOnDrop,
        asked: &HeldGrant,
    ) -> CallError {
        let indefinite = error.kind == ErrorKind::Indefinite;
        if indefinite && self.session.give_up(&asked.claim).await.is_ok() {
            error.kind = ErrorKind::Unavailable;
            error
                .message
                .push_str("; anything that it may have acquired was released");
        }
        if error.kind != ErrorKind::Indefinite {
            guard.disarm();
        }
        error
    }
}

#[async_trait]
impl Lock for RedisLock {
    async fn acquire(&mut self, wait: Nanos) -> Result<Grant, CallError> {
        let session = &self.session;
        session.refuse_if_closed()?;
        if let Some(held) = session.held(self.number) {
            if held.stands(session).await? {
                return Err(lock_names::already_held());
            }
            // Of several names some may still be there.
            session.release(self.number).await?;
        }
        let deadline = session.clock.now().saturating_add(wait);
        loop {
            let (name, free_in) = match self.try_once().await? {
                Attempt::Granted(grant) => return Ok(grant),
                Attempt::Taken { name, free_in } => (name, free_in),
            };
            let left = deadline.saturating_sub(session.clock.now());
            if left == 0 {
                let name = self.names.names.get(name);
                return Err(lock_names::wait_timeout(name.map_or("", String::as_str)));
            }
            let limit = left.min(session.poll).min(free_in);
            tokio::select! {
                biased;
                () = session.ended() => return Err(lock_names::session_closed()),
                () = session.waiting.wait(session, self.names.waiters(name), limit) => {}
            }
        }
    }

    async fn release(&mut self) -> Result<ReleaseOutcome, CallError> {
        self.session.release(self.number).await
    }

    async fn renew(&mut self) -> Result<Grant, CallError> {
        let session = &self.session;
        if let Some(held) = session.held(self.number)
            && held.lost().is_none()
            && held.renew(session).await?
        {
            return Ok(held.grant(session));
        }
        match session.held(self.number) {
            Some(held) if held.is_unanswered() => Err(lock_names::lock_lost()),
            _ => Err(lock_names::not_held()),
        }
    }

    async fn is_owner(&mut self) -> Result<bool, CallError> {
        match self.session.held(self.number) {
            Some(held) => held.stands(&self.session).await,
            None => Ok(false),
        }
    }

    fn current_grant(&self) -> Option<Grant> {
        let held = self.session.held(self.number)?;
        let is_lost = held.lost().is_some();
        (!is_lost).then(|| held.grant(&self.session))
    }

    async fn break_lock(&mut self) -> Result<(), CallError> {
        self.session.refuse_if_closed()?;
        let script = self.claim().break_names();
        let answer: Result<String, CallError> =
            self.session.link.run(&script, Operation::Changing).await;
        answer.map(drop)
    }

    async fn close(self: Box<Self>) {
        // If this fails, the drop or the guard of the release retries it.
        self.session.release(self.number).await.ok();
    }
}

impl Drop for RedisLock {
    fn drop(&mut self) {
        if let Some(held) = self.session.take(self.number) {
            drop(ReleaseOnDrop::new(&self.session, &held));
        }
    }
}
