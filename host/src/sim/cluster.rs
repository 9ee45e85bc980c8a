//! The cluster: nodes that replicate by certification.

use super::kernel::Kernel;
use crate::model::topology::Topology;

/// What happens in the cluster of itself.
#[derive(Debug)]
pub enum ClusterEvent {}

/// All nodes, and what is on its way between them.
pub struct Cluster {
    #[allow(dead_code)]
    kernel: Kernel,
}

impl Cluster {
    pub fn new(kernel: Kernel, _topology: &Topology, _seed: u64) -> Self {
        Self { kernel }
    }

    pub fn happen(&self, event: ClusterEvent) {
        match event {}
    }
}
