//! The row locks of one node: holders, and queues of owners that wait. Gaps between records are locked in
//! `gaps`.

mod gaps;

pub(super) use gaps::Gap;

use crate::store::RecordId;
use gaps::Gaps;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::collections::hash_map::Entry;

/// The holder of a lock, or one that waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// A transaction, by the place of its connection and its number.
    Transaction { connection: u32, number: u64 },
    /// The node's applier, with the write set of this position.
    Applier(u64),
}

/// The answer to a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Granted {
        /// It did not hold the lock before.
        anew: bool,
    },
    /// It would have to wait, at first for this one.
    Blocked(Owner),
}

/// The end of an owner's wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) owner: Owner,
    pub(super) record: RecordId,
    /// As in `Asked`.
    pub(super) anew: bool,
}

struct Lock {
    exclusive: bool,
    /// Most locks have one holder.
    first: Option<Owner>,
    others: Vec<Owner>,
    queue: VecDeque<Waiter>,
}

#[derive(Clone, Copy)]
struct Waiter {
    owner: Owner,
    exclusive: bool,
}

impl Lock {
    fn holders(&self) -> impl Iterator<Item = Owner> + '_ {
        self.first.into_iter().chain(self.others.iter().copied())
    }

    fn is_held_by(&self, owner: Owner) -> bool {
        self.holders().any(|holder| holder == owner)
    }

    fn is_held_by_others(&self, owner: Owner) -> bool {
        self.holders().any(|holder| holder != owner)
    }

    fn remove(&mut self, owner: Owner) {
        self.others.retain(|other| *other != owner);
        if self.first == Some(owner) {
            self.first = self.others.pop();
        }
    }

    /// Says whether the holders let the next one in. Owners behind it in the queue do not count.
    fn lets_in(&self, waiter: Waiter) -> bool {
        !self.is_held_by_others(waiter.owner) || !(self.exclusive || waiter.exclusive)
    }

    fn let_in(&mut self, waiter: Waiter) -> bool {
        let anew = !self.is_held_by(waiter.owner);
        self.exclusive |= waiter.exclusive;
        if anew {
            match self.first {
                None => {
                    self.exclusive = waiter.exclusive;
                    self.first = Some(waiter.owner);
                }
                Some(_) => self.others.push(waiter.owner),
            }
        }
        anew
    }
}

/// All row locks of one node.
#[derive(Default)]
pub(super) struct RowLocks {
    locks: FxHashMap<RecordId, Lock>,
    pub(super) gaps: Gaps,
}

impl RowLocks {
    /// Asks for a lock, and takes it if it is to be had at once.
    pub(super) fn ask(&mut self, record: RecordId, owner: Owner, exclusive: bool) -> Asked {
        let waiter = Waiter { owner, exclusive };
        match self.locks.entry(record) {
            Entry::Vacant(vacant) => {
                vacant.insert(Lock {
                    exclusive,
                    first: Some(owner),
                    others: Vec::new(),
                    queue: VecDeque::new(),
                });
                Asked::Granted { anew: true }
            }
            Entry::Occupied(occupied) => {
                let lock = occupied.into_mut();
                let has = lock.is_held_by(owner);
                if has && (lock.exclusive || !exclusive) {
                    return Asked::Granted { anew: false };
                }
                // An owner that holds it already does not queue behind those that wait for it.
                if lock.lets_in(waiter) && (has || lock.queue.is_empty()) {
                    let anew = lock.let_in(waiter);
                    return Asked::Granted { anew };
                }
                let mut holders = lock.holders();
                let other = holders.find(|holder| *holder != owner);
                let ahead = lock.queue.front().map(|waiter| waiter.owner);
                Asked::Blocked(other.or(ahead).expect("a lock is in the way"))
            }
        }
    }

    pub(super) fn is_locked(&self, record: RecordId) -> bool {
        self.locks.contains_key(&record)
    }

    /// Those that hold it.
    pub(super) fn holders(&self, record: RecordId) -> impl Iterator<Item = Owner> + '_ {
        self.locks.get(&record).into_iter().flat_map(Lock::holders)
    }

    /// Says whether another owner holds it.
    pub(super) fn is_locked_by_others(&self, record: RecordId, owner: Owner) -> bool {
        let lock = self.locks.get(&record);
        lock.is_some_and(|lock| lock.is_held_by_others(owner))
    }

    /// Waits for a lock that was just refused.
    pub(super) fn wait(&mut self, record: RecordId, owner: Owner, exclusive: bool) {
        let Some(lock) = self.locks.get_mut(&record) else {
            return;
        };
        let waiter = Waiter { owner, exclusive };
        if lock.is_held_by(owner) {
            lock.queue.push_front(waiter);
        } else {
            lock.queue.push_back(waiter);
        }
    }

    /// All that this one waits for.
    pub(super) fn in_the_way(&self, record: RecordId, owner: Owner) -> Vec<Owner> {
        if let Some(found) = self.gaps.waited_for(record, owner) {
            return found;
        }
        let Some(lock) = self.locks.get(&record) else {
            return Vec::new();
        };
        let mut ahead = lock.queue.iter().take_while(|waiter| waiter.owner != owner);
        let place = lock.queue.iter().position(|waiter| waiter.owner == owner);
        let exclusive = place.is_some_and(|place| lock.queue[place].exclusive);
        let holders = lock.holders().filter(|holder| *holder != owner);
        let mut found: Vec<_> = holders.collect();
        found.extend(
            ahead
                .by_ref()
                .filter(|waiter| waiter.exclusive || exclusive)
                .map(|waiter| waiter.owner),
        );
        found
    }

    /// Gives a lock back.
    pub(super) fn release(&mut self, record: RecordId, owner: Owner, grants: &mut Vec<Grant>) {
        if let Some(lock) = self.locks.get_mut(&record) {
            lock.remove(owner);
            self.let_next_in(record, grants);
        }
    }

    /// Waits no longer.
    pub(super) fn leave(&mut self, record: RecordId, owner: Owner, grants: &mut Vec<Grant>) {
        self.gaps.leave(owner);
        if let Some(lock) = self.locks.get_mut(&record) {
            lock.queue.retain(|waiter| waiter.owner != owner);
            self.let_next_in(record, grants);
        }
    }

    fn let_next_in(&mut self, record: RecordId, grants: &mut Vec<Grant>) {
        let Some(lock) = self.locks.get_mut(&record) else {
            return;
        };
        while let Some(&waiter) = lock.queue.front() {
            if !lock.lets_in(waiter) {
                break;
            }
            lock.queue.pop_front();
            let anew = lock.let_in(waiter);
            grants.push(Grant {
                owner: waiter.owner,
                record,
                anew,
            });
        }
        if lock.first.is_none() {
            self.locks.remove(&record);
        }
    }

    /// Takes a lock from its holders, and returns them. Owners in the queue go on waiting.
    pub(super) fn take(&mut self, record: RecordId, owner: Owner) -> Vec<Owner> {
        match self.ask(record, owner, true) {
            Asked::Granted { .. } => Vec::new(),
            Asked::Blocked(_) => {
                let lock = self.locks.get_mut(&record).expect("it is held");
                let victims = lock.holders().collect();
                lock.others.clear();
                lock.first = Some(owner);
                lock.exclusive = true;
                victims
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.locks.is_empty() && self.gaps.is_empty()
    }

    /// The node died.
    pub(super) fn clear(&mut self) {
        self.locks.clear();
        self.gaps.clear();
    }
}

#[cfg(test)]
mod tests;
