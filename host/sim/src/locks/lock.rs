//! One lock, as its client has it.

use super::client::{Call, Client};
use super::kind::{self, no_lease};
use super::message::{Answer, LockNames, Request, Silence};
use crate::capability::clock::Clock;
use crate::capability::lock::{Grant, Lock, Mode, ReleaseOutcome};
use crate::capability::lock_names;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::model::sim_locks::SimLocks;
use async_trait::async_trait;
use std::sync::Arc;

pub(super) struct SimLock {
    names: Arc<LockNames>,
    mode: Mode,
    client: Arc<Client>,
    /// The grant, unless it was given up since. The service knows whether it is still held.
    claim: Option<u64>,
    tokens: Vec<(String, u64)>,
    /// The time when the request for the grant, or for its last renewal, was sent.
    acquired: Nanos,
}

impl SimLock {
    pub(super) fn new(names: LockNames, mode: Mode, client: Arc<Client>) -> Self {
        Self {
            names: Arc::new(names),
            mode,
            client,
            claim: None,
            tokens: Vec::new(),
            acquired: 0,
        }
    }

    fn now(&self) -> Nanos {
        self.client.service.kernel.now()
    }

    /// The time on the run's clock, on which leases are shown to strategies.
    fn time_of_run(&self) -> Nanos {
        self.client.service.clock.now()
    }

    /// Asks, and keeps in the log that no answer came.
    async fn ask(&self, request: Request) -> Result<Answer, Silence> {
        let sent = self.now();
        let answer = self.client.answer(request).await;
        if answer.is_err() {
            self.client.log_lost(sent, &self.names);
        }
        answer
    }

    /// A lease counts from the time when the heartbeat that the service answered last was sent.
    fn grant(&self, heartbeat: Nanos) -> Grant {
        let ends = |lease| heartbeat.saturating_add(lease);
        let has_leases = kind::has_leases(self.client.kind);
        let lease = self.client.lease.filter(|_| has_leases);
        Grant {
            owner: self.client.owner.clone(),
            fencing: self.tokens.clone(),
            lease_ends: lease.map(ends),
            last_heartbeat: lease.map(|_| heartbeat),
        }
    }

    /// The result of an acquire that got no answer: certainly nothing, if the service can be asked to
    /// forget it.
    fn acquire_error(&self, silence: Silence) -> CallError {
        let away = self.client.service.server().away.is_some();
        match silence {
            Silence::Broken if !away => {
                let message = "the connection broke before the answer; anything that it may have acquired was released";
                CallError::unavailable("connection-lost", message)
            }
            silence => silence.error(true),
        }
    }

    /// Asks for the names once, where there is a queue until the wait is over. Dropping what comes
    /// back gives up what was taken.
    async fn try_once(&self, deadline: Nanos) -> Result<(Call, Answer), CallError> {
        let waits = deadline > self.now();
        let request = Request::Acquire {
            names: Arc::clone(&self.names),
            mode: self.mode,
            waits,
        };
        let sent = self.now();
        let call = self.client.call(request).await;
        let call = call.inspect_err(|_| self.client.log_lost(sent, &self.names));
        let mut call = call.map_err(|silence| silence.error(true))?;
        let answer = tokio::select! {
            biased;
            answer = call.answer() => answer,
            () = self.client.service.kernel.sleep_until(deadline), if waits && self.has_queue() => {
                // Until the service knows, it might still grant it.
                let answer = self.client.answer(Request::GiveUp(call.number)).await;
                answer.map_err(|silence| self.acquire_error(silence))?;
                call.settled();
                return Err(lock_names::wait_timeout(&self.names.text));
            }
        };
        match answer {
            Ok(answer) => Ok((call, answer)),
            Err(silence) => {
                self.client.log_lost(sent, &self.names);
                Err(self.acquire_error(silence))
            }
        }
    }

    fn has_queue(&self) -> bool {
        self.client.poll.is_none()
    }
}

