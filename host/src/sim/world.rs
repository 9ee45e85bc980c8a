//! Everything that is simulated beside the workers.

use super::cluster::{Cluster, ClusterEvent};
use super::kernel::Kernel;
use super::locks::{LockEvent, SimLockService};
use crate::model::sim_fault::{Harm, SimFault};
use std::sync::Arc;

/// What can happen of itself, by whose it is.
#[derive(Debug)]
pub enum Happening {
    Cluster(ClusterEvent),
    Locks(LockEvent),
    /// The n-th fault of the schedule begins.
    FaultBegins(u32),
    /// What it did ends.
    FaultEnds(u32),
}

/// The simulated world.
pub struct World {
    pub kernel: Kernel,
    pub cluster: Arc<Cluster>,
    /// Absent where locks are in memory.
    pub locks: Option<Arc<SimLockService>>,
    faults: Vec<SimFault>,
}

impl World {
    pub fn new(
        kernel: Kernel,
        cluster: Arc<Cluster>,
        locks: Option<Arc<SimLockService>>,
        faults: Vec<SimFault>,
    ) -> Self {
        Self {
            kernel,
            cluster,
            locks,
            faults,
        }
    }

    /// The moment of a happening has come.
    pub fn happen(&self, happening: Happening) {
        match happening {
            Happening::Cluster(event) => self.cluster.happen(event),
            Happening::Locks(event) => {
                if let Some(locks) = &self.locks {
                    locks.happen(event);
                }
            }
            Happening::FaultBegins(number) => self.on_locks(number, SimLockService::begin),
            Happening::FaultEnds(number) => self.on_locks(number, SimLockService::end),
        }
    }

    fn on_locks(&self, fault: u32, act: fn(&SimLockService, &Harm)) {
        if let (Some(locks), Some(fault)) = (&self.locks, self.faults.get(fault as usize)) {
            act(locks, &fault.what);
        }
    }
}
