//! Flow control: a node that lags makes all writers pause.

use super::event::Ticket;
use super::state::State;
use crate::model::change::Nanos;
use crate::model::topology::Topology;

pub(super) struct Flow {
    limit: usize,
    /// Replication goes on below this.
    resume: f64,
    /// Since when writers pause.
    paused: Option<Nanos>,
    /// How long they have paused altogether.
    total: Nanos,
    held: Vec<Ticket>,
}

impl Flow {
    pub(super) fn new(topology: &Topology) -> Self {
        let limit = topology.flow_control_limit;
        Self {
            limit: limit as usize,
            resume: f64::from(limit) * topology.flow_control_factor,
            paused: None,
            total: 0,
            held: Vec::new(),
        }
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// This commit goes on when replication does.
    pub(super) fn hold(&mut self, ticket: Ticket) {
        self.held.push(ticket);
    }

    /// How long replication was paused until now.
    pub(super) fn paused_for(&self, now: Nanos) -> Nanos {
        self.total + self.paused.map_or(0, |since| now - since)
    }
}

impl State {
    /// A queue may have become too long.
    pub(super) fn watch_queues(&mut self) {
        if self.flow.is_paused() {
            return;
        }
        let now = self.now();
        for node in &mut self.nodes {
            let too_long =
                node.queue.len() > self.flow.limit && node.backlog(now) > self.flow.limit;
            if too_long && node.is_primary {
                node.counts.flow_control_pauses += 1;
                self.flow.paused = Some(now);
            }
        }
    }

    /// Writers go on if no queue is too long any more.
    pub(super) fn resume_writers(&mut self) {
        let now = self.now();
        let Some(since) = self.flow.paused else {
            return;
        };
        let mut members = self.nodes.iter().filter(|node| node.is_primary);
        if members.any(|node| node.backlog(now) as f64 >= self.flow.resume.max(1.0)) {
            return;
        }
        self.flow.paused = None;
        self.flow.total += now - since;
        for ticket in std::mem::take(&mut self.flow.held) {
            if let Some(slot) = self.current(ticket) {
                self.replicate(slot);
            }
        }
    }
}
