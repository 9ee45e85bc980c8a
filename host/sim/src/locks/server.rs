//! The service itself: what has arrived, and what it decides.

use super::calls::{CallKey, Calls};
use super::claims::Claim;
use super::event::LockEvent;
use super::heartbeat::Heartbeat;
use super::kind;
use super::message::{Answer, LockNames, Message, Request, SessionKey};
use super::names::Names;
use super::pool::Pool;
use crate::capability::lock::Holders;
use crate::event::{LockCall, What};
use crate::kernel::times;
use crate::kernel::{Event, Kernel};
use crate::model::change::Nanos;
use crate::model::endpoint::Endpoint;
use crate::model::sim_locks::SimLocks;
use crate::model::topology::Topology;
use crate::random::Purpose;
use contend_dst::{Random, Times};
use slab::Slab;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) struct Server {
    pub(super) kind: SimLocks,
    pub(super) kernel: Kernel,
    pub(super) names: Names,
    pub(super) calls: Calls,
    pub(super) sessions: BTreeMap<SessionKey, Session>,
    pub(super) claims: BTreeMap<u64, Claim>,
    /// The time when a claim may end, and the claim. The process may have been heard of since: that is found out
    /// when the time has come.
    pub(super) deadlines: BTreeSet<(Nanos, u64)>,
    /// Since when it can't be reached.
    pub(super) away: Option<Nanos>,
    /// The last time in which it could not.
    pub(super) unheard: (Nanos, Nanos),
    /// A connection lasts as long as a life.
    pub(super) life: u64,
    /// Requests that came while it was away, and are sent again.
    pub(super) later: Vec<(SessionKey, Request)>,
    pub(super) renews: bool,
    pub(super) messages: Slab<Message>,
    /// The time when it looks at its clock next.
    pub(super) looks: Nanos,
    /// The last number given to a session, a call or a place.
    last: u64,
    /// One counter for all names, so that a name can be forgotten when no session wants it and its
    /// tokens still grow.
    pub(super) last_token: u64,
    latency: Times,
    /// The time within which nearly every request is answered.
    pub(super) round_trip: Nanos,
    pub(super) random: Random,
    /// Of the kind `pooled` alone; it has no claims.
    pub(super) pool: Pool,
    /// The nodes to which sessions are given in turn, and how many sessions there were.
    nodes: u32,
    opened: u32,
}

pub(super) struct Session {
    pub(super) owner: Arc<str>,
    /// The lease of its grants, or its own time-out.
    pub(super) lasts: Option<Nanos>,
    pub(super) heartbeat: Heartbeat,
    pub(super) claims: BTreeSet<u64>,
    pub(super) closed: bool,
    /// The node of the cluster to which its connection goes.
    pub(super) node: u32,
    /// Its process has crashed.
    pub(super) dead: bool,
    /// A message that is sent later arrives no earlier.
    last_arrival: Nanos,
}

impl Server {
    pub(super) fn new(kind: SimLocks, kernel: Kernel, topology: &Topology, seed: u64) -> Self {
        Self {
            kind,
            kernel,
            names: Names::default(),
            calls: Calls::default(),
            sessions: BTreeMap::new(),
            claims: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            away: None,
            unheard: (0, 0),
            life: 0,
            later: Vec::new(),
            renews: true,
            messages: Slab::new(),
            looks: Nanos::MAX,
            last: 0,
            last_token: 0,
            latency: times(topology.client_latency),
            round_trip: (2_000.0 * topology.client_latency.p99_us) as Nanos,
            random: Random::new(seed, Purpose::Locks),
            pool: Pool::default(),
            nodes: match topology.endpoint {
                Endpoint::All => topology.nodes.max(1),
                Endpoint::OneWriter | Endpoint::Pooled => 1,
            },
            opened: 0,
        }
    }

    pub(super) fn stop_renewing(&mut self) {
        self.renews = false;
    }

    pub(super) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// One way between a client and the service.
    pub(super) fn trip(&mut self) -> Nanos {
        self.latency.draw(&mut self.random)
    }

    pub(super) fn open_session(&mut self, owner: &str, lasts: Option<Nanos>) -> SessionKey {
        let key = (self.kernel.actor().into(), self.next());
        let session = Session {
            owner: owner.into(),
            lasts,
            heartbeat: Heartbeat::at(self.kernel.now()),
            claims: BTreeSet::new(),
            closed: false,
            node: self.opened % self.nodes,
            dead: false,
            last_arrival: 0,
        };
        self.opened = self.opened.wrapping_add(1);
        self.sessions.insert(key, session);
        key
    }

