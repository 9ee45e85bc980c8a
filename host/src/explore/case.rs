//! What decides a simulation.

use crate::model::sim_fault::SimFault;
use crate::model::sim_locks::SimLocks;
use crate::model::topology::Topology;
use crate::workload::volume_state::VolumeState;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that decides a simulation, beside the strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub seed: u64,
    pub workload: VolumeState,
    pub topology: Topology,
    /// None for locks in the runner's memory, which cost nothing and never fail.
    pub locks: Option<SimLocks>,
    pub settings: BTreeMap<String, String>,
    pub faults: Vec<SimFault>,
    /// Writes that commit by themselves are sent as text, so that the server tries them again.
    pub autocommit_as_text: bool,
    /// Of simulated time.
    pub change_timeout_s: u64,
    /// Of simulated time; then the changes under way are finished and no more begun.
    pub time_limit_s: Option<u64>,
}
