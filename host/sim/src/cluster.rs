//! The cluster: nodes that replicate by certification, as Galera does.
//!
//! Each thing that happens on the servers is an event here, and touches one state behind one lock
//! that no thread ever waits for. Clients come in through `sim::session` and `sim::database`.

mod applier;
mod calls;
mod catalog;
mod causal;
mod client_api;
mod commit;
mod connection;
mod connections;
mod deadlock;
mod definition;
mod errors;
pub mod event;
mod faults;
mod flow;
mod locking;
mod member_changes;
mod membership;
mod network;
mod node;
mod order;
mod postgres;
mod processors;
mod read_views;
mod row_locks;
mod savepoints;
mod service_times;
mod state;
mod statement;
mod timeouts;
mod transaction;
mod visits;

#[cfg(test)]
mod tests;

pub(super) use client_api::Request;
pub(super) use connection::{Given, Kind, Reply, Variables};

pub use event::{ConnectionId, Ticket};

use super::kernel::Kernel;
use crate::model::topology::{ClusterKind, Topology};
use event::ClusterEvent;
use rustc_hash::FxHashMap;
use state::State;
use std::sync::{Mutex, MutexGuard};

/// All nodes, and the messages between them.
pub struct Cluster {
    kernel: Kernel,
    kind: ClusterKind,
    names: Vec<String>,
    /// Of each name.
    numbers: FxHashMap<String, u32>,
    state: Mutex<State>,
}

impl Cluster {
    /// A cluster whose nodes are all up and hold nothing.
    pub fn new(kernel: Kernel, topology: &Topology, seed: u64) -> Self {
        let state = State::new(kernel.clone(), topology, seed);
        let names = topology.names();
        Self {
            kernel,
            kind: topology.kind,
            numbers: names.iter().cloned().zip(0..).collect(),
            names,
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while held")
    }

    /// Handles an event whose moment has come.
    pub fn happen(&self, event: ClusterEvent) {
        let mut state = self.state();
        match event {
            ClusterEvent::Arrived(ticket) => state.arrived(ticket),
            ClusterEvent::Served(ticket) => state.served(ticket),
            ClusterEvent::GroupHeard(ticket) => state.group_heard(ticket),
            ClusterEvent::Refused(ticket) => state.refused(ticket),
            ClusterEvent::Replied(id) => state.replied(id),
            ClusterEvent::Left(id) => state.left(id),
            ClusterEvent::Timeouts => state.timeouts_are_due(),
            ClusterEvent::Ordered { pending, mark } => state.reached_all(pending, mark),
            ClusterEvent::Deliver { node, incarnation } => state.delivered(node, incarnation),
            ClusterEvent::Applied { node, incarnation } => state.applied(node, incarnation),
            ClusterEvent::DeadlockCheck(ticket) => state.check_for_deadlock(ticket),
            ClusterEvent::Received {
                position,
                primary,
                incarnation,
            } => state.standby_received(position, primary, incarnation),
            ClusterEvent::Suspect => state.suspect(),
            ClusterEvent::Rejoin { node, incarnation } => state.rejoin(node, incarnation),
        }
    }
}
