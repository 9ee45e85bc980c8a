//! The leadership of one group at a time, joined and led when it is needed.

use crate::group::{self, Member};
use crate::{Error, setting, setting_or_nothing};

/// A member of the group that a row is named for, and its leadership.
pub struct Office {
    lead_wait_ns: u64,
    lease_ns: Option<u64>,
    group: String,
    member: Option<Member>,
}

impl Office {
    /// Joins nothing yet. Settings: `lead-wait-ms` (30000), the longest wait for a leadership; `lease-ms`;
    /// left out, the service chooses.
    pub fn new() -> Result<Self, Error> {
        let nanoseconds = |ms: u64| ms.saturating_mul(1_000_000);
        Ok(Self {
            lead_wait_ns: nanoseconds(setting("lead-wait-ms", 30_000)?),
            lease_ns: setting_or_nothing("lease-ms")?.map(nanoseconds),
            group: String::new(),
            member: None,
        })
    }

    /// Leads the group, and returns the term. Where this member leads already, as far as the host knows, no
    /// service is asked. One that is no member any more joins again at the next call.
    pub fn term(&mut self, group: &str) -> Result<u64, Error> {
        let stays = |member: &Member| member.is_member() && self.group == group;
        let member = match self.member.take().filter(stays) {
            Some(member) => member,
            None => group::join(group, self.lease_ns)?,
        };
        self.group.clear();
        self.group.push_str(group);
        let led = match member.current_leadership() {
            Some(led) => Ok(led),
            None => member.lead(self.lead_wait_ns),
        };
        let is_gone =
            |detail: &crate::Detail| ["not-member", "member-lost"].contains(&detail.code.as_str());
        match led {
            Err(Error::Conflict(detail)) if is_gone(&detail) => Err(Error::Conflict(detail)),
            led => {
                self.member = Some(member);
                led.map(|led| led.term)
            }
        }
    }

    /// Lets another lead. That the leadership was lost before changes nothing, and one that can't be
    /// given up now ends with its lease.
    pub fn resign(&mut self) {
        if let Some(member) = &self.member {
            let _ = member.resign();
        }
    }
}
