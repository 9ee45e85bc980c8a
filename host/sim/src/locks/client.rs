//! A client's side: its session, and its calls.

use super::Shared;
use super::calls::{CallKey, Calls};
use super::kind::check_mode;
use super::lock::SimLock;
use super::message::{Answer, LockNames, Request, SessionKey, Silence};
use crate::capability::lock::{Holders, Lock, LockSession, Mode};
use crate::capability::lock_names;
use crate::event::LockCall;
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::model::sim_locks::SimLocks;
use async_trait::async_trait;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// State that a session and its locks share, since either may end before the other.
pub(super) struct Client {
    pub(super) service: Arc<Shared>,
    pub(super) kind: SimLocks,
    pub(super) key: SessionKey,
    pub(super) owner: String,
    pub(super) lease: Option<Nanos>,
    /// Absent where the service has a queue.
    pub(super) poll: Option<Nanos>,
}

/// A call under way, or one that waits to be called again. Dropping it ends that.
pub(super) struct Call {
    client: Arc<Client>,
    pub(super) number: u64,
    /// Dropping it releases anything that it may have acquired.
    gives_up: bool,
}

impl Client {
    pub(super) fn new(
        service: Arc<Shared>,
        kind: SimLocks,
        owner: String,
        lease: Option<Nanos>,
        poll: Option<Nanos>,
    ) -> Self {
        let key = service.server().open_session(&owner, lease);
        Self {
            service,
            kind,
            key,
            owner,
            lease,
            poll,
        }
    }

    pub(super) fn refuse_if_closed(&self) -> Result<(), CallError> {
        match self.is_closed() {
            true => Err(lock_names::session_closed()),
            false => Ok(()),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        let server = self.service.server();
        let session = server.sessions.get(&self.key);
        session.is_none_or(|session| session.closed)
    }

    /// Sends a request. A service that is away refuses it.
    pub(super) async fn call(self: &Arc<Self>, request: Request) -> Result<Call, Silence> {
        let refused = {
            let mut server = self.service.server();
            let session = server.sessions.get(&self.key);
            if server.away.is_none() && session.is_some_and(|session| !session.dead) {
                let gives_up = matches!(request, Request::Acquire { .. });
                let number = server.send(self.key, request);
                server.calls.begin((self.key, number));
                return Ok(Call {
                    client: Arc::clone(self),
                    number,
                    gives_up,
                });
            }
            server.trip() + server.trip()
        };
        self.service.kernel.sleep(refused).await;
        Err(Silence::Refused)
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn answer(self: &Arc<Self>, request: Request) -> Result<Answer, Silence> {
        self.call(request).await?.answer().await
    }

    pub(super) async fn ask(self: &Arc<Self>, request: Request) -> Result<Answer, CallError> {
        let changes = request.changes();
        let answer = self.answer(request).await;
        answer.map_err(|silence| silence.error(changes))
    }

    /// Sees to it that a claim is not held, also when the service is away now.
    pub(super) fn give_up(&self, claim: u64) {
        let mut server = self.service.server();
        server.see_to(self.key, Request::GiveUp(claim));
    }

    pub(super) fn log_lost(&self, sent: Nanos, names: &LockNames) {
        let server = self.service.server();
        server.log(self.key, sent, LockCall::Lost, names, None);
    }

    /// Ends the session for its locks. False if it had ended before.
    fn end(&self) -> bool {
        let mut server = self.service.server();
        let now = server.kernel.now();
        let Some(session) = server.sessions.get_mut(&self.key) else {
            return false;
        };
        if std::mem::replace(&mut session.closed, true) {
            return false;
        }
        server.calls.close(self.key, now);
        true
    }
}

impl Call {
    pub(super) async fn answer(&self) -> Result<Answer, Silence> {
        self.until(Calls::poll_answered).await;
        // The connection may have broken while the answer was on its way.
        self.client.service.server().calls.answered(self.key())
    }

    /// Waits to be called.
    pub(super) async fn called(&self) {
        self.until(Calls::poll_called).await;
    }

    async fn until(&self, poll: fn(&mut Calls, CallKey, &Waker) -> Poll<Nanos>) {
        let service = &self.client.service;
        let poll = |context: &mut Context<'_>| {
            let calls = &mut service.server().calls;
            poll(calls, self.key(), context.waker())
        };
        let at = poll_fn(poll).await;
        service.kernel.sleep_until(at).await;
    }

    fn key(&self) -> CallKey {
        (self.client.key, self.number)
    }

    /// There is nothing to be given up: it took nothing, or another lock keeps it.
    pub(super) fn settled(&mut self) {
        self.gives_up = false;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let key = self.client.key;
        let mut server = self.client.service.server();
        if let Some((name, place)) = server.calls.end((key, self.number)) {
            server.names.leave(&name, place);
        }
        if self.gives_up {
            server.see_to(key, Request::GiveUp(self.number));
        }
    }
}

/// One identity at the service.
pub(super) struct SimSession(pub(super) Arc<Client>);

#[async_trait]
impl LockSession for SimSession {
    fn lock(&mut self, names: Vec<String>, mode: Mode) -> Result<Box<dyn Lock>, CallError> {
        check_mode(self.0.kind, mode)?;
        let names = LockNames::new(&lock_names::sorted(names)?);
        Ok(Box::new(SimLock::new(names, mode, Arc::clone(&self.0))))
    }

    async fn holders(&mut self, name: &str) -> Result<Holders, CallError> {
        if !matches!(self.0.kind, SimLocks::Lease | SimLocks::Session) {
            return Err(lock_names::no_groups());
        }
        self.0.refuse_if_closed()?;
        match self.0.ask(Request::Holders(name.into())).await? {
            Answer::Holders(holders) => Ok(holders),
            _ => Err(Silence::Broken.error(false)),
        }
    }

    async fn close(self: Box<Self>) {
        if self.0.end() && self.0.answer(Request::Close).await.is_err() {
            let mut server = self.0.service.server();
            server.see_to(self.0.key, Request::Close);
        }
    }
}

impl Drop for SimSession {
    fn drop(&mut self) {
        if self.0.end() {
            let mut server = self.0.service.server();
            server.see_to(self.0.key, Request::Close);
        }
    }
}
