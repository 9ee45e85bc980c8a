//! What the standbys get of the primary's commits.
//!
//! A standby that can't be reached gets nothing, and later all that it lacks. It says what it has received
//! before it has applied it: for that a synchronous commit waits.

use super::Postgres;
use crate::cluster::errors::Error;
use crate::cluster::event::ClusterEvent;
use crate::cluster::state::State;

impl State {
    /// Sends to each standby that can be reached what it has not been sent yet.
    pub(in crate::cluster) fn stream(&mut self) {
        let primary = self.of_postgres().primary;
        if !self.nodes[primary as usize].is_up {
            return;
        }
        for standby in 0..self.nodes.len() as u32 {
            let is_reached = self.membership.are_connected(primary, standby);
            if standby != primary && is_reached && self.nodes[standby as usize].is_up {
                self.stream_to(primary, standby);
            }
        }
    }

    /// The number of servers that have or get what is committed; `None` if nothing can be.
    pub(in crate::cluster) fn streaming(&self, postgres: &Postgres) -> Option<usize> {
        let primary = postgres.primary;
        let is_there = |node: &u32| {
            let is_up = self.nodes[*node as usize].is_up;
            is_up && self.membership.are_connected(primary, *node)
        };
        let count = (0..self.nodes.len() as u32).filter(is_there).count();
        self.nodes[primary as usize].is_up.then_some(count)
    }

    fn stream_to(&mut self, primary: u32, standby: u32) {
        let waits = self.of_postgres().is_synchronous;
        let last = self.order.last();
        let node = &self.nodes[standby as usize];
        let from = node.applied + node.queue.len() as u64;
        for position in from + 1..=last {
            let at = self.now() + self.network.between(primary, standby);
            let queue = &mut self.nodes[standby as usize].queue;
            let at = queue.back().map_or(at, |&before| before.max(at));
            queue.push_back(at);
            if waits {
                let at = at + self.network.between(standby, primary);
                let incarnation = self.nodes[primary as usize].incarnation;
                self.schedule(
                    at,
                    ClusterEvent::Received {
                        position,
                        primary,
                        incarnation,
                    },
                );
            }
        }
        if from < last {
            self.go_on(standby);
        }
    }

    /// The primary hears that a standby has everything up to this position.
    pub(in crate::cluster) fn standby_received(
        &mut self,
        position: u64,
        primary: u32,
        incarnation: u32,
    ) {
        let is_current = self.nodes[primary as usize].incarnation == incarnation;
        if is_current && self.of_postgres().primary == primary {
            self.show_up_to(position);
        }
    }

    /// Lets the call wait until its server shows what is in the primary's log now: also a commit that waits
    /// for a standby, and whose client may be gone.
    pub(super) fn catch_up_with_primary(&mut self, slot: u32) {
        let primary = self.of_postgres().primary;
        if !self.nodes[primary as usize].is_up {
            return self.fail(slot, Error::NoPrimary);
        }
        let asking = self.network.client(false) + self.network.client(false);
        self.wait_for_last(slot, asking);
    }
}