#[async_trait]
impl Lock for SimLock {
    async fn acquire(&mut self, wait: Nanos) -> Result<Grant, CallError> {
        self.client.refuse_if_closed()?;
        if let Some(claim) = self.claim {
            if self.is_owner().await? {
                return Err(lock_names::already_held());
            }
            self.claim = None;
            self.client.give_up(claim);
        }
        let deadline = self.now().saturating_add(wait);
        loop {
            let lease_begins = self.time_of_run();
            let (mut call, answer) = self.try_once(deadline).await?;
            call.settled();
            match answer {
                Answer::Granted { token } => {
                    self.claim = Some(call.number);
                    let names = self.names.each.iter();
                    let tokens = names.zip(token.into_iter().cycle());
                    self.tokens = tokens
                        .map(|(name, token)| (name.to_string(), token))
                        .collect();
                    self.acquired = lease_begins;
                    return Ok(self.grant(lease_begins));
                }
                Answer::Taken { name, free_in } => {
                    let left = deadline.saturating_sub(self.now());
                    if left == 0 {
                        return Err(lock_names::wait_timeout(&self.names.each[name]));
                    }
                    let limit = left.min(free_in).min(self.client.poll.unwrap_or(left));
                    tokio::select! {
                        biased;
                        () = call.called() => self.client.refuse_if_closed()?,
                        () = self.client.service.kernel.sleep(limit) => {}
                    }
                }
                _ => {
                    let message = "the service had not heard of this process for too long";
                    return Err(CallError::unavailable("session-expired", message));
                }
            }
        }
    }

    async fn release(&mut self) -> Result<ReleaseOutcome, CallError> {
        let Some(claim) = self.claim else {
            return Ok(ReleaseOutcome::NotOwner);
        };
        if self.client.is_closed() {
            self.claim = None;
            return Ok(ReleaseOutcome::NotOwner);
        }
        match self.ask(Request::Release(claim)).await {
            Ok(Answer::Released(outcome)) => {
                self.claim = None;
                Ok(outcome)
            }
            Ok(_) => Ok(ReleaseOutcome::NotOwner),
            // It was not even sent, so the lock is held as before.
            Err(Silence::Refused) => Err(Silence::Refused.error(true)),
            Err(silence) => {
                self.claim = None;
                self.client.give_up(claim);
                Err(silence.error(true))
            }
        }
    }

    async fn renew(&mut self) -> Result<Grant, CallError> {
        if !kind::has_leases(self.client.kind) {
            return Err(no_lease(self.client.kind));
        }
        let lease_begins = self.time_of_run();
        if let Some(claim) = self.claim
            && !self.client.is_closed()
        {
            let answer = self.ask(Request::Renew(claim)).await;
            let answer = answer.map_err(|silence| silence.error(true))?;
            if let Answer::IsHeld(true) = answer {
                self.acquired = lease_begins;
                return Ok(self.grant(lease_begins));
            }
        }
        Err(lock_names::not_held())
    }

    async fn is_owner(&mut self) -> Result<bool, CallError> {
        match self.claim {
            Some(claim) if !self.client.is_closed() => {
                let answer = self.ask(Request::IsHeld(claim)).await;
                let answer = answer.map_err(|silence| silence.error(false))?;
                Ok(matches!(answer, Answer::IsHeld(true)))
            }
            _ => Ok(false),
        }
    }

    /// The grant as the answers to the client's own heartbeats confirm it. A lost grant stays as it was last
    /// confirmed until the client asks the service: the client sees its lease end.
    fn current_grant(&self) -> Option<Grant> {
        let claim = self.claim.filter(|_| !self.client.is_closed())?;
        let since_heard = self.client.service.server().since_heard(claim);
        let now = self.time_of_run();
        let heard = since_heard.map_or(0, |since| now.saturating_sub(since));
        Some(self.grant(heard.max(self.acquired)))
    }

    async fn break_lock(&mut self) -> Result<(), CallError> {
        if self.client.kind == SimLocks::File {
            return Err(lock_names::unbreakable_file());
        }
        self.client.refuse_if_closed()?;
        let answer = self.ask(Request::Break(Arc::clone(&self.names))).await;
        answer.map(drop).map_err(|silence| silence.error(true))
    }

    async fn close(mut self: Box<Self>) {
        // What fails is kept by the drop.
        self.release().await.ok();
    }
}

impl Drop for SimLock {
    fn drop(&mut self) {
        if let Some(claim) = self.claim {
            self.client.give_up(claim);
        }
    }
}
