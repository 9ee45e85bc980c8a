//! The locking clause at the end of a SELECT, in all its spellings.

use std::fmt;

/// Behaviour of a locking read on a row that another session has locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfLocked {
    Wait,
    /// `WAIT n`: for so many seconds at most.
    WaitFor(u32),
    /// `NOWAIT`
    Refuse,
    /// `SKIP LOCKED`
    Skip,
}

/// A locking clause. It is written out as MariaDB has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockingClause {
    /// FOR UPDATE; a shared lock otherwise.
    pub exclusive: bool,
    pub if_locked: IfLocked,
    /// A shared lock that was written as the standard has it (FOR SHARE), which MariaDB does not know.
    pub is_standard: bool,
}

/// A longer wait is a mistake: the longest is a matter of hours, in seconds.
const MAX_WAIT_DIGITS: usize = 5;

/// The locking clause at the end of a statement, with its number of words. Expects upper case.
pub fn at_the_end(words: &[&str]) -> Option<(usize, LockingClause)> {
    let (tail, if_locked) = match words {
        [.., "NOWAIT"] => (1, IfLocked::Refuse),
        [.., "SKIP", "LOCKED"] => (2, IfLocked::Skip),
        [.., "WAIT", seconds] => (2, IfLocked::WaitFor(whole(seconds)?)),
        _ => (0, IfLocked::Wait),
    };
    let (words, exclusive, is_standard) = match &words[..words.len() - tail] {
        [.., "FOR", "UPDATE"] => (2, true, false),
        [.., "FOR", "SHARE"] => (2, false, true),
        [.., "LOCK", "IN", "SHARE", "MODE"] => (4, false, false),
        _ => return None,
    };
    let clause = LockingClause {
        exclusive,
        if_locked,
        is_standard,
    };
    Some((words + tail, clause))
}

fn whole(number: &str) -> Option<u32> {
    let is_whole = number.len() <= MAX_WAIT_DIGITS && number.bytes().all(|b| b.is_ascii_digit());
    is_whole.then(|| number.parse().ok()).flatten()
}

impl fmt::Display for LockingClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.exclusive, self.is_standard) {
            (true, _) => "FOR UPDATE",
            (false, true) => "FOR SHARE",
            (false, false) => "LOCK IN SHARE MODE",
        })?;
        match self.if_locked {
            IfLocked::Wait => Ok(()),
            IfLocked::WaitFor(seconds) => write!(f, " WAIT {seconds}"),
            IfLocked::Refuse => f.write_str(" NOWAIT"),
            IfLocked::Skip => f.write_str(" SKIP LOCKED"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clause_at_the_end_is_read_and_written_back() {
        for (text, count) in [
            ("FOR UPDATE", 2),
            ("FOR UPDATE NOWAIT", 3),
            ("FOR UPDATE SKIP LOCKED", 4),
            ("FOR UPDATE WAIT 3", 4),
            ("LOCK IN SHARE MODE", 4),
            ("LOCK IN SHARE MODE WAIT 10", 6),
            ("FOR SHARE SKIP LOCKED", 4),
        ] {
            let whole = format!("SELECT X {text}");
            let words: Vec<&str> = whole.split(' ').collect();
            let (taken, clause) = at_the_end(&words).expect(text);
            assert_eq!((taken, clause.to_string().as_str()), (count, text));
        }
    }

    #[test]
    fn anything_else_at_the_end_is_no_clause() {
        for text in [
            "",
            "UPDATE",
            "NOWAIT",
            "FOR UPDATE OF T",
            "FOR UPDATE WAIT",
            "FOR UPDATE WAIT -1",
            "FOR UPDATE WAIT 123456",
            "FOR UPDATE WAIT ?",
            "IN SHARE MODE",
            "FOR UPDATE SKIP",
        ] {
            let words: Vec<&str> = text.split(' ').collect();
            assert_eq!(at_the_end(&words), None, "{text}");
        }
    }
}
