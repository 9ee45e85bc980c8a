//! Everything that is simulated beside the workers.

use super::cluster::{Cluster, ClusterEvent};
use super::kernel::Kernel;
use std::sync::Arc;

/// What can happen of itself, by whose it is.
#[derive(Debug)]
pub enum Happening {
    Cluster(ClusterEvent),
    /// The n-th fault of the schedule begins.
    FaultBegins(u32),
    /// What it did ends.
    FaultEnds(u32),
}

/// The simulated world.
pub struct World {
    pub kernel: Kernel,
    pub cluster: Arc<Cluster>,
}

impl World {
    /// The moment of a happening has come.
    pub fn happen(&self, happening: Happening) {
        match happening {
            Happening::Cluster(event) => self.cluster.happen(event),
            Happening::FaultBegins(_) | Happening::FaultEnds(_) => {}
        }
    }
}
