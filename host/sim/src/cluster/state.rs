//! Everything there is of the cluster.

use super::connection::{Connection, Phase, Prepared, Variables};
use super::event::{ClusterEvent, ConnectionId, Ticket};
use super::flow::Flow;
use super::membership::Membership;
use super::network::Network;
use super::node::Node;
use super::order::{Order, Pending};
use super::processors::Processors;
use super::timeouts::Timeouts;
use super::transaction::{Isolation, Transaction};
use crate::event::{Actor, RowName};
use crate::kernel::times;
use crate::kernel::{Event, Kernel};
use crate::model::change::Nanos;
use crate::model::sim_fault::Cut;
use crate::model::topology::Topology;
use crate::proxy::Proxy;
use crate::random::Purpose;
use crate::sql::Schema;
use crate::store::{RecordId, Store};
use contend_dst::{Random, Times};
use rustc_hash::FxHashMap;
use slab::Slab;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub(super) struct State {
    pub(super) kernel: Kernel,
    pub(super) topology: Topology,
    pub(super) random: Random,
    pub(super) statement_times: Times,
    pub(super) commit_times: Times,
    pub(super) apply_times: Times,
    pub(super) network: Network,
    pub(super) processors: Processors,
    pub(super) schema: Schema,
    pub(super) plans: FxHashMap<Arc<str>, Arc<Prepared>>,
    pub(super) store: Store,
    pub(super) nodes: Vec<Node>,
    pub(super) connections: Slab<Connection>,
    /// Write sets that have no place in the order yet.
    pub(super) pending: Slab<Pending>,
    pub(super) order: Order,
    pub(super) membership: Membership,
    pub(super) flow: Flow,
    pub(super) timeouts: Timeouts,
    pub(super) proxy: Proxy,
    /// Positions at which transactions read, with how many do.
    pub(super) views: BTreeMap<u64, u32>,
    /// Nobody looks further back than this.
    pub(super) floor: u64,
    /// Where the next commits of a worker break, one after the other.
    pub(super) cuts: BTreeMap<u32, VecDeque<Cut>>,
    /// Statements that were executed, those that waited for a lock counted once.
    pub(super) statements: u64,
    last_mark: u64,
    last_transaction: u64,
    pub(super) last_uuid: u128,
}

impl State {
    pub(super) fn new(kernel: Kernel, topology: &Topology, seed: u64) -> Self {
        let nodes = topology.nodes as usize;
        let mut network = Network::new(topology, seed);
        network.set_members(&vec![true; nodes]);
        Self {
            kernel,
            topology: topology.clone(),
            random: Random::new(seed, Purpose::Servers),
            statement_times: times(topology.statement),
            commit_times: times(topology.commit),
            apply_times: times(topology.apply),
            network,
            processors: Processors::new(topology),
            schema: Schema::default(),
            plans: FxHashMap::default(),
            store: Store::default(),
            nodes: (0..nodes).map(|_| Node::default()).collect(),
            connections: Slab::new(),
            pending: Slab::new(),
            order: Order::default(),
            membership: Membership::new(nodes),
            flow: Flow::new(topology),
            timeouts: Timeouts::default(),
            proxy: Proxy::new(topology),
            views: BTreeMap::new(),
            floor: 0,
            cuts: BTreeMap::new(),
            statements: 0,
            last_mark: 0,
            last_transaction: 0,
            last_uuid: 0,
        }
    }

    pub(super) fn now(&self) -> Nanos {
        self.kernel.now()
    }

    pub(super) fn schedule(&self, at: Nanos, event: ClusterEvent) {
        self.kernel.schedule(at, Event::Cluster(event));
    }

    pub(super) fn next_mark(&mut self) -> u64 {
        self.last_mark += 1;
        self.last_mark
    }

    pub(super) fn next_transaction(&mut self) -> u64 {
        self.last_transaction += 1;
        self.last_transaction
    }

    /// A session's variables before it sets any.
    pub(super) fn variables(&self) -> Variables {
        Variables {
            lock_wait_timeout: self.topology.lock_wait_timeout_ms * 1_000_000,
            sync_wait: self.topology.sync_wait,
            retry_autocommit: self.topology.retry_autocommit,
            isolation: Isolation::default(),
            next_isolation: None,
            snapshot_isolation: self.topology.snapshot_isolation,
            counts_found: false,
        }
    }

    pub(super) fn add_connection(
        &mut self,
        actor: Actor,
        node: u32,
        is_proxied: bool,
        variables: Variables,
    ) -> ConnectionId {
        let serial = self.next_mark();
        let slot = self.connections.insert(Connection {
            serial,
            actor,
            node,
            is_proxied,
            variables,
            mark: serial,
            phase: Phase::Idle,
            call: Default::default(),
            in_transaction: false,
            transaction: Transaction::new(actor, node),
            cut: None,
            is_left: false,
            is_dead: false,
            travelling: None,
            reply: None,
            waker: None,
        });
        ConnectionId {
            slot: slot as u32,
            serial,
        }
    }

    /// The connection, if it is still there.
    pub(super) fn connection(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        let found = self.connections.get_mut(id.slot as usize)?;
        (found.serial == id.serial).then_some(found)
    }

    pub(super) fn at(&mut self, slot: u32) -> &mut Connection {
        &mut self.connections[slot as usize]
    }

    pub(super) fn id(&self, slot: u32) -> ConnectionId {
        let serial = self.connections[slot as usize].serial;
        ConnectionId { slot, serial }
    }

    /// The place of the connection, unless the step is over.
    pub(super) fn current(&self, ticket: Ticket) -> Option<u32> {
        let found = self.connections.get(ticket.slot as usize)?;
        (found.mark == ticket.mark).then_some(ticket.slot)
    }

    /// The next step begins; what was planned for the one before is void.
    pub(super) fn enter(&mut self, slot: u32, phase: Phase) -> Ticket {
        let mark = self.next_mark();
        let connection = self.at(slot);
        connection.phase = phase;
        connection.mark = mark;
        Ticket { slot, mark }
    }

    pub(super) fn row_name(&self, record: RecordId) -> RowName {
        let table = self.schema.table(record.table);
        let key = self.store.key(record).map(ToString::to_string);
        RowName {
            table: table.map_or_else(|| "?".into(), |table| table.name.clone()),
            key: key.unwrap_or_default().into(),
        }
    }

    pub(super) fn open_view(&mut self, slot: u32) -> u64 {
        let connection = &mut self.connections[slot as usize];
        let applied = self.nodes[connection.node as usize].applied;
        *connection.transaction.view.get_or_insert_with(|| {
            *self.views.entry(applied).or_default() += 1;
            applied
        })
    }

    pub(super) fn close_view(&mut self, slot: u32) {
        if let Some(view) = self.at(slot).transaction.view.take()
            && let Some(readers) = self.views.get_mut(&view)
        {
            *readers -= 1;
            if *readers == 0 {
                self.views.remove(&view);
            }
        }
    }

    /// How far back somebody may still look.
    pub(super) fn find_floor(&mut self) {
        let up = self.nodes.iter().filter(|node| node.is_up);
        let applied = up.map(|node| node.applied).min();
        let applied = applied.unwrap_or(self.floor);
        let view = self.views.keys().next().copied().unwrap_or(applied);
        self.floor = applied.min(view);
        let behind = self.nodes.iter().filter(|node| node.has_to_apply());
        let needed = behind.map(|node| node.applied).min();
        self.order.forget(needed.unwrap_or(u64::MAX));
    }
}
