//! All connections, and the steps that they are at.

use super::connection::{Connection, Phase, Variables};
use super::event::{ConnectionId, Ticket};
use super::row_locks::Owner;
use super::transaction::Isolation;
use crate::event::Actor;
use crate::model::sim_fault::Cut;
use crate::model::value::Value;
use slab::Slab;
use std::collections::{BTreeMap, VecDeque};
use std::ops::{Index, IndexMut};

/// The number of closed connections whose room is kept.
const MOST_SPARE: usize = 16;

/// The connections of all nodes, each by its slot.
#[derive(Default)]
pub(super) struct Connections {
    open: Slab<Connection>,
    /// Cuts that wait for the next commits of a worker, one after the other.
    cuts: BTreeMap<u32, VecDeque<Cut>>,
    last_mark: u64,
    last_transaction: u64,
    /// Values of calls on connections that are closed, whose room the next connection uses: each check on
    /// a node opens one.
    spare: Vec<Vec<Value>>,
}

impl Index<u32> for Connections {
    type Output = Connection;

    fn index(&self, slot: u32) -> &Connection {
        &self.open[slot as usize]
    }
}

impl IndexMut<u32> for Connections {
    fn index_mut(&mut self, slot: u32) -> &mut Connection {
        &mut self.open[slot as usize]
    }
}

impl Connections {
    pub(super) fn add(
        &mut self,
        actor: Actor,
        node: u32,
        is_proxied: bool,
        variables: Variables,
    ) -> ConnectionId {
        let serial = self.next_mark();
        let mut connection = Connection::new(serial, actor, node, is_proxied, variables);
        connection.call.parameters = self.spare.pop().unwrap_or_default();
        let slot = self.open.insert(connection) as u32;
        ConnectionId { slot, serial }
    }

    pub(super) fn remove(&mut self, slot: u32) -> Connection {
        let mut connection = self.open.remove(slot as usize);
        if self.spare.len() < MOST_SPARE {
            let parameters = std::mem::take(&mut connection.call.parameters);
            self.spare.push(parameters);
        }
        connection
    }

    /// The connection, if it is still there.
    pub(super) fn get(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        let found = self.open.get_mut(id.slot as usize)?;
        (found.serial == id.serial).then_some(found)
    }

    pub(super) fn id(&self, slot: u32) -> ConnectionId {
        let serial = self[slot].serial;
        ConnectionId { slot, serial }
    }

    /// The slots of the connections that meet a condition.
    pub(super) fn slots(&self, mut is_meant: impl FnMut(&Connection) -> bool) -> Vec<u32> {
        let meant = self.open.iter().filter(|(_, it)| is_meant(it));
        meant.map(|(slot, _)| slot as u32).collect()
    }

    /// The owner of the locks that the connection's transaction takes.
    pub(super) fn owner(&self, slot: u32) -> Owner {
        Owner::Transaction {
            connection: slot,
            number: self[slot].transaction.name.number,
        }
    }

    /// A number that is greater than all before.
    pub(super) fn next_mark(&mut self) -> u64 {
        self.last_mark += 1;
        self.last_mark
    }

    /// Begins the next step; everything planned for the one before is void.
    pub(super) fn enter(&mut self, slot: u32, phase: Phase) -> Ticket {
        let mark = self.next_mark();
        let connection = &mut self[slot];
        connection.phase = phase;
        connection.mark = mark;
        Ticket { slot, mark }
    }

    /// The ticket of the step that the connection is at.
    pub(super) fn ticket(&self, slot: u32) -> Ticket {
        let mark = self[slot].mark;
        Ticket { slot, mark }
    }

    /// The slot of the connection, unless the step is over.
    pub(super) fn current(&self, ticket: Ticket) -> Option<u32> {
        let found = self.open.get(ticket.slot as usize)?;
        (found.mark == ticket.mark).then_some(ticket.slot)
    }

    /// Begins a transaction, if only for one statement.
    pub(super) fn begin_transaction(&mut self, slot: u32, isolation: Isolation) {
        self.last_transaction += 1;
        let number = self.last_transaction;
        self[slot].transaction.renew(number, isolation);
    }

    /// Lets one more commit of a worker break.
    pub(super) fn add_cut(&mut self, worker: u32, cut: Cut) {
        self.cuts.entry(worker).or_default().push_back(cut);
    }

    /// The place where the commit that a worker sends now breaks.
    pub(super) fn next_cut(&mut self, worker: u32) -> Option<Cut> {
        self.cuts.get_mut(&worker)?.pop_front()
    }

    /// The number of cuts of each worker that wait for a commit.
    pub(super) fn uncut(&self) -> BTreeMap<u32, usize> {
        let cuts = self.cuts.iter();
        cuts.map(|(worker, cuts)| (*worker, cuts.len())).collect()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::Topology;

    fn add(connections: &mut Connections, node: u32) -> ConnectionId {
        let variables = Variables::new(&Topology::default());
        connections.add(Actor::Host, node, false, variables)
    }

    #[test]
    fn ticket_is_void_when_the_next_step_begins() {
        let mut connections = Connections::default();
        let ConnectionId { slot, .. } = add(&mut connections, 0);
        let first = connections.enter(slot, Phase::Sent);
        assert_eq!(connections.current(first), Some(slot));
        let second = connections.enter(slot, Phase::Served);
        assert_eq!(connections.current(first), None);
        assert_eq!(connections.current(second), Some(slot));
        assert_eq!(connections.ticket(slot), second);
    }

    #[test]
    fn id_does_not_find_a_later_connection_in_the_same_slot() {
        let mut connections = Connections::default();
        let first = add(&mut connections, 0);
        connections.remove(first.slot);
        let second = add(&mut connections, 1);
        assert_eq!(first.slot, second.slot);
        assert!(connections.get(first).is_none());
        assert_eq!(connections.get(second).unwrap().node, 1);
        assert_eq!(connections.slots(|it| it.node == 1), [second.slot]);
        assert!(connections.slots(|it| it.node == 0).is_empty());
    }

    #[test]
    fn cuts_hit_the_commits_of_their_worker_in_turn() {
        let mut connections = Connections::default();
        connections.add_cut(1, Cut::Before);
        connections.add_cut(1, Cut::After);
        assert_eq!(connections.next_cut(0), None);
        assert_eq!(connections.next_cut(1), Some(Cut::Before));
        assert_eq!(connections.uncut(), [(1, 1)].into());
        assert_eq!(connections.next_cut(1), Some(Cut::After));
        assert_eq!(connections.next_cut(1), None);
    }
}
