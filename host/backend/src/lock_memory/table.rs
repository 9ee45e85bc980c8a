//! The table of lock names, with the holders and the waiters of each.
//!
//! A queue in the order of arrival: a claim is granted as soon as it is compatible with the holders and
//! no claim is before it.
//!
//! ```text
//! claim         holders    queue     why
//! S1            S1         -         no holder
//! X2            S1         X2        exclusive, and S1 holds
//! S3            S1         X2 S3     compatible with S1, but X2 came first: overtaking would starve it
//! S1 released   X2         S3
//! X2 dropped    S3         -         tokens: S1 < X2 < S3, from one counter
//! ```

use crate::capability::lock::{Holders, Mode};
use crate::model::error::CallError;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The table that all sessions share. No session awaits anything while it has the mutex.
#[derive(Clone, Default)]
pub(super) struct SharedTable(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    names: HashMap<Arc<str>, Name>,
    /// The claims of each open session, held or waiting, with the name of each. In the order of the
    /// claims, so that the end of a session grants to others in the same order every time.
    sessions: HashMap<u64, BTreeMap<u64, Arc<str>>>,
    /// The last number given to a session, a claim or a token. One counter for all, so that a name
    /// without claims can be removed and its tokens still grow.
    last: u64,
}

#[derive(Default)]
struct Name {
    holders: Vec<Holder>,
    waiting: VecDeque<Waiter>,
}

struct Holder {
    claim: u64,
    owner: Arc<str>,
    mode: Mode,
    /// `None` until it holds all names of its lock.
    token: Option<u64>,
}

struct Waiter {
    holder: Holder,
    granted: oneshot::Sender<()>,
}

/// A place among the holders of a name or in its queue. Dropping it gives the place up.
pub(super) struct Claim {
    table: SharedTable,
    session: u64,
    name: Arc<str>,
    number: u64,
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut table = self.table.lock();
        if let Some(claims) = table.sessions.get_mut(&self.session) {
            claims.remove(&self.number);
        }
        table.give_up(&self.name, self.number);
    }
}

impl SharedTable {
    fn lock(&self) -> MutexGuard<'_, Table> {
        // A panic under this lock is a bug, but not one that should cost the other workers.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn open_session(&self) -> u64 {
        let mut table = self.lock();
        let number = table.next();
        table.sessions.insert(number, BTreeMap::new());
        number
    }

    /// Gives up all that the session holds or waits for, and everything it may still ask for.
    pub(super) fn close_session(&self, session: u64) {
        let mut table = self.lock();
        for (claim, name) in table.sessions.remove(&session).unwrap_or_default() {
            table.give_up(&name, claim);
        }
    }

    /// Takes a place behind all that came before. Without a receiver the name is held at once; with
    /// one it is held as soon as that hears.
    pub(super) fn claim(
        &self,
        session: u64,
        owner: &Arc<str>,
        name: &str,
        mode: Mode,
    ) -> Result<(Claim, Option<oneshot::Receiver<()>>), CallError> {
        let mut table = self.lock();
        let number = table.next();
        let name: Arc<str> = name.into();
        match table.sessions.get_mut(&session) {
            Some(claims) => claims.insert(number, name.clone()),
            None => return Err(crate::capability::lock_names::session_closed()),
        };
        let (granted, mut heard) = oneshot::channel();
        let holder = Holder {
            claim: number,
            owner: Arc::clone(owner),
            mode,
            token: None,
        };
        let entry = table.names.entry(name.clone()).or_default();
        entry.waiting.push_back(Waiter { holder, granted });
        entry.promote();
        drop(table);
        let claim = Claim {
            table: self.clone(),
            session,
            name,
            number,
        };
        let waits = heard.try_recv().is_err();
        Ok((claim, waits.then_some(heard)))
    }

    pub(super) fn all_hold(&self, claims: &[Claim]) -> bool {
        self.lock().all_hold(claims)
    }

    /// A token for each name if all of them are held. They are drawn together, at the moment of the
    /// grant: a token drawn while this session still waited for another name could be older than that
    /// of a holder that shared this name, was granted before, and is gone.
    pub(super) fn tokens(&self, claims: &[Claim]) -> Option<Vec<(String, u64)>> {
        let mut table = self.lock();
        table.all_hold(claims).then(|| {
            let token = |claim: &Claim| (claim.name.to_string(), table.draw_token(claim));
            claims.iter().map(token).collect()
        })
    }

    /// The holders of a name. One that still waits for another name of its lock is none yet.
    pub(super) fn holders(&self, session: u64, name: &str) -> Result<Holders, CallError> {
        let table = self.lock();
        if !table.sessions.contains_key(&session) {
            return Err(crate::capability::lock_names::session_closed());
        }
        let mut found = Holders::default();
        let holders = table.names.get(name).into_iter();
        let holders = holders.flat_map(|name| &name.holders);
        for holder in holders.filter(|holder| holder.token.is_some()) {
            found.owners.push(holder.owner.to_string());
            found.token = holder.token.filter(|_| !holder.mode.is_shared());
        }
        Ok(found)
    }

    /// Takes the name away from its holders; the waiters move up.
    pub(super) fn break_name(&self, name: &str) {
        let mut table = self.lock();
        if let Some(entry) = table.names.get_mut(name) {
            entry.holders.clear();
        }
        table.change(name, |_| true);
    }
}

