//! Members that came and went, as one member saw them.
//!
//! Services list who is there; the changes are the differences between two lists.
//!
//! ```text
//! list       changes          cursor
//! A B        1 A+, 2 B+       2
//! B C        3 A-, 4 C+       4
//! ```

use crate::model::error::CallError;
use std::collections::{BTreeSet, VecDeque};

/// The changes that are kept.
const MOST: usize = 1_024;

/// The members of one list: what a server lists is bounded before it is compared.
const MOST_MEMBERS: usize = 100_000;

/// A member that came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub cursor: u64,
    pub member: String,
    pub joined: bool,
}

/// The last list, and the differences before it.
#[derive(Default)]
pub struct Changes {
    members: BTreeSet<String>,
    kept: VecDeque<Change>,
    /// The cursor of the last change.
    last: u64,
    /// The cursor of the last change that was dropped for want of room.
    dropped: u64,
}

impl Changes {
    /// Compares a list with the one before. Those that went come first: a place is free before it is
    /// taken.
    pub fn see(&mut self, listed: Vec<String>) -> Result<(), CallError> {
        if listed.len() > MOST_MEMBERS {
            let message = format!("the group has more than {MOST_MEMBERS} members");
            return Err(CallError::rejected("too-many", message));
        }
        let listed: BTreeSet<String> = listed.into_iter().collect();
        let before = std::mem::replace(&mut self.members, listed.clone());
        for gone in before.difference(&listed) {
            self.add(gone, false);
        }
        for came in listed.difference(&before) {
            self.add(came, true);
        }
        Ok(())
    }

    pub fn roster(&self) -> (Vec<String>, u64) {
        (self.members.iter().cloned().collect(), self.last)
    }

    /// The changes after a cursor. Those up to it are forgotten.
    pub fn after(&mut self, since: u64) -> Result<Vec<Change>, CallError> {
        if since < self.dropped || since > self.last {
            let message = "the changes after this cursor are not kept; read the members again";
            return Err(CallError::rejected("cursor-expired", message));
        }
        while self.kept.front().is_some_and(|kept| kept.cursor <= since) {
            self.kept.pop_front();
        }
        self.dropped = since;
        Ok(self.kept.iter().cloned().collect())
    }

    fn add(&mut self, member: &str, joined: bool) {
        self.last += 1;
        self.kept.push_back(Change {
            cursor: self.last,
            member: member.to_owned(),
            joined,
        });
        if self.kept.len() > MOST
            && let Some(dropped) = self.kept.pop_front()
        {
            self.dropped = dropped.cursor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn changes_are_the_differences_between_lists() {
        let mut changes = Changes::default();
        changes.see(list(&["b", "a"])).unwrap();
        let (members, cursor) = changes.roster();
        assert_eq!((members, cursor), (list(&["a", "b"]), 2));
        changes.see(list(&["c", "b"])).unwrap();
        let shown: Vec<_> = changes.after(cursor).unwrap();
        let shown: Vec<_> = shown
            .iter()
            .map(|change| (change.cursor, &*change.member, change.joined))
            .collect();
        assert_eq!(shown, [(3, "a", false), (4, "c", true)]);
        assert_eq!(changes.after(4).unwrap(), []);
    }

    #[test]
    fn cursor_before_what_is_kept_or_after_the_last_is_refused() {
        let mut changes = Changes::default();
        for round in 0..MOST as u64 {
            changes.see(vec![round.to_string()]).unwrap();
        }
        // Each round but the first is two changes.
        let last = 2 * MOST as u64 - 1;
        let code = |answer: Result<Vec<Change>, CallError>| answer.unwrap_err().code;
        assert_eq!(code(changes.after(0)), "cursor-expired");
        assert_eq!(code(changes.after(last + 1)), "cursor-expired");
        let oldest = last - MOST as u64;
        assert_eq!(changes.after(oldest).unwrap().len(), MOST);
        assert_eq!(changes.after(last - 1).unwrap().len(), 1);
        assert_eq!(code(changes.after(oldest)), "cursor-expired");
    }

    #[test]
    fn list_of_too_many_members_is_refused() {
        let many = (0..=MOST_MEMBERS).map(|number| number.to_string());
        let error = Changes::default().see(many.collect()).unwrap_err();
        assert_eq!(error.code, "too-many");
    }
}
