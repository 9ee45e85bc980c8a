//! Faults of the cluster: crashes, partitions, delays, broken connections.

use super::Cluster;
use super::connection::{Kind, Phase};
use super::event::{ClusterEvent, ConnectionId};
use super::state::State;
use crate::event::Actor;
use crate::model::sim_fault::FaultAction;
use std::collections::BTreeMap;

impl Cluster {
    /// Begins a fault whose like is not active yet (`sim::active_faults`). Faults of workers and locks are
    /// not the cluster's.
    pub fn begin(&self, harm: &FaultAction) {
        let mut state = self.state();
        match harm {
            FaultAction::CrashNode { node, .. } if state.postgres.is_some() => {
                state.server_dies(*node);
            }
            FaultAction::CrashNode { node, .. } => state.crash(*node),
            FaultAction::Partition { nodes, .. } => state.cut_off(nodes),
            FaultAction::DelayApply { node, .. } => state.nodes[*node as usize].is_delayed = true,
            FaultAction::Promote { .. } => state.promote(),
            FaultAction::CutCommit { worker, cut } => {
                state.connections.add_cut(*worker, *cut);
            }
            FaultAction::BlindProxy { .. } => {
                let now = state.now();
                state.proxy.blind(now);
            }
            FaultAction::PauseWorker { .. }
            | FaultAction::CrashWorker { .. }
            | FaultAction::RestartLocks { .. }
            | FaultAction::FailoverLocks
            | FaultAction::SkewLocks { .. } => {}
        }
    }

    /// Ends the effect of a fault that lasts.
    pub fn end(&self, harm: &FaultAction) {
        let mut state = self.state();
        match harm {
            FaultAction::CrashNode { node, .. } if state.postgres.is_some() => {
                state.server_starts(*node);
            }
            FaultAction::CrashNode { node, .. } => state.start(*node),
            FaultAction::Partition { nodes, .. } => state.heal(nodes),
            FaultAction::Promote { .. } => state.start_demoted(),
            FaultAction::DelayApply { node, .. } => {
                state.nodes[*node as usize].is_delayed = false;
                state.go_on(*node);
                state.resume_writers();
            }
            FaultAction::BlindProxy { .. } => {
                let now = state.now();
                state.proxy.see(now);
            }
            FaultAction::CutCommit { .. }
            | FaultAction::PauseWorker { .. }
            | FaultAction::CrashWorker { .. }
            | FaultAction::RestartLocks { .. }
            | FaultAction::FailoverLocks
            | FaultAction::SkewLocks { .. } => {}
        }
    }

    /// The number of cuts of each worker that wait for a commit.
    pub fn uncut(&self) -> BTreeMap<u32, usize> {
        self.state().connections.uncut()
    }

    /// The process at the other end of these connections died. Its servers undo what was not
    /// committed.
    pub fn break_connections(&self, actor: Actor) {
        let mut state = self.state();
        let theirs = state
            .connections
            .slots(|it| it.actor == actor && !it.is_left);
        for slot in theirs {
            let connection = &mut state.connections[slot];
            let waits = connection.reply.is_none() && connection.waker.is_some();
            if waits && connection.travelling.is_none() {
                state.tell_lost(slot, "the client's process died");
            }
            let id = state.connections.id(slot);
            state.connections[slot].is_left = true;
            let at = state.now() + state.network.client(false);
            state.schedule(at, ClusterEvent::Left(id));
        }
    }
}

impl State {
    fn crash(&mut self, number: u32) {
        let now = self.now();
        let node = &mut self.nodes[number as usize];
        if !node.is_up {
            return;
        }
        node.is_up = false;
        node.causal.clear();
        node.start_over();
        self.membership.died(number, now);
        for slot in self.connections.slots(|it| it.node == number) {
            self.die_with_server(slot);
        }
        self.tell_proxy();
        let at = now + self.topology.suspect_timeout_ms * 1_000_000;
        self.schedule(at, ClusterEvent::Suspect);
    }

