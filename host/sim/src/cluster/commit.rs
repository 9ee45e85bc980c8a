//! COMMIT: the write set goes to all members, gets its place in the order, and is certified there.

use super::connection::{Connection, Given, Kind, Phase};
use super::errors::Error;
use super::event::{ClusterEvent, Ticket};
use super::order::{Pending, Placed};
use super::state::State;
use crate::event::What;
use crate::model::sim_fault::Cut;
use crate::store::Written;

impl State {
    /// COMMIT has come.
    pub(super) fn begin_commit(&mut self, slot: u32) {
        let connection = &self.connections[slot];
        let node = connection.node as usize;
        if connection.transaction.is_killed {
            let error = self.error(slot, Error::Deadlock);
            self.finish(slot, Err(error));
        } else if !self.nodes[node].is_primary {
            let error = self.error(slot, Error::NotPrimary);
            self.finish(slot, Err(error));
        } else if self.connections[slot].transaction.rows.is_empty() {
            // Nothing to replicate: its locks excluded no transaction on other nodes.
            self.finish(slot, Ok(Given::Done));
        } else {
            let work = self.service_times.commit();
            self.work(slot, Phase::Committing, work);
        }
    }

    /// Sends the write set, unless flow control says wait.
    pub(super) fn replicate(&mut self, slot: u32) {
        let node = self.connections[slot].node;
        if !self.nodes[node as usize].is_primary {
            return self.fail(slot, Error::NotPrimary);
        }
        if self.flow.is_paused() {
            let ticket = self.connections.enter(slot, Phase::Paused);
            return self.flow.hold(ticket);
        }
        if self.connections[slot].cut == Some(Cut::During) {
            self.connections[slot].cut = None;
            self.tell_lost(slot, "it broke while the server committed");
        }
        let pending = self.write_set(slot);
        let place = self.order.send(pending);
        self.connections
            .enter(slot, Phase::Replicating { pending: place });
        if self.membership.is_alone() {
            return self.decide(place);
        }
        self.travel(place);
    }

    /// Takes what the transaction has changed.
    pub(super) fn write_set(&mut self, slot: u32) -> Pending {
        let mark = self.connections.next_mark();
        let connection = self.connections.id(slot);
        let Connection {
            node, transaction, ..
        } = &mut self.connections[slot];
        Pending {
            mark,
            origin: *node,
            name: transaction.name,
            connection,
            seen: self.nodes[*node as usize].applied,
            rows: transaction.rows.take(),
            unique: transaction.unique.take(),
            made: std::mem::take(&mut transaction.made),
        }
    }

    /// The write set sets out to all members.
    pub(super) fn travel(&mut self, pending: u32) {
        let sent = self.order.travelling(pending);
        let &Pending { origin, mark, .. } = sent.expect("it was just sent");
        let at = self.network.write_set_arrives(origin, self.now());
        self.schedule(at, ClusterEvent::Ordered { pending, mark });
    }

    /// Every member would have it now, if all could be reached.
    pub(super) fn reached_all(&mut self, pending: u32, mark: u64) {
        let is_it = |found: &Pending| found.mark == mark;
        if self.order.travelling(pending).is_some_and(is_it) && self.membership.is_intact() {
            self.decide(pending);
        }
    }

    /// Gives the write set its place, and certifies it.
    fn decide(&mut self, place: u32) {
        let pending = self.order.take(place);
        let position = self.order.last() + 1;
        let clash = pending.clash(&self.store);
        let all_there = pending.records().all(|record| self.store.has(record.table));
        let is_certified = clash.is_none() && all_there;
        if position.is_multiple_of(16) || self.nodes.len() < 16 {
            self.raise_low_watermark();
        }
        if is_certified {
            self.keep(&pending, position);
        } else {
            pending
                .made
                .iter()
                .for_each(|&made| self.store.forget(made));
            if let Some((record, against)) = clash {
                self.kernel.log(|| What::CertificationFailed {
                    transaction: pending.name,
                    position,
                    seen: pending.seen,
                    against: against.by,
                    against_position: against.position,
                    row: self.row_name(record),
                });
            }
        }
        let records = match is_certified {
            true => pending.records().collect(),
            false => [].into(),
        };
        self.order.add(Placed {
            name: pending.name,
            connection: pending.connection,
            records,
            is_certified,
        });
        if let Some(connection) = self.connections.get(pending.connection)
            && connection.phase == (Phase::Replicating { pending: place })
        {
            let ticket = self
                .connections
                .enter(pending.connection.slot, Phase::Ordered);
            if !is_certified {
                let at = self.now() + self.network.hear_all(pending.origin);
                self.schedule(at, ClusterEvent::Refused(ticket));
            }
        }
        self.deliver();
    }

    pub(super) fn keep(&mut self, pending: &Pending, position: u64) {
        let written = Written {
            position,
            by: pending.name,
        };
        let low_watermark = self.read_views.low_watermark();
        for (record, row) in &pending.rows {
            self.store
                .put_row(*record, row.clone(), written, low_watermark);
        }
        for (record, owner) in &pending.unique {
            self.store
                .put_owner(*record, *owner, written, low_watermark);
        }
        self.kernel.log(|| What::Ordered {
            transaction: pending.name,
            position,
            rows: pending
                .rows
                .iter()
                .map(|(record, _)| self.row_name(*record))
                .collect(),
        });
    }

    /// It failed certification, and its node knows.
    pub(super) fn refused(&mut self, ticket: Ticket) {
        let Some(slot) = self.connections.current(ticket) else {
            return;
        };
        let node = self.connections[slot].node as usize;
        self.nodes[node].counts.certification_failures += 1;
        self.fail_for_another_node(slot);
    }

    /// Lets the commits go on that flow control holds back, if no queue is too long any more.
    pub(super) fn resume_writers(&mut self) {
        for ticket in self.flow.resume(&self.nodes, self.kernel.now()) {
            if let Some(slot) = self.connections.current(ticket) {
                self.replicate(slot);
            }
        }
    }

    /// Its turn has come on its own node: it is committed.
    pub(super) fn committed(&mut self, slot: u32) {
        let connection = &mut self.connections[slot];
        let given = match connection.call.kind {
            Kind::Commit => Given::Done,
            _ => connection.call.given.take().unwrap_or(Given::Done),
        };
        self.finish(slot, Ok(given));
    }
}
