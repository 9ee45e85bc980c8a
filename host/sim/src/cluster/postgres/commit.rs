//! COMMIT on the primary.

use super::serializable::Aborted;
use crate::cluster::connection::{Given, Phase};
use crate::cluster::errors::Error;
use crate::cluster::order::Placed;
use crate::cluster::state::State;
use crate::cluster::transaction::Isolation;
use crate::model::error::CallError;
use crate::model::sim_fault::Cut;

impl State {
    /// COMMIT has come to a server.
    pub(in crate::cluster) fn begin_commit_at_snapshot(&mut self, slot: u32) {
        let transaction = &self.connections[slot].transaction;
        if transaction.has_failed {
            let message =
                "the transaction was rolled back: one of its statements had been rejected";
            return self.finish(slot, Err(CallError::conflict("25P02", message)));
        }
        if !transaction.rows.is_empty() {
            let work = self.service_times.commit();
            return self.work(slot, Phase::Committing, work);
        }
        match self.may_commit(slot) {
            Ok(()) => {
                self.has_committed(slot);
                self.finish(slot, Ok(Given::Done));
            }
            Err(Aborted) => self.fail(slot, Error::DangerousStructure),
        }
    }

    /// A statement that stands alone and has changed nothing is a transaction too.
    pub(in crate::cluster) fn end_reading(&mut self, slot: u32) -> Result<(), CallError> {
        if self.postgres.is_some() {
            let may_commit = self.may_commit(slot);
            may_commit.map_err(|Aborted| self.error(slot, Error::DangerousStructure))?;
            self.has_committed(slot);
        }
        Ok(())
    }

    fn may_commit(&mut self, slot: u32) -> Result<(), Aborted> {
        let transaction = &self.connections[slot].transaction;
        let number = transaction.name.number;
        match transaction.isolation {
            Isolation::Serializable => self.serializable().may_commit(number),
            Isolation::ReadCommitted | Isolation::RepeatableRead => Ok(()),
        }
    }

    /// The transaction can't be aborted any more.
    pub(in crate::cluster) fn has_committed(&mut self, slot: u32) {
        let transaction = &self.connections[slot].transaction;
        let number = transaction.name.number;
        if transaction.isolation == Isolation::Serializable {
            self.serializable().commit(number);
        }
    }

    /// Writes the record of the commit. With that it has its position, and is sent to the standbys.
    pub(in crate::cluster) fn commit_on_primary(&mut self, slot: u32) {
        if self.may_commit(slot).is_err() {
            return self.fail(slot, Error::DangerousStructure);
        }
        self.has_committed(slot);
        if self.connections[slot].cut == Some(Cut::During) {
            self.connections[slot].cut = None;
            self.tell_lost(slot, "it broke while the server committed");
        }
        let pending = self.write_set(slot);
        let position = self.order.last() + 1;
        let transaction = &mut self.connections[slot].transaction;
        let inserted = std::mem::take(&mut transaction.inserted);
        if position.is_multiple_of(16) {
            self.raise_low_watermark();
        }
        self.keep(&pending, position);
        let inserted = inserted.into_iter().map(|record| (record, position));
        self.of_postgres().inserted.extend(inserted);
        self.order.add(Placed {
            name: pending.name,
            connection: pending.connection,
            records: pending.records().collect(),
            is_certified: true,
        });
        self.connections.enter(slot, Phase::Ordered);
        let waits = self.of_postgres().is_synchronous;
        // Commits are shown in the order of the log: behind one that waits, others wait too.
        let is_next = self.nodes[pending.origin as usize].applied + 1 == position;
        let may_show = !waits || self.connections[slot].variables.commits_locally;
        if may_show && is_next {
            self.show_up_to(position);
        }
        self.stream();
    }

    /// Lets the primary's clients see the commits up to this position, and answers those who wait for them.
    pub(super) fn show_up_to(&mut self, position: u64) {
        let primary = self.of_postgres().primary as usize;
        while self.nodes[primary].applied < position {
            let next = self.nodes[primary].applied + 1;
            let placed = self.order.get(next).cloned();
            let placed = placed.expect("what the primary has not shown is kept");
            self.nodes[primary].applied = next;
            self.nodes[primary].counts.commits += 1;
            let waits = self.connections.get(placed.connection);
            if waits.is_some_and(|it| it.phase == Phase::Ordered) {
                self.committed(placed.connection.slot);
            }
        }
        self.wake_readers(primary as u32);
    }
}
