//! Databases in the simulator.

use super::fixture::{Belongings, Fixture};
use crate::support::simulated::run_in;
use contend::model::topology::{ClusterKind, Spread, Topology};
use contend::sim::cluster::Cluster;
use contend::sim::database::SimDatabase;
use contend::sim::kernel::Kernel;
use contend::sim::world::World;
use contend_dst::Recording;
use std::sync::Arc;

/// Three nodes, and an endpoint that gives one after the other.
pub(in crate::backend_contract) fn simulated_cluster() -> Topology {
    Topology::default()
}

/// Nodes that take so long to apply that a client comes before.
pub(in crate::backend_contract) fn simulated_cluster_that_lags() -> Topology {
    Topology {
        apply: Spread {
            p50_us: 5_000.0,
            p99_us: 9_000.0,
        },
        ..Topology::default()
    }
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

/// A primary of PostgreSQL with two standbys.
pub(in crate::backend_contract) fn simulated_postgres() -> Topology {
    Topology {
        kind: ClusterKind::Postgres,
        ..Topology::default()
    }
}

/// One server of PostgreSQL.
pub(in crate::backend_contract) fn simulated_postgres_server() -> Topology {
    Topology {
        nodes: 1,
        ..simulated_postgres()
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

/// As the same choice does on a server: see `mysql::limits`.
#[test]
fn a_simulated_run_chooses_which_rows_are_counted() {
    for (found, unchanged) in [(false, 0), (true, 1)] {
        let kernel = Kernel::new(Recording::Off);
        let cluster = Arc::new(Cluster::new(kernel.clone(), &simulated_alone(), 1));
        let database = SimDatabase::new(cluster.clone(), false).counting_found_rows(found);
        let database = Arc::new(database);
        let world = World::new(kernel, cluster, None, Vec::new());
        run_in(&world, |time| async move {
            let fixture = Fixture::at(time, database, Belongings::Nothing).await;
            let mut session = fixture.session().await;
            let update = "UPDATE things SET n = 1 WHERE id = 1";
            let upsert = "INSERT INTO things (id, n) VALUES (1, 1) ON DUPLICATE KEY UPDATE n = n";
            for (text, affected) in [(update, 1), (update, unchanged), (upsert, unchanged)] {
                assert_eq!(fixture.execute(&mut session, text).await.unwrap(), affected);
            }
        });
    }
}
