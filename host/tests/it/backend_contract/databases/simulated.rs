//! Databases in the simulator.

use super::fixture::{Belongings, Fixture};
use crate::support::simulated::run_in;
use contend::model::topology::Topology;
use contend::sim::cluster::Cluster;
use contend::sim::database::SimDatabase;
use contend::sim::kernel::Kernel;
use contend::sim::log::Recording;
use contend::sim::world::World;
use std::sync::Arc;

/// Three nodes, and an endpoint that gives one after the other.
pub(in crate::backend_contract) fn simulated_cluster() -> Topology {
    Topology::default()
}

/// One server.
pub(in crate::backend_contract) fn simulated_server() -> Topology {
    Topology {
        nodes: 1,
        ..Topology::default()
    }
}

/// One server, on which a snapshot that is too old is refused.
pub(super) fn simulated_alone() -> Topology {
    Topology {
        nodes: 1,
        snapshot_isolation: true,
        ..Topology::default()
    }
}

/// One server as MariaDB is by default.
pub(super) fn simulated_alone_without_snapshots() -> Topology {
    Topology {
        nodes: 1,
        ..Topology::default()
    }
}

/// Runs a script with a simulated cluster, in virtual time.
pub(in crate::backend_contract) fn in_simulation<F>(
    topology: &Topology,
    script: impl FnOnce(Fixture) -> F + 'static,
) where
    F: Future<Output = ()> + 'static,
{
    let kernel = Kernel::new(Recording::Off);
    let cluster = Arc::new(Cluster::new(kernel.clone(), topology, 1));
    let database = Arc::new(SimDatabase::new(cluster.clone(), false));
    let world = World::new(kernel, cluster, None, Vec::new());
    run_in(&world, |time| async move {
        let fixture = Fixture::at(time, database, Belongings::Nothing).await;
        script(fixture).await;
    });
}
