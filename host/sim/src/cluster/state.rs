//! The state of the whole cluster: its parts, and what several of them do together.

use super::catalog::Catalog;
use super::connections::Connections;
use super::errors::Error;
use super::event::ClusterEvent;
use super::flow::Flow;
use super::membership::Membership;
use super::network::Network;
use super::node::Node;
use super::order::Order;
use super::postgres::Postgres;
use super::processors::Processors;
use super::read_views::ReadViews;
use super::service_times::ServiceTimes;
use super::timeouts::Timeouts;
use crate::event::RowName;
use crate::kernel::{Event, Kernel};
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::model::topology::{ClusterKind, Topology};
use crate::proxy::Proxy;
use crate::sql::Dialect;
use crate::store::{RecordId, Store};

pub(super) struct State {
    pub(super) kernel: Kernel,
    pub(super) topology: Topology,
    pub(super) network: Network,
    pub(super) service_times: ServiceTimes,
    pub(super) processors: Processors,
    pub(super) catalog: Catalog,
    pub(super) store: Store,
    pub(super) read_views: ReadViews,
    pub(super) nodes: Vec<Node>,
    pub(super) connections: Connections,
    pub(super) timeouts: Timeouts,
    pub(super) order: Order,
    pub(super) flow: Flow,
    pub(super) membership: Membership,
    pub(super) proxy: Proxy,
    /// Nothing if the cluster is Galera.
    pub(super) postgres: Option<Postgres>,
    /// The number of statements that were executed; one that waited for a lock counts once.
    pub(super) statements: u64,
}

impl State {
    pub(super) fn new(kernel: Kernel, topology: &Topology, seed: u64) -> Self {
        let nodes = topology.nodes as usize;
        let mut network = Network::new(topology, seed);
        network.set_members(&vec![true; nodes]);
        Self {
            kernel,
            topology: topology.clone(),
            network,
            service_times: ServiceTimes::new(topology, seed),
            processors: Processors::new(topology),
            catalog: Catalog::of(match topology.kind {
                ClusterKind::Galera => Dialect::Mysql,
                ClusterKind::Postgres => Dialect::Postgres,
            }),
            store: Store::default(),
            read_views: ReadViews::default(),
            nodes: (0..nodes).map(|_| Node::default()).collect(),
            connections: Connections::default(),
            timeouts: Timeouts::default(),
            order: Order::default(),
            flow: Flow::new(topology),
            membership: Membership::new(nodes),
            proxy: Proxy::new(topology),
            postgres: match topology.kind {
                ClusterKind::Galera => None,
                ClusterKind::Postgres => Some(Postgres::new(topology.synchronous)),
            },
            statements: 0,
        }
    }

    /// An error as the client of a connection gets it.
    pub(super) fn error(&self, slot: u32, error: Error) -> CallError {
        error.error(self.topology.kind, self.connections[slot].call.operation)
    }

    pub(super) fn now(&self) -> Nanos {
        self.kernel.now()
    }

    pub(super) fn schedule(&self, at: Nanos, event: ClusterEvent) {
        self.kernel.schedule(at, Event::Cluster(event));
    }

    pub(super) fn row_name(&self, record: RecordId) -> RowName {
        let table = self.catalog.table(record.table);
        let key = self.store.key(record).map(ToString::to_string);
        RowName {
            table: table.map_or_else(|| "?".into(), |table| table.name.clone()),
            key: key.unwrap_or_default().into(),
        }
    }

    /// The position at which the connection's transaction reads: what its node had at the first reading.
    pub(super) fn open_view(&mut self, slot: u32) -> u64 {
        let connection = &mut self.connections[slot];
        let applied = self.nodes[connection.node as usize].applied;
        *connection.transaction.view.get_or_insert_with(|| {
            self.read_views.open(applied);
            applied
        })
    }

    pub(super) fn close_view(&mut self, slot: u32) {
        if let Some(view) = self.connections[slot].transaction.view.take() {
            self.read_views.close(view);
        }
    }

    /// Lets versions and write sets be dropped that no reader and no node needs any more.
    pub(super) fn raise_low_watermark(&mut self) {
        // A server that is down goes on where it was, unless the others send it all of their data.
        let keeps = self.postgres.is_some();
        let up = self.nodes.iter().filter(|node| node.is_up || keeps);
        self.read_views.advance(up.map(|node| node.applied).min());
        let behind = self
            .nodes
            .iter()
            .filter(|node| node.has_to_apply() || keeps);
        let needed = behind.map(|node| node.applied).min();
        self.order.forget(needed.unwrap_or(u64::MAX));
    }
}
