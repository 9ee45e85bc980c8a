//! Faults of the service.

use super::claims::{Claim, Standing};
use super::heartbeat::Heartbeat;
use super::kind;
use super::message::SessionKey;
use super::server::{Server, Session};
use crate::capability::lock::ReleaseOutcome;
use crate::event::Actor;
use crate::model::change::Nanos;
use crate::model::sim_locks::SimLocks;

impl Server {
    /// It can't be reached from now on. What it knows it keeps.
    pub(super) fn go_away(&mut self) {
        if self.away.is_none() {
            let now = self.kernel.now();
            self.listen_all();
            self.away = Some(now);
            self.unheard = (now, Nanos::MAX);
            self.life += 1;
            self.calls.break_all(now);
            if kind::forgets_when_restarted(self.kind) {
                self.forget_all();
            }
        }
    }

    pub(super) fn come_back(&mut self) {
        let Some(since) = self.away.take() else {
            return;
        };
        let now = self.kernel.now();
        self.unheard = (since, now);
        match self.kind {
            SimLocks::Session => {
                for session in self.sessions.values_mut() {
                    session.heartbeat = Heartbeat::at(now);
                }
                self.set_deadlines();
            }
            _ => {
                // Leases that ended meanwhile have ended; processes that live renew the others at once.
                self.look();
                self.listen_all();
            }
        }
        for (session, request) in std::mem::take(&mut self.later) {
            self.see_to(session, request);
        }
        self.look();
    }

    /// Another server is the service now, and knows of no lock.
    pub(super) fn fail_over(&mut self) {
        let now = self.kernel.now();
        self.life += 1;
        self.calls.break_all(now);
        self.forget_all();
    }

    fn forget_all(&mut self) {
        self.names.forget_all();
        self.deadlines.clear();
        self.pool.forget_all();
        self.forget(|_| true);
    }

    /// A node of the cluster dies, and its own locks with it.
    pub(super) fn lose_node(&mut self, node: u32) {
        if self.kind == SimLocks::PerNode {
            self.forget(|session| session.node == node);
        }
    }

    /// Knows nothing any more of the locks of these sessions.
    fn forget(&mut self, of: impl Fn(&Session) -> bool) {
        let (sessions, names) = (&mut self.sessions, &mut self.names);
        let deadlines = &mut self.deadlines;
        self.claims.retain(|number, claim| {
            let Some(session) = sessions.get_mut(&claim.session) else {
                return false;
            };
            if !of(session) {
                return true;
            }
            for name in &claim.names.each {
                names.forget(name);
            }
            deadlines.remove(&(claim.deadline, *number));
            claim.forget();
            // No client will ever ask for it.
            let stays = claim.standing != Standing::Waiting && !session.dead;
            if !stays {
                session.claims.remove(number);
            }
            stays
        });
    }

    /// The service's clock jumps forward.
    pub(super) fn jump(&mut self, ahead: Nanos) {
        self.listen_all();
        for claim in self.claims.values_mut() {
            claim.heartbeat.jump(ahead);
        }
        for session in self.sessions.values_mut() {
            session.heartbeat.jump(ahead);
        }
        self.set_deadlines();
        self.look();
    }

    /// The process of an actor dies.
    pub(super) fn crash(&mut self, actor: Actor) {
        let of_actor: std::ops::RangeInclusive<SessionKey> = (actor, 0)..=(actor, u64::MAX);
        let sessions = self.sessions.range(of_actor.clone());
        let claims: Vec<u64> = sessions
            .flat_map(|(_, session)| session.claims.iter().copied())
            .collect();
        for claim in claims {
            self.listen(claim);
            if kind::ends_with_process(self.kind) {
                self.remove(claim);
            }
        }
        for (_, session) in self.sessions.range_mut(of_actor) {
            session.dead = true;
        }
    }

    fn listen_all(&mut self) {
        let claims: Vec<u64> = self.claims.keys().copied().collect();
        for claim in claims {
            self.listen(claim);
        }
    }

    fn set_deadlines(&mut self) {
        let claims: Vec<u64> = self.deadlines.iter().map(|&(_, claim)| claim).collect();
        for claim in claims {
            self.set_deadline(claim);
        }
    }
}

impl Claim {
    fn forget(&mut self) {
        self.has = 0;
        if self.standing == Standing::Held {
            self.standing = Standing::Lost(ReleaseOutcome::NotOwner);
        }
    }
}
