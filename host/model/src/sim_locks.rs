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
        /// Each entry has an expiry, and may be evicted long before, as in memcached.
        Evicting = "evicting",
        /// Held by a connection to one node, and known to that node alone, as `GET_LOCK` has it.
        PerNode = "per-node",
        /// Held by a connection of a pooler, which serves any client, as advisory locks are behind PgBouncer
        /// in transaction mode.
        Pooled = "pooled",
    }
}