    /// The server of a connection died. A write set that has its place takes effect all the same.
    pub(super) fn die_with_server(&mut self, slot: u32) {
        let phase = self.connections[slot].phase;
        if let Phase::Replicating { pending } = phase {
            self.give_up(pending);
        }
        // No transaction on the node waits for anything any more.
        self.connections[slot].transaction.locks.clear();
        self.stop_waiting(slot);
        self.end_transaction(slot);
        self.connections.enter(slot, Phase::Idle);
        let connection = &mut self.connections[slot];
        connection.is_dead = true;
        connection.in_transaction = false;
        let is_told = connection.is_left || connection.travelling.is_some();
        if phase != Phase::Idle && !is_told {
            self.tell_lost(slot, "the server died");
        }
        self.tidy(slot);
    }

    fn start(&mut self, number: u32) {
        let node = &mut self.nodes[number as usize];
        if !node.is_up {
            node.is_up = true;
            // It is silent to the other nodes before it has caught up.
            node.is_primary = false;
            self.come_back(number);
        }
    }

    fn come_back(&mut self, node: u32) {
        let incarnation = self.nodes[node as usize].incarnation;
        let at = self.now() + self.topology.rejoin_ms * 1_000_000;
        self.schedule(at, ClusterEvent::Rejoin { node, incarnation });
    }

    fn cut_off(&mut self, nodes: &[u32]) {
        let now = self.now();
        self.membership.partition(nodes.to_vec(), now);
        if self.postgres.is_some() {
            return;
        }
        let at = now + self.topology.suspect_timeout_ms * 1_000_000;
        self.schedule(at, ClusterEvent::Suspect);
    }

    fn heal(&mut self, nodes: &[u32]) {
        self.membership.heal(nodes);
        if self.postgres.is_some() {
            return self.stream();
        }
        self.reached_again();
        for node in 0..self.nodes.len() as u32 {
            let node_state = &self.nodes[node as usize];
            if node_state.is_up && !node_state.is_primary {
                self.come_back(node);
            }
        }
    }

    /// Shows the proxy what its health check would find.
    pub(super) fn tell_proxy(&mut self) {
        let now = self.now();
        let primary = self
            .postgres
            .as_ref()
            .map(|postgres| postgres.primary as usize);
        for (number, node) in self.nodes.iter().enumerate() {
            let takes_writes = primary.map_or(node.is_primary, |primary| primary == number);
            self.proxy.found(number, node.is_up && takes_writes, now);
        }
    }

    /// The server sees that the client is gone.
    pub(super) fn left(&mut self, id: ConnectionId) {
        if self.connections.get(id).is_some() {
            self.kill(id.slot);
        }
    }

    /// Ends a connection, and what it was doing, unless a commit of it is on its way to the others:
    /// that goes on.
    pub(super) fn kill(&mut self, slot: u32) {
        let connection = &mut self.connections[slot];
        connection.is_left = true;
        let is_commit = matches!(connection.phase, Phase::Replicating { .. } | Phase::Ordered);
        if !is_commit {
            self.stop_waiting(slot);
            self.end_transaction(slot);
            let connection = &mut self.connections[slot];
            connection.in_transaction = false;
            connection.call.kind = Kind::Rollback;
            self.connections.enter(slot, Phase::Idle);
        }
        self.tidy(slot);
    }

    /// Forgets a connection that is over and whose client is gone.
    pub(super) fn tidy(&mut self, slot: u32) {
        let connection = &mut self.connections[slot];
        let is_over = connection.phase == Phase::Idle
            && connection.travelling.is_none()
            && connection.reply.is_none();
        if connection.is_left && is_over {
            let mut connection = self.connections.remove(slot);
            if let Some(waker) = connection.waker.take() {
                waker.wake();
            }
        }
    }
}
