//! The lock services that a simulation can have.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// One kind of lock service, in virtual time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SimLocks {
    /// Each grant has a lease, as in Redis.
    Lease,
    /// Held by a process until it ends, as a locked file is.
    File,
    /// Held by a session that ends when its client is not heard of, as in ZooKeeper.
    Session,
}

impl SimLocks {
    pub const ALL: [Self; 3] = [Self::Lease, Self::File, Self::Session];

    /// The word for people and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lease => "lease",
            Self::File => "file",
            Self::Session => "session",
        }
    }
}

impl FromStr for SimLocks {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == word);
        found.ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str).join(", ");
            format!("there is no simulated lock service {word:?}; there are {words}")
        })
    }
}
