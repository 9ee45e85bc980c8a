//! Decisions on claims: names that clients hold and want.

use super::calls::CallKey;
use super::heartbeat::Heartbeat;
use super::kind;
use super::message::{Answer, LockNames, SessionKey};
use super::names::Waiter;
use super::server::Server;
use crate::capability::lock::{Mode, ReleaseOutcome};
use crate::event::LockCall;
use crate::model::change::Nanos;
use crate::model::sim_locks::SimLocks;
use std::sync::Arc;

/// One acquire that waits in a queue or was granted.
pub(super) struct Claim {
    pub(super) session: SessionKey,
    pub(super) names: Arc<LockNames>,
    pub(super) mode: Mode,
    sent: Nanos,
    pub(super) heartbeat: Heartbeat,
    pub(super) standing: Standing,
    /// `None` until it is granted.
    pub(super) token: Option<u64>,
    /// The number of its names that it has, in order.
    pub(super) has: usize,
    /// Its place in the queue of the next one.
    place: Option<u64>,
    pub(super) deadline: Nanos,
    /// The time when the entry is evicted, if it is still there.
    pub(super) evicted: Nanos,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Waiting,
    Held,
    Lost(ReleaseOutcome),
}

impl Server {
    pub(super) fn acquire(
        &mut self,
        key: CallKey,
        sent: Nanos,
        names: Arc<LockNames>,
        mode: Mode,
        waits: bool,
    ) {
        let (session, number) = key;
        if self.kind != SimLocks::Session
            && let Some(taken) = names
                .each
                .iter()
                .position(|name| !self.names.admits(name, mode))
        {
            return self.refuse(key, sent, &names, taken, mode, waits);
        }
        let claim = Claim {
            session,
            names,
            mode,
            sent,
            heartbeat: Heartbeat::at(self.kernel.now()),
            standing: Standing::Waiting,
            token: None,
            has: 0,
            place: None,
            deadline: Nanos::MAX,
            evicted: self.eviction(),
        };
        self.claims.insert(number, claim);
        if let Some(session) = self.sessions.get_mut(&session) {
            session.claims.insert(number);
        }
        self.set_deadline(number);
        self.proceed(number, waits);
    }

    /// All names or none: one is taken.
    fn refuse(
        &mut self,
        key: CallKey,
        sent: Nanos,
        names: &LockNames,
        taken: usize,
        mode: Mode,
        waits: bool,
    ) {
        let now = self.kernel.now();
        let name = &names.each[taken];
        let free_in = self.free_at(name).saturating_sub(now);
        if waits && self.kind == SimLocks::Lease && self.calls.is_under_way(key) {
            let place = self.next();
            let (session, claim) = key;
            let waiter = Waiter {
                session,
                claim,
                mode,
            };
            self.names.wait(name, place, waiter);
            self.calls.listen(key, name.clone(), place);
            // A call may have been spent on this look, and the names before this one are free.
            for free in &names.each[..taken] {
                self.let_others_in(free);
            }
        }
        self.log(key.0, sent, LockCall::NotGranted, names, None);
        let name = taken;
        self.reply(key, Answer::Taken { name, free_in });
    }

    /// Takes the names that are left, in order, as far as they can be had.
    fn proceed(&mut self, number: u64, waits: bool) {
        while let Some(claim) = self.claims.get_mut(&number) {
            let (session, mode) = (claim.session, claim.mode);
            let Some(name) = claim.names.each.get(claim.has).cloned() else {
                return self.grant(number);
            };
            let in_turn = self.kind != SimLocks::Session || !self.names.has_queue(&name);
            if in_turn && self.names.admits(&name, mode) {
                claim.has += 1;
                self.names.hold(&name, number, mode);
            } else if waits {
                return self.wait(number, session, mode, &name);
            } else {
                let (sent, names, name) = (claim.sent, claim.names.clone(), claim.has);
                self.remove(number);
                self.log(session, sent, LockCall::NotGranted, &names, None);
                let free_in = Nanos::MAX;
                return self.reply((session, number), Answer::Taken { name, free_in });
            }
        }
    }

    fn wait(&mut self, number: u64, session: SessionKey, mode: Mode, name: &Arc<str>) {
        let place = self.next();
        let waiter = Waiter {
            session,
            claim: number,
            mode,
        };
        self.names.wait(name, place, waiter);
        if let Some(claim) = self.claims.get_mut(&number) {
            claim.place = Some(place);
        }
    }

