//! Faults that a conformance run gives a strategy, one at a time, in place of a call's own answer.

use super::change::StepKind;
use super::error::{CallError, ErrorKind};
use serde::{Serialize, Serializer};
use std::fmt;

crate::words! {
    /// The calls of the contract that can return an error.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Called {
        Connect = "connect",
        Execute = "execute",
        Query = "query",
        Begin = "begin",
        Commit = "commit",
        Rollback = "rollback",
        Sync = "sync",
        /// The reading of one node, of a check of all.
        ReadNode = "check",
        OpenLocks = "lock.open",
        NameLock = "lock.lock",
        AcquireLock = "lock.acquire",
        ReleaseLock = "lock.release",
        RenewLock = "lock.renew",
        AskOwner = "lock.is-owner",
        BreakLock = "lock.break",
        /// Of a group: its members, or its leader.
        ListHolders = "lock.holders",
    }
}

impl Called {
    /// Says whether the lock service answers it, and not the database.
    pub fn is_of_locks(self) -> bool {
        self.as_str().starts_with("lock.")
    }

    /// The injections that the contract allows for it. A write inside a transaction whose answer was
    /// lost has certainly not happened, since the transaction goes with the connection; the host
    /// returns `indefinite` to the strategy all the same.
    pub fn can_give(self, in_transaction: bool) -> &'static [Injected] {
        use Injected::{Conflict, IndefiniteDone, IndefiniteNotDone, Rejected, Unavailable};
        match self {
            Self::Execute if in_transaction => {
                &[Conflict, Unavailable, Rejected, IndefiniteNotDone]
            }
            Self::Execute | Self::Commit | Self::AcquireLock => &[
                Conflict,
                Unavailable,
                Rejected,
                IndefiniteDone,
                IndefiniteNotDone,
            ],
            Self::Query | Self::Begin => &[Conflict, Unavailable, Rejected],
            Self::Connect | Self::Sync | Self::OpenLocks => &[Unavailable, Rejected],
            Self::Rollback | Self::ReadNode | Self::AskOwner | Self::ListHolders => &[Unavailable],
            Self::NameLock => &[Rejected],
            Self::ReleaseLock | Self::BreakLock => {
                &[Unavailable, IndefiniteDone, IndefiniteNotDone]
            }
            Self::RenewLock => &[Conflict, Unavailable, IndefiniteDone, IndefiniteNotDone],
        }
    }
}

impl Serialize for Called {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

crate::words! {
    /// A fault, with what is true behind it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Injected {
        Conflict = "conflict",
        Unavailable = "unavailable",
        Rejected = "rejected",
        /// The call was made, and its answer is lost.
        IndefiniteDone = "indefinite-done",
        /// The call was not made, and no answer says so.
        IndefiniteNotDone = "indefinite-not-done",
    }
}

impl Injected {
    /// The error that the host returns to the strategy, with a code that a backend gives for it.
    pub fn error(self, called: Called) -> CallError {
        let (kind, code) = match (self, called) {
            (Self::Conflict, Called::AcquireLock) => (ErrorKind::Conflict, "lock-wait-timeout"),
            (Self::Conflict, Called::RenewLock) => (ErrorKind::Conflict, "not-owner"),
            (Self::Conflict, _) => (ErrorKind::Conflict, "1213"),
            (Self::Rejected, Called::Commit) => (ErrorKind::Rejected, "no-transaction"),
            (Self::Rejected, called) if called.is_of_locks() => {
                (ErrorKind::Rejected, "unsupported")
            }
            (Self::Rejected, _) => (ErrorKind::Rejected, "1105"),
            (Self::Unavailable, called) if called.is_of_locks() => {
                (ErrorKind::Unavailable, "connection-lost")
            }
            (Self::Unavailable, _) => (ErrorKind::Unavailable, "1047"),
            (Self::IndefiniteDone | Self::IndefiniteNotDone, called) if called.is_of_locks() => {
                (ErrorKind::Indefinite, "connection-lost")
            }
            (Self::IndefiniteDone | Self::IndefiniteNotDone, _) => (ErrorKind::Indefinite, "2013"),
        };
        CallError::new(kind, code, "injected by runner test")
    }

    /// Describes the true effect and the answer, as the second half of a sentence about the call.
    pub fn prose(self) -> &'static str {
        match self {
            Self::Conflict => "had no effect and was answered with conflict",
            Self::Unavailable => "had no effect and was answered with unavailable",
            Self::Rejected => "had no effect and was answered with rejected",
            Self::IndefiniteDone => "took effect, and its answer was lost (indefinite)",
            Self::IndefiniteNotDone => "had no effect, and its answer was lost (indefinite)",
        }
    }
}

/// One fault at one call of one step: `acquire 3 commit indefinite-done`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Injection {
    pub step: StepKind,
    /// Of the call within its step, from 1.
    pub number: u32,
    pub call: Called,
    pub fault: Injected,
}

impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (step, call) = (self.step.as_str(), self.call.as_str());
        write!(f, "{step} {} {call} {}", self.number, self.fault.as_str())
    }
}

/// Some of the injections: those that begin with these words. `indefinite` is both of its kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Only(Vec<String>);

impl Only {
    /// Any words; whether there is such an injection, a strategy's calls decide.
    pub fn new(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_owned).collect())
    }

    pub fn takes(&self, injection: &Injection) -> bool {
        let words = injection.to_string();
        let mut words = words.split(' ');
        self.0.iter().all(|asked| {
            words.next().is_some_and(|word| {
                word == asked || (asked == "indefinite" && word.starts_with("indefinite-"))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: Injection = Injection {
        step: StepKind::Acquire,
        number: 3,
        call: Called::Commit,
        fault: Injected::IndefiniteDone,
    };

    #[test]
    fn an_injection_is_named_by_as_many_of_its_words_as_one_likes() {
        for words in [
            "",
            "acquire",
            "acquire 3",
            "acquire 3  commit",
            "acquire 3 commit indefinite",
            "acquire 3 commit indefinite-done",
        ] {
            assert!(Only::new(words).takes(&COMMIT), "{words}");
        }
        for words in [
            "release",
            "acquire 33",
            "acquire 3 comm",
            "acquire 3 commit indefinite-not-done",
            "acquire 3 commit indefinite-done x",
        ] {
            assert!(!Only::new(words).takes(&COMMIT), "{words}");
        }
    }

    #[test]
    fn injected_error_is_of_the_kind_that_the_contract_says() {
        for injected in Called::Commit.can_give(true) {
            let kind = injected.error(Called::Commit).kind.as_str();
            assert!(injected.as_str().starts_with(kind), "{injected:?}: {kind}");
        }
    }

    #[test]
    fn a_reading_is_never_indefinite() {
        for called in [Called::Query, Called::ReadNode, Called::AskOwner] {
            let given = called.can_give(true).iter();
            let mut kinds = given.map(|given| given.error(called).kind);
            assert!(!kinds.any(|kind| kind == ErrorKind::Indefinite));
        }
    }
}
