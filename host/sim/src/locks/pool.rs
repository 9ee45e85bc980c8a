//! Advisory locks behind a pooler that hands its connections on: a lock belongs to the server's end of a
//! connection, and each call of a client goes over any of them.
//!
//! *Example.* Client A takes the lock over connection 1. Client B asks over connection 1: the server takes
//! it for A, counts two, and both are inside. A releases over connection 2, which has no such lock: the
//! server says so, and connection 1 keeps both holds when A and B are gone.

use super::message::{Answer, LockNames, Message, Request, SessionKey};
use super::server::Server;
use crate::capability::lock::{Mode, ReleaseOutcome};
use crate::event::LockCall;
use crate::model::change::Nanos;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The connections of the pooler.
const CONNECTIONS: u64 = 3;

/// The holds of each name, and what each client asks for under a number.
#[derive(Default)]
pub(super) struct Pool {
    holds: BTreeMap<Arc<str>, Vec<(u64, Mode)>>,
    claims: BTreeMap<(SessionKey, u64), (Arc<LockNames>, Mode)>,
}

impl Pool {
    /// The place of the first name that another connection keeps from this one.
    fn taken(&self, names: &LockNames, mode: Mode, connection: u64) -> Option<usize> {
        names.each.iter().position(|name| {
            let holds = self.holds.get(name).into_iter().flatten();
            let others = holds.filter(|(holder, _)| *holder != connection);
            !mode.admits(others.map(|(_, mode)| *mode))
        })
    }

    fn take(&mut self, names: &LockNames, mode: Mode, connection: u64) {
        for name in &names.each {
            let holds = self.holds.entry(Arc::clone(name)).or_default();
            holds.push((connection, mode));
        }
    }

    fn holds(&self, names: &LockNames, mode: Mode, connection: u64) -> bool {
        let hold = (connection, mode);
        let has = |name| {
            self.holds
                .get(name)
                .is_some_and(|holds| holds.contains(&hold))
        };
        names.each.iter().all(has)
    }

    /// Takes one hold of each name from the connection. False if it had not all of them.
    fn release(&mut self, names: &LockNames, mode: Mode, connection: u64) -> bool {
        let mut had_all = true;
        for name in &names.each {
            let holds = self.holds.entry(Arc::clone(name)).or_default();
            match holds.iter().position(|hold| *hold == (connection, mode)) {
                Some(place) => drop(holds.remove(place)),
                None => had_all = false,
            }
            if holds.is_empty() {
                self.holds.remove(name);
            }
        }
        had_all
    }

    /// The server that had the locks is gone.
    pub(super) fn forget_all(&mut self) {
        self.holds.clear();
    }
}

impl Server {
    /// Decides a request, which comes over some connection of the pooler.
    pub(super) fn ask_pool(&mut self, message: Message) {
        let connection = self.random.below(CONNECTIONS);
        let Message {
            session,
            call,
            sent,
            request,
            ..
        } = message;
        let answer = match request {
            Request::Acquire { names, mode, .. } => {
                self.take_from_pool((session, call), sent, &names, mode, connection)
            }
            Request::Release(claim) => {
                let outcome = match self.pool.claims.remove(&(session, claim)) {
                    Some((names, mode)) => {
                        let released = self.pool.release(&names, mode, connection);
                        let (call, outcome) = match released {
                            true => (LockCall::Released, ReleaseOutcome::Released),
                            false => (LockCall::NotOwner, ReleaseOutcome::NotOwner),
                        };
                        self.log(session, sent, call, &names, None);
                        outcome
                    }
                    None => ReleaseOutcome::NotOwner,
                };
                Answer::Released(outcome)
            }
            Request::Renew(_) => Answer::IsHeld(false),
            Request::IsHeld(claim) => {
                Answer::IsHeld(self.asked_pool((session, claim), sent, connection))
            }
            Request::Break(names) => {
                for name in &names.each {
                    self.pool.holds.remove(name);
                }
                self.log(session, sent, LockCall::Broken, &names, None);
                Answer::Done
            }
            // The pooler keeps its connections, so the server hears of no end: what was held leaks.
            Request::GiveUp(claim) => {
                self.pool.claims.remove(&(session, claim));
                Answer::Done
            }
            Request::Close => {
                self.sessions.remove(&session);
                self.pool.claims.retain(|(owner, _), _| *owner != session);
                Answer::Done
            }
            // It has no groups, and its clients ask for none.
            Request::Holders(_) => Answer::Holders(Default::default()),
            Request::Open => Answer::Done,
        };
        self.reply((session, call), answer);
    }

    fn take_from_pool(
        &mut self,
        key: (SessionKey, u64),
        sent: Nanos,
        names: &Arc<LockNames>,
        mode: Mode,
        connection: u64,
    ) -> Answer {
        if let Some(name) = self.pool.taken(names, mode, connection) {
            self.log(key.0, sent, LockCall::NotGranted, names, None);
            let free_in = Nanos::MAX;
            return Answer::Taken { name, free_in };
        }
        self.pool.take(names, mode, connection);
        self.pool.claims.insert(key, (Arc::clone(names), mode));
        let granted = LockCall::Granted { lease_ends: None };
        self.log(key.0, sent, granted, names, None);
        Answer::Granted { token: None }
    }

    fn asked_pool(&mut self, key: (SessionKey, u64), sent: Nanos, connection: u64) -> bool {
        let Some((names, mode)) = self.pool.claims.get(&key) else {
            return false;
        };
        let held = self.pool.holds(names, *mode, connection);
        let call = LockCall::Asked { held };
        self.log(key.0, sent, call, names, None);
        held
    }
}
