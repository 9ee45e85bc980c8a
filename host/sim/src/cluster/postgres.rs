//! PostgreSQL with streaming replication: one primary, and standbys that replay what it has committed.
//!
//! It shares with Galera the connections, the row locks, the store and the way in which a node applies
//! what it has received. What differs is here:
//!
//! | | |
//! |---|---|
//! | `calls.rs` | a call on its server: failed transactions, standbys, snapshots |
//! | `statement.rs`, `insert.rs` | reading at a snapshot; looking at a row again that another changed |
//! | `serializable.rs` | SERIALIZABLE: dangerous structures of reads and writes |
//! | `commit.rs`, `streaming.rs` | COMMIT on the primary; what the standbys get of it |
//! | `servers.rs` | servers that die and come back, and a standby that takes over |

mod calls;
mod commit;
mod insert;
mod serializable;
mod servers;
mod statement;
mod streaming;

use crate::store::RecordId;
use rustc_hash::FxHashMap;
use serializable::Serializable;

/// What such a cluster has beside its nodes.
pub(super) struct Postgres {
    /// The number of the node that takes writes, dead or alive.
    pub(super) primary: u32,
    /// A primary that was replaced, and is not started again yet.
    demoted: Option<u32>,
    /// Commits wait until a standby has them.
    is_synchronous: bool,
    serializable: Serializable,
    /// For each row that was inserted, the position of the last INSERT: a statement that saw an older row
    /// of that key does not find this one.
    inserted: FxHashMap<RecordId, u64>,
}

impl Postgres {
    pub(super) fn new(is_synchronous: bool) -> Self {
        Self {
            primary: 0,
            demoted: None,
            is_synchronous,
            serializable: Serializable::default(),
            inserted: FxHashMap::default(),
        }
    }
}