impl Table {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn draw_token(&mut self, claim: &Claim) -> u64 {
        let token = self.next();
        let holders = self.names.get_mut(&claim.name).into_iter();
        let mut holders = holders.flat_map(|name| &mut name.holders);
        if let Some(holder) = holders.find(|holder| holder.claim == claim.number) {
            holder.token = Some(token);
        }
        token
    }

    fn all_hold(&self, claims: &[Claim]) -> bool {
        claims.iter().all(|claim| {
            let holds = |holder: &Holder| holder.claim == claim.number;
            self.names
                .get(&claim.name)
                .is_some_and(|name| name.holders.iter().any(holds))
        })
    }

    fn give_up(&mut self, name: &str, claim: u64) {
        self.change(name, |holder| holder.claim != claim);
    }

    /// Keeps only some holders and waiters of a name, and grants to the next waiters.
    fn change(&mut self, name: &str, keep: impl Fn(&Holder) -> bool) {
        let Some(entry) = self.names.get_mut(name) else {
            return;
        };
        entry.holders.retain(|holder| keep(holder));
        entry.waiting.retain(|waiter| keep(&waiter.holder));
        entry.promote();
        if entry.holders.is_empty() && entry.waiting.is_empty() {
            self.names.remove(name);
        }
    }
}

impl Name {
    /// Strictly in the order of arrival: a reader that overtook a waiting writer would starve it.
    fn promote(&mut self) {
        while let Some(next) = self.waiting.front() {
            let holders = self.holders.iter().map(|held| held.mode);
            if !next.holder.mode.admits(holders) {
                return;
            }
            if let Some(Waiter { holder, granted }) = self.waiting.pop_front() {
                self.holders.push(holder);
                // If the receiver is gone, its claim is being dropped and leaves the queue.
                granted.send(()).ok();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_ends_lets_others_in_and_leaves_nothing() {
        let table = SharedTable::default();
        let (ends, stays) = (table.open_session(), table.open_session());
        let owner = "me".into();
        let claim = |session, name| table.claim(session, &owner, name, Mode::Exclusive).unwrap();
        let held: Vec<_> = ["a", "b"].map(|name| claim(ends, name).0).into();
        let (next, mut heard) = claim(stays, "b");
        assert!(heard.as_mut().unwrap().try_recv().is_err());
        table.close_session(ends);
        assert_eq!(heard.unwrap().try_recv(), Ok(()));
        assert!(table.all_hold(&[next]) && !table.all_hold(&held));
        drop(held);
        table.close_session(stays);
        let table = table.lock();
        assert!(table.names.is_empty() && table.sessions.is_empty());
    }
}