    /// A request goes on its way. Gives its number.
    pub(super) fn send(&mut self, key: SessionKey, request: Request) -> u64 {
        let (now, call, trip) = (self.kernel.now(), self.next(), self.trip());
        let arrives = match self.sessions.get_mut(&key) {
            Some(session) => {
                session.last_arrival = session.last_arrival.max(now + trip);
                session.last_arrival
            }
            None => now + trip,
        };
        let message = self.messages.insert(Message {
            session: key,
            call,
            sent: now,
            life: self.life,
            request,
        });
        let event = Event::Locks(LockEvent(message));
        self.kernel.schedule(arrives, event);
        call
    }

    /// Something that the client's library sees to, also when the service is away now. A dead process
    /// sees to nothing.
    pub(super) fn see_to(&mut self, key: SessionKey, request: Request) {
        let lives = |session: &Session| !session.dead;
        if !self.sessions.get(&key).is_some_and(lives) {
            return;
        }
        match self.away {
            Some(_) => self.later.push((key, request)),
            None => drop(self.send(key, request)),
        }
    }

    pub(super) fn arrive(&mut self, message: usize) {
        let message = self.messages.remove(message);
        if self.away.is_some() {
            if message.request.can_wait() {
                self.later.push((message.session, message.request));
            }
        } else if message.life == self.life || message.request.can_wait() {
            self.look();
            self.decide(message);
            self.look_again();
        }
    }

    pub(super) fn decide(&mut self, message: Message) {
        let (key, sent) = ((message.session, message.call), message.sent);
        let Some(session) = self.sessions.get_mut(&message.session) else {
            return;
        };
        // A file or a connection is closed with its process, and its open requests with it.
        if session.dead && kind::ends_with_process(self.kind) {
            return;
        }
        session.heartbeat = Heartbeat::at(self.kernel.now());
        let node = session.node;
        if self.kind == SimLocks::Pooled {
            return self.ask_pool(message);
        }
        let answer = match message.request {
            Request::Open => Answer::Done,
            Request::Acquire { names, mode, waits } => {
                let names = self.known_to(node, names);
                return self.acquire(key, sent, names, mode, waits);
            }
            Request::Release(claim) => Answer::Released(self.release(message.session, claim, sent)),
            Request::Renew(claim) => Answer::IsHeld(self.renew(claim, sent)),
            Request::IsHeld(claim) => {
                let held = self.is_held(claim);
                if let Some(claim) = self.claims.get(&claim) {
                    let names = claim.names.clone();
                    self.log(
                        message.session,
                        sent,
                        LockCall::Asked { held },
                        &names,
                        None,
                    );
                }
                Answer::IsHeld(held)
            }
            Request::Holders(name) => Answer::Holders(self.holders(&name)),
            Request::Break(names) => {
                let names = self.known_to(node, names);
                self.break_names(&names);
                self.log(message.session, sent, LockCall::Broken, &names, None);
                Answer::Done
            }
            Request::GiveUp(claim) => {
                self.give_up(claim, sent);
                Answer::Done
            }
            Request::Close => {
                if let Some(session) = self.sessions.remove(&message.session) {
                    for claim in session.claims {
                        self.remove(claim);
                    }
                }
                Answer::Done
            }
        };
        self.reply(key, answer);
    }

    /// The names as the service has them: where each node has locks of its own, its own names too.
    fn known_to(&self, node: u32, names: Arc<LockNames>) -> Arc<LockNames> {
        if self.kind != SimLocks::PerNode {
            return names;
        }
        let each = names.each.iter();
        Arc::new(LockNames {
            each: each.map(|name| format!("{node}/{name}").into()).collect(),
            text: names.text.clone(),
        })
    }

    /// The owners of a name. One that still waits for another name of its lock is none yet.
    fn holders(&self, name: &str) -> Holders {
        let mut found = Holders::default();
        let claims = self.names.holders(name);
        for claim in claims.filter_map(|number| self.claims.get(&number)) {
            if let (Some(token), Some(session)) = (claim.token, self.sessions.get(&claim.session)) {
                found.owners.push(session.owner.to_string());
                found.token = (!claim.mode.is_shared()).then_some(token);
            }
        }
        found
    }

    pub(super) fn reply(&mut self, key: CallKey, answer: Answer) {
        let at = self.kernel.now() + self.trip();
        self.calls.answer(key, at, answer);
    }

    pub(super) fn log(
        &self,
        session: SessionKey,
        sent: Nanos,
        call: LockCall,
        names: &LockNames,
        token: Option<u64>,
    ) {
        self.kernel.log(|| What::Lock {
            actor: session.0,
            sent,
            call,
            names: names.text.clone(),
            token,
        });
    }
}
