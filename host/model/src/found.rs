//! What was found in the database after a trial, by the kind of its workload.

use super::allocations::Allocations;
use super::data::Data;

/// The proof against which every report is held.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    VolumeState(Data),
    IpAllocation(Allocations),
}

impl Found {
    /// The committed updates that the database's audit recorded, where there is one.
    pub fn effects(&self) -> Option<u64> {
        match self {
            Self::VolumeState(data) => data.effects.as_ref().map(|effects| effects.len() as u64),
            Self::IpAllocation(_) => None,
        }
    }
}