    fn grant(&mut self, number: u64) {
        let Some(claim) = self.claims.get_mut(&number) else {
            return;
        };
        claim.standing = Standing::Held;
        let (session, sent, names) = (claim.session, claim.sent, claim.names.clone());
        let shared = claim.mode.is_shared();
        let token = kind::has_tokens(self.kind).then(|| {
            self.last_token += 1;
            self.last_token
        });
        claim.token = token;
        let lease_ends = self.lease_ends(number);
        let granted = LockCall::Granted { lease_ends };
        self.log(session, sent, granted, &names, token);
        self.reply((session, number), Answer::Granted { token });
        if shared && self.kind == SimLocks::Lease {
            // Others that want to read can get in too.
            for name in &names.each {
                self.let_others_in(name);
            }
        }
    }

    pub(super) fn release(
        &mut self,
        session: SessionKey,
        number: u64,
        sent: Nanos,
    ) -> ReleaseOutcome {
        let Some(claim) = self.claims.get(&number) else {
            return ReleaseOutcome::NotOwner;
        };
        let outcome = match claim.standing {
            Standing::Held => ReleaseOutcome::Released,
            Standing::Lost(outcome) => outcome,
            Standing::Waiting => ReleaseOutcome::NotOwner,
        };
        let names = claim.names.clone();
        self.remove(number);
        let call = match outcome {
            ReleaseOutcome::Released => LockCall::Released,
            ReleaseOutcome::Expired => LockCall::ReleasedLate,
            ReleaseOutcome::NotOwner => LockCall::NotOwner,
        };
        self.log(session, sent, call, &names, None);
        outcome
    }

    pub(super) fn give_up(&mut self, number: u64, sent: Nanos) {
        let Some(claim) = self.claims.get(&number) else {
            return;
        };
        let (session, names) = (claim.session, claim.names.clone());
        let call = match claim.standing {
            Standing::Waiting => LockCall::NotGranted,
            Standing::Held | Standing::Lost(_) => LockCall::GivenUp,
        };
        self.remove(number);
        self.log(session, sent, call, &names, None);
    }

    pub(super) fn renew(&mut self, number: u64, sent: Nanos) -> bool {
        let now = self.kernel.now();
        let Some(claim) = self.claims.get_mut(&number) else {
            return false;
        };
        let held = claim.standing == Standing::Held;
        let (session, names) = (claim.session, claim.names.clone());
        if held {
            claim.heartbeat = Heartbeat::at(now);
            self.set_deadline(number);
        }
        let call = if held {
            LockCall::Renewed
        } else {
            LockCall::NotOwner
        };
        self.log(session, sent, call, &names, None);
        held
    }

    pub(super) fn is_held(&self, number: u64) -> bool {
        let claim = self.claims.get(&number);
        claim.is_some_and(|claim| claim.standing == Standing::Held)
    }

    pub(super) fn break_names(&mut self, names: &LockNames) {
        for name in &names.each {
            for number in self.names.free(name) {
                match self.claims.get_mut(&number) {
                    // What was taken from it while it waited for another name it needs again.
                    Some(claim) if claim.standing == Standing::Waiting => {
                        self.free_names(number);
                        self.set_deadline(number);
                        self.proceed(number, true);
                    }
                    Some(claim) if claim.standing == Standing::Held => {
                        claim.standing = Standing::Lost(ReleaseOutcome::NotOwner);
                    }
                    _ => {}
                }
            }
            self.let_others_in(name);
        }
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.free_names(number);
        if let Some(claim) = self.claims.remove(&number)
            && let Some(session) = self.sessions.get_mut(&claim.session)
        {
            session.claims.remove(&number);
        }
    }

    /// Frees what a claim has, and its place in a queue.
    pub(super) fn free_names(&mut self, number: u64) {
        let Some(claim) = self.claims.get_mut(&number) else {
            return;
        };
        let names = claim.names.clone();
        let (has, place) = (std::mem::take(&mut claim.has), claim.place.take());
        self.deadlines.remove(&(claim.deadline, number));
        for name in &names.each[..has] {
            self.names.give_up(name, number);
            self.let_others_in(name);
        }
        if let (Some(name), Some(place)) = (names.each.get(has), place) {
            self.names.leave(name, place);
            self.let_others_in(name);
        }
    }

    /// Something may be free.
    fn let_others_in(&mut self, name: &str) {
        match self.kind {
            SimLocks::File | SimLocks::Evicting | SimLocks::PerNode | SimLocks::Pooled => {}
            SimLocks::Lease => {
                if let Some(waiter) = self.names.call(name) {
                    let at = self.kernel.now() + self.trip();
                    self.calls.call((waiter.session, waiter.claim), at);
                }
            }
            SimLocks::Session => {
                while let Some(waiter) = self.names.let_in(name) {
                    if let Some(claim) = self.claims.get_mut(&waiter.claim) {
                        claim.has += 1;
                        claim.place = None;
                    }
                    self.proceed(waiter.claim, true);
                }
            }
        }
    }
}
