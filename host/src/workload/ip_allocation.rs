//! Workers compete for the addresses of pools.

mod access;
mod data;
mod schema;

pub use self::access::{AllocationAccess, Holding};
pub use self::data::read_allocations;
pub use self::schema::{TABLES, make};

use crate::check::ip_allocation::Evidence;
use crate::model::change::Change;
use crate::model::found::Found;
use crate::model::pool::Pool;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// What a workload of this kind has beside the numbers of every one. Its rows are the pools, and a
/// change takes an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpAllocation {
    /// The n-th is row n.
    pub pools: Vec<Pool>,
    /// Each address is given back after the hold.
    pub release: bool,
    /// Where workers connect to.
    pub connect: Connect,
    /// Before each step of its algorithm a strategy waits a random time up to this, as the setting
    /// `step-wait-ms` tells it.
    pub step_wait_ms: u64,
}

/// Where workers connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connect {
    /// To the endpoint of the run.
    #[default]
    Endpoint,
    /// To the nodes in turn: worker n to node n modulo their number.
    Nodes,
}

impl FromStr for Connect {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "endpoint" => Ok(Self::Endpoint),
            "nodes" => Ok(Self::Nodes),
            _ => Err("it is endpoint or nodes".to_owned()),
        }
    }
}

impl fmt::Display for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Endpoint => "endpoint",
            Self::Nodes => "nodes",
        })
    }
}

impl IpAllocation {
    /// The published pool.
    pub fn published_pool() -> Pool {
        let address = |last| IpAddr::V4(Ipv4Addr::new(192, 168, 0, last));
        Pool {
            subnet: "192.168.0.0/24".to_owned(),
            first: address(2),
            last: address(254),
        }
    }

    /// What there is to judge by.
    pub fn evidence<'a>(&'a self, changes: &'a [Change], found: Option<&'a Found>) -> Evidence<'a> {
        Evidence {
            pools: &self.pools,
            changes,
            found: match found {
                Some(Found::IpAllocation(found)) => Some(found),
                Some(Found::VolumeState(_)) | None => None,
            },
        }
    }
}
