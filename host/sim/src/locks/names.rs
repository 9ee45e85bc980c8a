//! Holders of each name, and those that wait for it.

use super::message::SessionKey;
use crate::capability::lock::Mode;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All names that sessions hold or want.
#[derive(Default)]
pub(super) struct Names(BTreeMap<Arc<str>, Name>);

#[derive(Default)]
struct Name {
    /// Claims with their modes; of several, all are shared.
    holders: BTreeMap<u64, Mode>,
    /// By their places, which are given in the order of arrival.
    waiting: BTreeMap<u64, Waiter>,
}

/// A claim that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiter {
    pub(super) session: SessionKey,
    pub(super) claim: u64,
    pub(super) mode: Mode,
}

impl Name {
    fn admits(&self, mode: Mode) -> bool {
        mode.admits(self.holders.values().copied())
    }

    fn hold(&mut self, claim: u64, mode: Mode) {
        self.holders.insert(claim, mode);
    }
}

impl Names {
    /// Says whether those that hold the name leave room for one more in this mode.
    pub(super) fn admits(&self, name: &str, mode: Mode) -> bool {
        self.0.get(name).is_none_or(|entry| entry.admits(mode))
    }

    pub(super) fn has_queue(&self, name: &str) -> bool {
        let entry = self.0.get(name);
        entry.is_some_and(|entry| !entry.waiting.is_empty())
    }

    pub(super) fn holders(&self, name: &str) -> impl Iterator<Item = u64> {
        let entry = self.0.get(name).into_iter();
        entry.flat_map(|entry| entry.holders.keys().copied())
    }

    pub(super) fn hold(&mut self, name: &Arc<str>, claim: u64, mode: Mode) {
        let entry = self.0.entry(Arc::clone(name)).or_default();
        entry.hold(claim, mode);
    }

    pub(super) fn wait(&mut self, name: &Arc<str>, place: u64, waiter: Waiter) {
        let entry = self.0.entry(Arc::clone(name)).or_default();
        entry.waiting.insert(place, waiter);
    }

    pub(super) fn give_up(&mut self, name: &str, claim: u64) {
        self.change(name, |entry| entry.holders.remove(&claim));
    }

    pub(super) fn leave(&mut self, name: &str, place: u64) {
        self.change(name, |entry| entry.waiting.remove(&place));
    }

    /// Takes the name from its holders.
    pub(super) fn free(&mut self, name: &str) -> impl Iterator<Item = u64> + use<> {
        let freed = self.change(name, |entry| std::mem::take(&mut entry.holders));
        freed.unwrap_or_default().into_keys()
    }

    /// Takes the first of those that wait.
    pub(super) fn call(&mut self, name: &str) -> Option<Waiter> {
        self.change(name, |entry| entry.waiting.pop_first())
            .flatten()
            .map(|(_, waiter)| waiter)
    }

    /// Lets the first of those that wait hold it, if it can. Strictly in order: a reader that overtook
    /// a waiting writer would starve it.
    pub(super) fn let_in(&mut self, name: &str) -> Option<Waiter> {
        let entry = self.0.get_mut(name)?;
        let next = entry.waiting.first_entry()?;
        let waiter = *next.get();
        if !entry.admits(waiter.mode) {
            return None;
        }
        entry.waiting.pop_first();
        entry.hold(waiter.claim, waiter.mode);
        Some(waiter)
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    pub(super) fn forget_all(&mut self) {
        self.0.clear();
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn change<T>(&mut self, name: &str, act: impl FnOnce(&mut Name) -> T) -> Option<T> {
        let entry = self.0.get_mut(name)?;
        let done = act(entry);
        if entry.holders.is_empty() && entry.waiting.is_empty() {
            self.0.remove(name);
        }
        Some(done)
    }
}
