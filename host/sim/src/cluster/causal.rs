//! Causal reads: waiting until a node has what was replicated before.

use super::connection::{Kind, Phase};
use super::errors::Error;
use super::event::{ClusterEvent, Ticket};
use super::state::State;
use crate::model::change::Nanos;
use crate::sql::Plan;

/// The bits of `wsrep_sync_wait`.
const READS: u32 = 1;
const UPDATES_AND_DELETES: u32 = 2;
const INSERTS: u32 = 4;

impl State {
    /// Must the call wait for what other nodes have done? Within a transaction nothing does.
    pub(super) fn has_to_catch_up(&self, slot: u32) -> bool {
        let connection = &self.connections[slot];
        let call = &connection.call;
        if call.is_synced || call.kind == Kind::Sync {
            return !call.is_synced;
        }
        if connection.in_transaction || connection.variables.sync_wait == 0 {
            return false;
        }
        let plan = call.prepared.as_ref().map(|prepared| &prepared.plan);
        let bit = match (call.kind, plan) {
            (Kind::Begin, _) | (Kind::Statement, Some(Ok(Plan::Select(_)))) => READS,
            (Kind::Statement, Some(Ok(Plan::Update(_) | Plan::Delete(_)))) => UPDATES_AND_DELETES,
            (Kind::Statement, Some(Ok(Plan::Insert(_)))) => INSERTS,
            _ => 0,
        };
        connection.variables.sync_wait & bit != 0
    }

    /// Asks the group for the last position, and then waits for it.
    pub(super) fn catch_up(&mut self, slot: u32) {
        let node = self.connections[slot].node;
        let asking = self.network.reach_all(node) + self.network.hear_all(node);
        self.wait_for_last(slot, asking);
    }

    /// Asks for the last position, which takes so long, and then waits for it.
    pub(super) fn wait_for_last(&mut self, slot: u32, asking: Nanos) {
        let position = self.order.last();
        let until = self.now() + self.topology.sync_wait_timeout_ms * 1_000_000;
        let ticket = self
            .connections
            .enter(slot, Phase::CausalWait { position, until });
        if let Some(at) = self.timeouts.add(until, ticket) {
            self.schedule(at, ClusterEvent::Timeouts);
        }
        self.schedule(self.now() + asking, ClusterEvent::GroupHeard(ticket));
    }

    /// The node has heard from every member, if all could be reached.
    pub(super) fn group_heard(&mut self, ticket: Ticket) {
        let Some(slot) = self.connections.current(ticket) else {
            return;
        };
        let connection = &self.connections[slot];
        let node = connection.node as usize;
        let is_galera = self.postgres.is_none();
        if is_galera && !self.nodes[node].is_primary {
            return self.fail(slot, Error::NotPrimary);
        }
        if is_galera && !self.membership.is_intact() {
            return self.membership.wait(ticket);
        }
        match connection.phase {
            Phase::Defining => self.define(slot),
            Phase::CausalWait { position, .. } if self.nodes[node].applied < position => {
                self.nodes[node].causal.push((position, ticket));
            }
            _ => self.caught_up(slot),
        }
    }

    fn caught_up(&mut self, slot: u32) {
        self.stop_waiting(slot);
        self.connections[slot].call.is_synced = true;
        self.run(slot);
    }

    /// The node has applied more.
    pub(super) fn wake_readers(&mut self, node: u32) {
        let node = &mut self.nodes[node as usize];
        if node.causal.is_empty() {
            return;
        }
        let applied = node.applied;
        let waiting = std::mem::take(&mut node.causal);
        let (there, still): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|(position, _)| *position <= applied);
        node.causal = still;
        for (_, ticket) in there {
            if let Some(slot) = self.connections.current(ticket) {
                self.caught_up(slot);
            }
        }
    }
}
