//! A grant of this session, and the state of its lease.

use super::classify::Operation;
use super::scripts::Claim;
use super::session::SharedSession;
use crate::capability::lock::{Grant, ReleaseOutcome};
use crate::model::change::Nanos;
use crate::model::error::CallError;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The state of a grant, as Redis reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeaseState {
    Held,
    /// Present, and its lease is over.
    Ended,
    /// Absent: another client acquired the lock after the lease, or broke it, or Redis lost its data.
    Gone,
}

impl LeaseState {
    pub(super) fn parse(word: &str) -> Result<Self, CallError> {
        match word {
            "held" => Ok(Self::Held),
            "ended" => Ok(Self::Ended),
            "gone" => Ok(Self::Gone),
            _ => {
                let message =
                    format!("Redis returned {word:?} for the state of a lock, which is unknown");
                Err(CallError::indefinite("answer", message))
            }
        }
    }
}

pub(super) struct HeldGrant {
    pub(super) claim: Claim,
    tokens: Vec<(String, u64)>,
    /// Counted from before the request was sent, so Redis's own count ends no earlier.
    ends: AtomicU64,
    /// The outcome that was learned first, if it is lost.
    lost: OnceLock<ReleaseOutcome>,
    unanswered: AtomicBool,
}

impl HeldGrant {
    pub(super) fn new(claim: Claim, tokens: &[u64], ends: Nanos) -> Self {
        let names = claim.names().iter().cloned();
        Self {
            tokens: names.zip(tokens.iter().copied()).collect(),
            claim,
            ends: ends.into(),
            lost: OnceLock::new(),
            unanswered: AtomicBool::new(false),
        }
    }

    pub(super) fn lost(&self) -> Option<ReleaseOutcome> {
        self.lost.get().copied()
    }

    /// True if it counts as lost because its heartbeats were not answered.
    pub(super) fn is_unanswered(&self) -> bool {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// Time until it counts as lost without an answer. That is a tenth of the lease before its end, so that
    /// the holder can still stop in time.
    pub(super) fn left(&self, session: &SharedSession) -> Nanos {
        let ends = self.ends.load(Ordering::Relaxed);
        let last = ends.saturating_sub(session.pace.lease / 10);
        last.saturating_sub(session.clock.now())
    }

    /// Counts it as lost from now on: its lease may end without a word.
    pub(super) fn lose(&self) {
        if self.lost.set(ReleaseOutcome::Expired).is_ok() {
            self.unanswered.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn grant(&self, session: &SharedSession) -> Grant {
        let ends = self.ends.load(Ordering::Relaxed);
        Grant {
            owner: session.owner.clone(),
            fencing: self.tokens.clone(),
            lease_ends: Some(ends),
            last_heartbeat: Some(ends.saturating_sub(session.pace.lease)),
        }
    }

    /// Updates the grant with the state that Redis reported at `now`. A lost grant stays lost.
    pub(super) fn learn(&self, state: LeaseState, now: Nanos) -> ReleaseOutcome {
        if let Some(lost) = self.lost() {
            return lost;
        }
        let lost = match state {
            LeaseState::Held => return ReleaseOutcome::Released,
            LeaseState::Ended => ReleaseOutcome::Expired,
            LeaseState::Gone if now >= self.ends.load(Ordering::Relaxed) => ReleaseOutcome::Expired,
            LeaseState::Gone => ReleaseOutcome::NotOwner,
        };
        *self.lost.get_or_init(|| lost)
    }

    /// Renews the lease. Returns false if the grant is lost.
    pub(super) async fn renew(&self, session: &SharedSession) -> Result<bool, CallError> {
        let ends = session.clock.now().saturating_add(session.pace.lease);
        let script = self.claim.renew(session.lease_us());
        let word: String = session.link.run(&script, Operation::Changing).await?;
        let state = LeaseState::parse(&word)?;
        if self.learn(state, session.clock.now()) != ReleaseOutcome::Released {
            return Ok(false);
        }
        self.ends.fetch_max(ends, Ordering::Relaxed);
        Ok(true)
    }

    /// Asks Redis if it is still held.
    pub(super) async fn stands(&self, session: &SharedSession) -> Result<bool, CallError> {
        if self.lost().is_some() {
            return Ok(false);
        }
        let script = self.claim.is_owner();
        let word: String = session.link.run(&script, Operation::Reading).await?;
        let outcome = self.learn(LeaseState::parse(&word)?, session.clock.now());
        Ok(outcome == ReleaseOutcome::Released)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock_redis::scripts::Names;
    use std::sync::Arc;

    fn held() -> HeldGrant {
        let names = Names::new(vec!["a".to_owned()], "");
        HeldGrant::new(Claim::new("x1".to_owned(), Arc::new(names)), &[1], 100)
    }

    #[test]
    fn absent_grant_is_not_owner_before_its_lease_ends_and_expired_after() {
        for (state, now, outcome) in [
            (LeaseState::Held, 200, ReleaseOutcome::Released),
            (LeaseState::Ended, 50, ReleaseOutcome::Expired),
            (LeaseState::Gone, 99, ReleaseOutcome::NotOwner),
            (LeaseState::Gone, 100, ReleaseOutcome::Expired),
        ] {
            assert_eq!(held().learn(state, now), outcome, "{state:?} at {now}");
        }
    }

    #[test]
    fn grant_without_answers_is_expired_whatever_is_learned_later() {
        let held = held();
        held.lose();
        assert!(held.is_unanswered());
        assert_eq!(held.learn(LeaseState::Held, 50), ReleaseOutcome::Expired);
        let known = self::held();
        known.learn(LeaseState::Gone, 50);
        known.lose();
        assert!(!known.is_unanswered(), "it is known why");
    }

    #[test]
    fn lost_grant_keeps_the_outcome_learned_first() {
        let held = held();
        held.learn(LeaseState::Gone, 50);
        assert_eq!(held.learn(LeaseState::Gone, 200), ReleaseOutcome::NotOwner);
        assert_eq!(held.learn(LeaseState::Held, 200), ReleaseOutcome::NotOwner);
    }
}
