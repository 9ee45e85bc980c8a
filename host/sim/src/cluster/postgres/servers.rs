//! Servers that die and come back, and a standby that takes the place of the primary.

use crate::cluster::connection::Phase;
use crate::cluster::errors::Error;
use crate::cluster::event::ClusterEvent;
use crate::cluster::state::State;
use crate::event::What;

impl State {
    /// A server dies. What it has written to its log it has when it is back.
    pub(in crate::cluster) fn server_dies(&mut self, number: u32) {
        if !self.nodes[number as usize].is_up {
            return;
        }
        let received = match number == self.of_postgres().primary {
            true => self.order.last(),
            false => self.received(number),
        };
        for slot in self.connections.slots(|it| it.node == number) {
            self.die_with_server(slot);
        }
        let node = &mut self.nodes[number as usize];
        node.is_up = false;
        node.causal.clear();
        node.start_over();
        node.applied = received;
        if number == self.of_postgres().primary {
            self.serializable().clear();
        }
        self.tell_proxy();
    }

    /// A server is started, and takes connections when it has read its log.
    pub(in crate::cluster) fn server_starts(&mut self, node: u32) {
        if !self.nodes[node as usize].is_up {
            let incarnation = self.nodes[node as usize].incarnation;
            let at = self.now() + self.topology.rejoin_ms * 1_000_000;
            self.schedule(at, ClusterEvent::Rejoin { node, incarnation });
        }
    }

    pub(in crate::cluster) fn server_is_back(&mut self, node: u32, incarnation: u32) {
        let server = &mut self.nodes[node as usize];
        if server.incarnation == incarnation && !server.is_up {
            server.is_up = true;
            self.tell_proxy();
            self.stream();
        }
    }

    /// The last position that a standby has, applied or not.
    fn received(&self, node: u32) -> u64 {
        let node = &self.nodes[node as usize];
        node.applied + node.backlog(self.now()) as u64
    }

    /// The standby that has received most takes the place of the primary, which dies. What it has not
    /// received is lost.
    pub(in crate::cluster) fn promote(&mut self) {
        let Some(primary) = self.postgres.as_ref().map(|it| it.primary) else {
            return;
        };
        let standbys = (0..self.nodes.len() as u32)
            .filter(|node| *node != primary && self.nodes[*node as usize].is_up);
        let most = standbys.max_by_key(|node| (self.received(*node), std::cmp::Reverse(*node)));
        let Some(heir) = most else {
            return;
        };
        let position = self.received(heir);
        self.server_dies(primary);
        let lost = self.order.take_back(position);
        for (number, placed) in (0..).zip(&lost) {
            self.kernel.log(|| What::LostCommit {
                transaction: placed.name,
                position: position + 1 + number,
            });
            for &record in placed.records.iter() {
                self.store.undo(record, position);
            }
        }
        for (number, node) in (0..).zip(&mut self.nodes) {
            if number == heir || node.applied > position {
                node.start_over();
                node.applied = position;
            }
            let room = position - node.applied;
            node.queue.truncate(room as usize);
        }
        let postgres = self.of_postgres();
        postgres.inserted.retain(|_, at| *at <= position);
        postgres.demoted = Some(primary);
        postgres.primary = heir;
        self.kernel.log(|| What::Promoted {
            node: heir,
            position,
        });
        // Nobody knows whether the position that they wait for will ever be there.
        for slot in self
            .connections
            .slots(|it| matches!(it.phase, Phase::CausalWait { .. }))
        {
            self.fail(slot, Error::NoPrimary);
        }
        self.tell_proxy();
        self.wake_readers(heir);
        self.stream();
    }

    /// The server that was the primary before is started, as a standby.
    pub(in crate::cluster) fn start_demoted(&mut self) {
        let demoted = self.postgres.as_mut().and_then(|it| it.demoted.take());
        if let Some(node) = demoted {
            self.server_starts(node);
        }
    }
}
