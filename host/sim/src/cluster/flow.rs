//! Flow control: a node that lags makes all writers pause.

use super::event::Ticket;
use super::node::Node;
use crate::model::change::Nanos;
use crate::model::topology::Topology;

pub(super) struct Flow {
    limit: usize,
    /// Replication goes on below this.
    resume: f64,
    /// The time since which writers pause.
    paused: Option<Nanos>,
    /// The sum of the pauses that are over.
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

    /// Holds a commit back until replication goes on.
    pub(super) fn hold(&mut self, ticket: Ticket) {
        self.held.push(ticket);
    }

    /// The time for which replication was paused until now.
    pub(super) fn paused_for(&self, now: Nanos) -> Nanos {
        self.total + self.paused.map_or(0, |since| now - since)
    }

    /// Pauses all writers if the queue of a member has become too long.
    pub(super) fn watch(&mut self, nodes: &mut [Node], now: Nanos) {
        if self.is_paused() {
            return;
        }
        for node in nodes {
            let too_long = node.queue.len() > self.limit && node.backlog(now) > self.limit;
            if too_long && node.is_primary {
                node.counts.flow_control_pauses += 1;
                self.paused = Some(now);
            }
        }
    }

    /// Ends the pause if no member's queue is too long any more. Returns the commits that go on.
    pub(super) fn resume(&mut self, nodes: &[Node], now: Nanos) -> Vec<Ticket> {
        let Some(since) = self.paused else {
            return Vec::new();
        };
        let mut members = nodes.iter().filter(|node| node.is_primary);
        if members.any(|node| node.backlog(now) as f64 >= self.resume.max(1.0)) {
            return Vec::new();
        }
        self.paused = None;
        self.total += now - since;
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_pause_above_the_limit_and_go_on_below_it() {
        let mut flow = Flow::new(&Topology {
            flow_control_limit: 2,
            flow_control_factor: 1.0,
            ..Topology::default()
        });
        let mut nodes = [Node::default(), Node::default()];
        let ticket = Ticket { slot: 0, mark: 1 };
        nodes[1].queue = [5, 6, 7].into();
        flow.watch(&mut nodes, 6);
        assert!(!flow.is_paused(), "the third has not arrived");
        flow.watch(&mut nodes, 10);
        assert!(flow.is_paused());
        assert_eq!(nodes[1].counts.flow_control_pauses, 1);
        flow.hold(ticket);
        nodes[1].queue.pop_front();
        assert_eq!(flow.resume(&nodes, 12), [], "two are not below the limit");
        nodes[1].queue.pop_front();
        assert_eq!(flow.resume(&nodes, 15), [ticket]);
        assert_eq!((flow.is_paused(), flow.paused_for(99)), (false, 5));
    }

    #[test]
    fn nodes_outside_of_the_primary_component_pause_no_other() {
        let mut flow = Flow::new(&Topology::default());
        let mut nodes = [Node::default()];
        nodes[0].queue = (0..100).collect();
        nodes[0].is_primary = false;
        flow.watch(&mut nodes, 200);
        assert!(!flow.is_paused());
    }
}
