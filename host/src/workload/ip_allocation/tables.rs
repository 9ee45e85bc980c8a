//! The state of the database after a run.

use crate::model::marker::Mark;
use crate::workload::final_state::{InFile, OfNodes};
use serde::{Deserialize, Serialize};

/// The address belongs to a worker.
pub const ALLOCATED: &str = "ALLOCATED";

/// A worker began to take the address, and for a while no other may.
pub const RESERVED: &str = "RESERVED";

/// A worker asks for the address, and perhaps others do.
pub const REQUESTED: &str = "REQUESTED";

/// Everything that is read from the database after a run.
pub type Allocations = OfNodes<NodeAllocations>;

impl InFile for NodeAllocations {
    const FILE: &'static str = "allocations.json";
}

/// The tables of one node when all workers had ended, in an order that is the same on all nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeAllocations {
    pub node: String,
    pub requests: Vec<Request>,
    pub ranges: Vec<Range>,
}

/// A row of `ip_allocations` or of `ip_requests`, as a strategy wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Request {
    pub table: Table,
    pub address: String,
    pub subnet: String,
    /// The pool's `id`.
    pub pool: String,
    pub status: String,
    pub mark: Mark,
}

/// The table that holds a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    IpAllocations,
    IpRequests,
}

/// A row of `availability_ranges`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Range {
    /// The pool's `id`.
    pub pool: String,
    pub first: String,
    pub last: String,
}

impl Request {
    /// The address belongs to a worker.
    pub fn is_allocated(&self) -> bool {
        self.status == ALLOCATED
    }

    /// A worker began to take the address and has not finished.
    pub fn is_pending(&self) -> bool {
        matches!(&*self.status, RESERVED | REQUESTED)
    }
}

impl Table {
    pub fn name(self) -> &'static str {
        match self {
            Self::IpAllocations => "ip_allocations",
            Self::IpRequests => "ip_requests",
        }
    }
}
