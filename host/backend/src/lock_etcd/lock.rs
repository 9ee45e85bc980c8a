//! One lock in etcd.

use super::held::Held;
use super::queue::{self, Place};
use super::session::{Request, SharedSession};
use crate::capability::lock::{Grant, Lock, Mode, ReleaseOutcome};
use crate::capability::lock_names;
use crate::model::change::Nanos;
use crate::model::error::{CallError, ErrorKind};
use async_trait::async_trait;
use std::sync::Arc;

pub(super) struct EtcdLock {
    names: Vec<String>,
    queues: Vec<String>,
    mode: Mode,
    /// This lock among those of its session, which keeps what is held.
    number: u64,
    session: Arc<SharedSession>,
}

/// The outcome of one request.
enum Taken {
    All(Vec<u64>),
    /// The wait limit is over; the name that is not free.
    Not(usize),
    /// The request was lost while it waited.
    Lost,
}

impl EtcdLock {
    pub(super) fn new(names: Vec<String>, mode: Mode, session: Arc<SharedSession>) -> Self {
        let queue = |name: &String| queue::of(&session.prefix, name);
        Self {
            queues: names.iter().map(queue).collect(),
            names,
            mode,
            number: session.next(),
            session,
        }
    }

    fn request(&self) -> Held {
        let session = &self.session;
        Held::new(
            self.names.clone(),
            self.queues.clone(),
            self.mode,
            SharedSession::identity(),
            session.pace,
            session.clock.now(),
        )
    }

    /// Makes one request, and waits for it. An error or a drop gives it up.
    async fn try_once(&self, deadline: Nanos) -> Result<Option<Grant>, CallError> {
        let session = &self.session;
        let mut request = Request::new(session, self.request());
        let taken = async {
            request.held.begin(&session.api).await?;
            request.renew();
            self.take_all(&request.held, deadline).await
        };
        match taken.await {
            Ok(Taken::All(revisions)) => {
                request.held.hold(revisions);
                let grant = request.held.grant(&session.owner);
                session.keep(self.number, request)?;
                Ok(Some(grant))
            }
            Ok(Taken::Not(place)) => {
                request.give_up().await.ok();
                Err(lock_names::wait_timeout(&self.names[place]))
            }
            Ok(Taken::Lost) => Ok(None),
            Err(mut error) => {
                if error.kind != ErrorKind::Rejected && request.give_up().await.is_ok() {
                    error.kind = ErrorKind::Unavailable;
                }
                Err(error)
            }
        }
    }

    /// Takes all names in their order.
    async fn take_all(&self, held: &Held, deadline: Nanos) -> Result<Taken, CallError> {
        let (api, clock) = (&self.session.api, &self.session.clock);
        let mut revisions = Vec::new();
        for name in 0..self.names.len() {
            let mut found = held.join(api, name).await?;
            loop {
                let (before, revision) = match found {
                    (Place::Holds(own), _) => {
                        revisions.push(own);
                        break;
                    }
                    (Place::Absent, _) => return Ok(Taken::Lost),
                    (Place::Waits { before }, revision) => (before, revision),
                };
                let left = deadline.saturating_sub(clock.now());
                if left == 0 {
                    return Ok(Taken::Not(name));
                }
                self.wait(held, name, (before, revision), left).await;
                if held.is_lost_at(clock.now()) {
                    return Ok(Taken::Lost);
                }
                found = held.look(api, name).await?;
            }
        }
        // What was taken first may be lost since.
        let stands = match self.names.len() {
            1 => !held.is_lost_at(clock.now()),
            _ => held.stands(api, &**clock).await?,
        };
        Ok(match stands {
            true => Taken::All(revisions),
            false => Taken::Lost,
        })
    }

    /// Waits until the name may be free. A waiter that hears nothing looks at each heartbeat; one that can't
    /// listen, at each poll interval.
    async fn wait(&self, held: &Held, name: usize, at: (Option<String>, u64), left: Nanos) {
        let session = &self.session;
        let (before, revision) = at;
        let (queue, end) = held.range(name);
        let heard = match &before {
            Some(key) => session.api.deletion(key, None, revision),
            None => session.api.deletion(queue, Some(&end), revision),
        };
        let listen = async {
            if heard.await.is_none() {
                session.clock.sleep(session.poll).await;
            }
        };
        tokio::select! {
            biased;
            () = listen => {}
            () = session.clock.sleep(left.min(session.pace.heartbeat)) => {}
        }
    }
}

#[async_trait]
impl Lock for EtcdLock {
    async fn acquire(&mut self, wait: Nanos) -> Result<Grant, CallError> {
        let session = &self.session;
        session.refuse_if_closed()?;
        if let Some(held) = session.held(self.number) {
            if held.stands(&session.api, &*session.clock).await? {
                return Err(lock_names::already_held());
            }
            session.release(self.number).await?;
        }
        let deadline = session.clock.now().saturating_add(wait);
        loop {
            let granted = tokio::select! {
                biased;
                () = session.ended() => return Err(lock_names::session_closed()),
                granted = self.try_once(deadline) => granted?,
            };
            if let Some(grant) = granted {
                return Ok(grant);
            }
            if session.clock.now() >= deadline {
                return Err(lock_names::wait_timeout(&self.names[0]));
            }
        }
    }

    async fn release(&mut self) -> Result<ReleaseOutcome, CallError> {
        self.session.release(self.number).await
    }

    async fn renew(&mut self) -> Result<Grant, CallError> {
        let session = &self.session;
        let held = session.held(self.number);
        if let Some(held) = &held
            && held.renew(&session.api, &*session.clock).await?
        {
            return Ok(held.grant(&session.owner));
        }
        match held {
            Some(held) if held.is_unanswered() => Err(lock_names::lock_lost()),
            _ => Err(lock_names::not_held()),
        }
    }

    async fn is_owner(&mut self) -> Result<bool, CallError> {
        let session = &self.session;
        match session.held(self.number) {
            Some(held) => {
                let stands = held.stands(&session.api, &*session.clock).await?;
                if !stands {
                    // Nothing of it is to keep others out; the release says how it was lost.
                    held.give_up(&session.api).await.ok();
                }
                Ok(stands)
            }
            None => Ok(false),
        }
    }

    fn current_grant(&self) -> Option<Grant> {
        let held = self.session.held(self.number)?;
        let is_lost = held.lost().is_some();
        (!is_lost).then(|| held.grant(&self.session.owner))
    }

    async fn break_lock(&mut self) -> Result<(), CallError> {
        self.session.refuse_if_closed()?;
        self.request().break_names(&self.session.api).await
    }

    async fn close(self: Box<Self>) {
        // If this fails, the request is given up in the background.
        self.session.release(self.number).await.ok();
    }
}

impl Drop for EtcdLock {
    fn drop(&mut self) {
        drop(self.session.take(self.number));
    }
}
