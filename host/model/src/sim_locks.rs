//! The lock services that a simulation can have.

use serde::{Deserialize, Serialize};

crate::words! {
    /// One kind of lock service, in virtual time.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum SimLocks {
        /// Each grant has a lease, as in Redis.
        Lease = "lease",
        /// Held by a process until it ends, as a locked file is.
        File = "file",
        /// Held by a session that ends when its client is not heard of, as in ZooKeeper.
        Session = "session",
    }
}
