//! Ends of leases and of sessions.

use super::claims::Standing;
use super::event::LockEvent;
use super::heartbeat::Beat;
use super::kind;
use super::message::{Answer, LOOK};
use super::server::{Server, Session};
use crate::capability::lock::ReleaseOutcome;
use crate::event::What;
use crate::kernel::Event;
use crate::model::change::Nanos;
use crate::model::sim_locks::SimLocks;

/// The longest time for which a cache keeps an entry: each time up to it is equally likely. A real cache
/// under pressure keeps one for minutes; its holders are slower by as much.
const LIFE: Nanos = 100_000_000;

impl Server {
    pub(super) fn set_deadline(&mut self, number: u64) {
        let Some(claim) = self.claims.get_mut(&number) else {
            return;
        };
        let Some(session) = self.sessions.get(&claim.session) else {
            return;
        };
        let Some(lasts) = session.lasts else { return };
        self.deadlines.remove(&(claim.deadline, number));
        let heartbeat = match self.kind {
            SimLocks::Session => session.heartbeat,
            _ => claim.heartbeat,
        };
        claim.deadline = heartbeat.ends(lasts).min(claim.evicted);
        self.deadlines.insert((claim.deadline, number));
    }

    /// The end of a claim's lease, unless it is renewed; `None` where there are no leases.
    pub(super) fn lease_ends(&self, number: u64) -> Option<Nanos> {
        let claim = self.claims.get(&number)?;
        let lasts = self.sessions.get(&claim.session)?.lasts;
        let lasts = lasts.filter(|_| kind::has_leases(self.kind))?;
        Some(claim.heartbeat.ends(lasts))
    }

    /// The end of the last lease on a name, if none is renewed. A cache does not say it.
    pub(super) fn free_at(&self, name: &str) -> Nanos {
        let holders = self.names.holders(name);
        let holders = holders.filter(|_| self.kind != SimLocks::Evicting);
        let claims = holders.filter_map(|holder| self.claims.get(&holder));
        claims
            .map(|claim| claim.deadline)
            .max()
            .unwrap_or(Nanos::MAX)
    }

    /// Draws the time when an entry that is stored now is evicted.
    pub(super) fn eviction(&mut self) -> Nanos {
        match self.kind {
            SimLocks::Evicting => self.kernel.now() + self.random.below(LIFE),
            _ => Nanos::MAX,
        }
    }

    /// Hears what the process of a claim has said until now.
    pub(super) fn listen(&mut self, number: u64) {
        let Some(beat) = self.beat(number) else {
            return;
        };
        let now = self.kernel.now();
        let Some(claim) = self.claims.get_mut(&number) else {
            return;
        };
        let Some(session) = self.sessions.get_mut(&claim.session) else {
            return;
        };
        match self.kind {
            SimLocks::Session => session.heartbeat.listen(beat, now),
            _ if kind::has_leases(self.kind) && self.renews => claim.heartbeat.listen(beat, now),
            _ => {}
        }
    }

    /// The heartbeats that the process of a claim sends; `None` if it sends none.
    fn beat(&self, number: u64) -> Option<Beat> {
        let claim = self.claims.get(&number)?;
        let session = self.sessions.get(&claim.session)?;
        let lasts = session.lasts.filter(|_| !session.dead)?;
        Some(Beat {
            every: lasts / 3,
            pause: self.kernel.last_pause(claim.session.0),
            unheard: self.unheard,
        })
    }

    /// Time since the service heard the last heartbeat of a claim whose answer is back at the client; `None`
    /// if the claim is not held any more.
    pub(super) fn since_heard(&self, number: u64) -> Option<Nanos> {
        let now = self.kernel.now();
        let claim = self.claims.get(&number)?;
        let mut heartbeat = (claim.standing == Standing::Held).then_some(claim.heartbeat)?;
        if self.renews {
            let answered = now.saturating_sub(self.round_trip);
            heartbeat.listen(self.beat(number)?, answered);
        }
        Some(now.saturating_sub(heartbeat.heard))
    }

    /// Ends what has come to its end.
    pub(super) fn look(&mut self) {
        let now = self.kernel.now();
        if self.looks <= now {
            self.looks = Nanos::MAX;
        }
        while self.away.is_none()
            && let Some(&(deadline, number)) = self.deadlines.first()
            && deadline <= now
        {
            self.listen(number);
            self.set_deadline(number);
            if self.deadlines.contains(&(deadline, number)) {
                self.expire(number);
            }
        }
        self.look_again();
    }

    pub(super) fn look_again(&mut self) {
        if let Some(&(deadline, _)) = self.deadlines.first()
            && self.away.is_none()
            && deadline < self.looks
        {
            self.looks = deadline;
            let event = Event::Locks(LockEvent(LOOK));
            self.kernel.schedule(deadline, event);
        }
    }

    fn expire(&mut self, number: u64) {
        let Some(claim) = self.claims.get_mut(&number) else {
            return;
        };
        let (session, names) = (claim.session, claim.names.clone());
        let waiting = claim.standing == Standing::Waiting;
        let evicted = claim.evicted <= self.kernel.now();
        if claim.standing == Standing::Held {
            claim.standing = Standing::Lost(match evicted {
                true => ReleaseOutcome::NotOwner,
                false => ReleaseOutcome::Expired,
            });
            if let Some(session) = self.sessions.get(&session) {
                let owner = || session.owner.clone();
                let names = || names.text.clone();
                self.kernel.log(|| match evicted {
                    true => What::Evicted {
                        owner: owner(),
                        names: names(),
                    },
                    false => What::LeaseEnded {
                        owner: owner(),
                        names: names(),
                    },
                });
            }
        }
        let dead = |session: &Session| session.dead;
        if waiting {
            self.remove(number);
            self.reply((session, number), Answer::SessionExpired);
        } else if self.sessions.get(&session).is_some_and(dead) {
            self.remove(number);
        } else {
            self.free_names(number);
        }
    }
}
