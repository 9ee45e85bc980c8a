//! Groups and leaders, on the sessions of a lock service.
//!
//! A member holds a shared lock, the leader an exclusive one, whose fencing token is the term. So a
//! service that has leases, heartbeats and a lost connection has them for groups too, and tells of them
//! in the same way.
//!
//! ```text
//! member    group/jobs/members    group/jobs/leader
//! A         shared                exclusive, token 7     A leads in term 7
//! B         shared                waits in lead()
//! A dies    -                     -                      its leases end
//! B         shared                exclusive, token 9     B leads in term 9
//! ```

mod changes;

use crate::clock::Clock;
use crate::lock::{Grant, Holders, Lock, LockService, LockSession, Mode, ReleaseOutcome};
use crate::lock::{Lease, SessionOptions};
use crate::model::change::Nanos;
use crate::model::error::CallError;
pub use changes::Change;
use changes::Changes;
use std::sync::Arc;

/// The leadership of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leadership {
    pub term: u64,
    pub lease: Option<Lease>,
}

/// One membership. The meaning of each call and of its errors is that of `wit/group.wit`.
pub struct Member {
    name: String,
    session: Box<dyn LockSession>,
    membership: Box<dyn Lock>,
    leadership: Box<dyn Lock>,
    members_name: String,
    leader_name: String,
    clock: Arc<dyn Clock>,
    changes: Changes,
}

/// The words of one of the two locks in errors.
#[derive(Clone, Copy)]
struct Words {
    lost: (&'static str, &'static str),
    not_held: (&'static str, &'static str),
}

const MEMBER: Words = Words {
    lost: (
        "member-lost",
        "the heartbeats of this member were not answered, so it is no member any more",
    ),
    not_held: ("not-member", "this is no member of the group any more"),
};

const LEADER: Words = Words {
    lost: (
        "leader-lost",
        "the heartbeats of this leader were not answered, so it does not lead any more",
    ),
    not_held: ("not-leader", "this member does not lead"),
};

/// Joins a group under a name that is unique in the run.
pub async fn join(
    service: &dyn LockService,
    clock: Arc<dyn Clock>,
    member: String,
    group: &str,
    lease: Option<Nanos>,
) -> Result<Member, CallError> {
    if group.is_empty() {
        let message = "a group needs a name";
        return Err(CallError::rejected("empty-name", message));
    }
    let options = SessionOptions { lease, poll: None };
    let session = service.open(member.clone(), options).await?;
    Member::join(session, clock, member, group).await
}

impl Member {
    async fn join(
        mut session: Box<dyn LockSession>,
        clock: Arc<dyn Clock>,
        name: String,
        group: &str,
    ) -> Result<Self, CallError> {
        let members_name = format!("group/{group}/members");
        let leader_name = format!("group/{group}/leader");
        // Before anything is taken: a service without groups says so here.
        session.holders(&members_name).await?;
        let mut membership = session.lock(vec![members_name.clone()], Mode::Shared(None))?;
        let leadership = session.lock(vec![leader_name.clone()], Mode::Exclusive)?;
        membership.acquire(0).await?;
        let mut member = Self {
            name,
            session,
            membership,
            leadership,
            members_name,
            leader_name,
            clock,
            changes: Changes::default(),
        };
        member.look().await?;
        Ok(member)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The members now, sorted, and the cursor behind them.
    pub async fn members(&mut self) -> Result<(Vec<String>, u64), CallError> {
        self.look().await?;
        Ok(self.changes.roster())
    }

    pub async fn changes(&mut self, since: u64) -> Result<Vec<Change>, CallError> {
        self.look().await?;
        self.changes.after(since)
    }

    pub async fn lead(&mut self, wait: Nanos) -> Result<Leadership, CallError> {
        self.require_membership().await?;
        let granted = self.leadership.acquire(wait).await;
        let grant = granted.map_err(|error| match error.code.as_str() {
            "already-held" => {
                let message = "this member leads already";
                CallError::rejected("already-leads", message)
            }
            _ => error,
        })?;
        // The membership may be lost by now, or the service silent: with an error it must not lead.
        if let Err(error) = self.require_membership().await {
            self.leadership.release().await?;
            return Err(error);
        }
        leadership(&grant)
    }

    pub async fn confirm(&mut self) -> Result<Leadership, CallError> {
        self.require_membership().await?;
        leadership(&confirmed(&mut *self.leadership, LEADER).await?)
    }

    pub fn current_leadership(&self) -> Option<Leadership> {
        let grant = self.current(&*self.leadership)?;
        let leads = self.is_member().then(|| leadership(&grant));
        leads?.ok()
    }

    pub async fn resign(&mut self) -> Result<ReleaseOutcome, CallError> {
        self.leadership.release().await
    }

    /// The leader, and its term.
    pub async fn leader(&mut self) -> Result<Option<(String, u64)>, CallError> {
        let Holders { mut owners, token } = self.session.holders(&self.leader_name).await?;
        Ok(owners.pop().zip(token))
    }

    pub fn is_member(&self) -> bool {
        self.current(&*self.membership).is_some()
    }

    pub async fn leave(&mut self) -> Result<ReleaseOutcome, CallError> {
        self.leadership.release().await?;
        self.membership.release().await
    }

    /// Resigns and leaves; the answers of the service change nothing. The leadership first: only a member leads.
    pub async fn close(self) {
        self.leadership.close().await;
        self.membership.close().await;
        self.session.close().await;
    }

    /// Only a member leads: one that is none any more resigns, so that another can.
    async fn require_membership(&mut self) -> Result<(), CallError> {
        let member = confirmed(&mut *self.membership, MEMBER).await;
        if let Err(error) = &member
            && [MEMBER.lost.0, MEMBER.not_held.0].contains(&&*error.code)
        {
            self.leadership.release().await?;
        }
        member.map(drop)
    }

    async fn look(&mut self) -> Result<(), CallError> {
        let holders = self.session.holders(&self.members_name).await?;
        self.changes.see(holders.owners)
    }

    /// The grant as the host knows it; `None` once its lease is over.
    fn current(&self, lock: &dyn Lock) -> Option<Grant> {
        let is_over = |ends| ends <= self.clock.now();
        lock.current_grant()
            .filter(|grant| !grant.lease_ends.is_some_and(is_over))
    }
}

/// The grant, if the service says that it is held.
async fn confirmed(lock: &mut dyn Lock, words: Words) -> Result<Grant, CallError> {
    if lock.is_owner().await?
        && let Some(grant) = lock.current_grant()
    {
        return Ok(grant);
    }
    // Where there are leases, a renewal knows why it is not held.
    let (code, message) = match lock.renew().await {
        Err(error) if error.code == "lock-lost" => words.lost,
        _ => words.not_held,
    };
    Err(CallError::conflict(code, message))
}

fn leadership(grant: &Grant) -> Result<Leadership, CallError> {
    let Some((_, term)) = grant.fencing.first() else {
        let message = "this lock service has no fencing tokens, so it has no terms of leaders";
        return Err(CallError::rejected("unsupported", message));
    };
    Ok(Leadership {
        term: *term,
        lease: grant.lease(),
    })
}

#[cfg(test)]
mod tests;
