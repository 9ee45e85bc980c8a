//! Calls that are under way, and how they stand.

use super::message::{Answer, SessionKey, Silence};
use crate::model::change::Nanos;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Poll, Waker};

pub(super) type CallKey = (SessionKey, u64);

/// By session and number.
#[derive(Default)]
pub(super) struct Calls(BTreeMap<CallKey, Pending>);

#[derive(Default)]
struct Pending {
    /// The answer, and the time when it is there.
    answer: Option<(Nanos, Result<Answer, Silence>)>,
    /// The queue in which it waits, and its place there.
    waits: Option<(Arc<str>, u64)>,
    /// The time when the call for it is there.
    called: Option<Nanos>,
    waker: Option<Waker>,
}

impl Pending {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Calls {
    pub(super) fn begin(&mut self, key: CallKey) {
        self.0.insert(key, Pending::default());
    }

    /// Says whether a client waits for its answer.
    pub(super) fn is_under_way(&self, key: CallKey) -> bool {
        self.0.contains_key(&key)
    }

    /// Sends an answer. It is lost if the caller is gone.
    pub(super) fn answer(&mut self, key: CallKey, at: Nanos, answer: Answer) {
        if let Some(pending) = self.0.get_mut(&key) {
            pending.answer = Some((at, Ok(answer)));
            pending.wake();
        }
    }

    /// The caller goes on waiting, until he is called.
    pub(super) fn listen(&mut self, key: CallKey, name: Arc<str>, place: u64) {
        if let Some(pending) = self.0.get_mut(&key) {
            pending.waits = Some((name, place));
        }
    }

    pub(super) fn call(&mut self, key: CallKey, at: Nanos) {
        if let Some(pending) = self.0.get_mut(&key) {
            pending.waits = None;
            pending.called = Some(at);
            pending.wake();
        }
    }

    /// All connections break: what has not arrived by now never will.
    pub(super) fn break_all(&mut self, now: Nanos) {
        for pending in self.0.values_mut() {
            if pending.answer.as_ref().is_none_or(|(at, _)| *at > now) {
                pending.answer = Some((now, Err(Silence::Broken)));
                pending.wake();
            }
        }
    }

    /// Nothing that the session waits for will come.
    pub(super) fn close(&mut self, session: SessionKey, now: Nanos) {
        for (_, pending) in self.0.range_mut((session, 0)..=(session, u64::MAX)) {
            pending.answer = Some((now, Err(Silence::Closed)));
            pending.called = Some(now);
            pending.wake();
        }
    }

    /// The time when the answer is there.
    pub(super) fn poll_answered(&mut self, key: CallKey, waker: &Waker) -> Poll<Nanos> {
        self.poll(key, waker, |pending| Some(pending.answer.as_ref()?.0))
    }

    /// The time when the call is there.
    pub(super) fn poll_called(&mut self, key: CallKey, waker: &Waker) -> Poll<Nanos> {
        self.poll(key, waker, |pending| pending.called)
    }

    fn poll(
        &mut self,
        key: CallKey,
        waker: &Waker,
        at: impl Fn(&Pending) -> Option<Nanos>,
    ) -> Poll<Nanos> {
        let Some(pending) = self.0.get_mut(&key) else {
            return Poll::Pending;
        };
        if let Some(at) = at(pending) {
            return Poll::Ready(at);
        }
        pending.waker = Some(waker.clone());
        Poll::Pending
    }

    pub(super) fn answered(&self, key: CallKey) -> Result<Answer, Silence> {
        let answer = self.0.get(&key).and_then(|pending| pending.answer.clone());
        answer.map_or(Err(Silence::Broken), |(_, answer)| answer)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The caller is gone. Gives where he waited.
    pub(super) fn end(&mut self, key: CallKey) -> Option<(Arc<str>, u64)> {
        self.0.remove(&key).and_then(|pending| pending.waits)
    }
}
