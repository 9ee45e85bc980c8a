//! A call on its server: what a failed transaction, a standby and a snapshot make of it.

use super::Postgres;
use super::serializable::Serializable;
use crate::cluster::connection::{Given, Kind};
use crate::cluster::errors::Error;
use crate::cluster::state::State;
use crate::cluster::transaction::Isolation;
use crate::model::error::CallError;
use crate::sql::{Plan, SavepointStep};

impl State {
    pub(in crate::cluster) fn of_postgres(&mut self) -> &mut Postgres {
        self.postgres.as_mut().expect("the cluster is PostgreSQL's")
    }

    pub(super) fn serializable(&mut self) -> &mut Serializable {
        &mut self.of_postgres().serializable
    }

    /// Does what was asked for, unless that has to wait.
    pub(in crate::cluster) fn perform_on_postgres(
        &mut self,
        slot: u32,
    ) -> Option<Result<Given, CallError>> {
        let call = &self.connections[slot].call;
        let (kind, is_synced) = (call.kind, call.is_synced);
        let is_causal = kind == Kind::Sync || self.connections[slot].variables.sync_wait != 0;
        if is_causal && !is_synced && kind != Kind::Rollback {
            let primary = self.of_postgres().primary;
            let is_shown = self.nodes[primary as usize].applied == self.order.last();
            if self.connections[slot].node != primary || !is_shown {
                self.catch_up_with_primary(slot);
                return None;
            }
        }
        match kind {
            Kind::Rollback | Kind::Sync | Kind::Commit => Some(Ok(Given::Done)),
            Kind::Begin => {
                self.connections[slot].in_transaction = true;
                Some(Ok(Given::Done))
            }
            Kind::Statement => match self.refuse(slot) {
                Some(error) => Some(Err(self.error(slot, error))),
                None => self.perform_statement(slot),
            },
        }
    }

    /// The reason why a statement can't even begin.
    fn refuse(&self, slot: u32) -> Option<Error> {
        let connection = &self.connections[slot];
        let prepared = connection.call.prepared.as_ref();
        let plan = prepared.and_then(|prepared| prepared.plan.as_ref().ok());
        let goes_back = matches!(plan, Some(Plan::Savepoint(SavepointStep::RollBack, _)));
        if connection.transaction.has_failed && !goes_back {
            return Some(Error::FailedTransaction);
        }
        let primary = self.postgres.as_ref().map(|it| it.primary);
        if primary == Some(connection.node) {
            return None;
        }
        let is_serializable = connection.transaction.isolation == Isolation::Serializable;
        match plan {
            Some(Plan::Select(select)) if select.lock().is_none() => {
                is_serializable.then_some(Error::SerializableOnStandby)
            }
            Some(Plan::Set(_) | Plan::Savepoint(..)) | None => None,
            Some(_) => Some(Error::ReadOnly),
        }
    }

    /// A statement is over, and its transaction is not.
    pub(in crate::cluster) fn end_statement(&mut self, slot: u32, was_refused: bool) {
        if self.connections[slot].transaction.isolation == Isolation::ReadCommitted {
            self.close_view(slot);
        }
        if was_refused {
            self.fail_transaction(slot);
        }
    }

    /// A transaction is over. What it has not committed it never will.
    pub(in crate::cluster) fn forget_transaction(&mut self, slot: u32) {
        let transaction = &mut self.connections[slot].transaction;
        transaction.inserted.clear();
        transaction.has_failed = false;
        let number = transaction.name.number;
        if transaction.isolation == Isolation::Serializable {
            self.serializable().abort(number);
        }
    }

    /// A statement was refused within a transaction: what it did since its last savepoint is undone at
    /// once, and it takes nothing any more but to be rolled back.
    pub(in crate::cluster) fn fail_transaction(&mut self, slot: u32) {
        if self.connections[slot].transaction.has_failed {
            return;
        }
        self.connections[slot].transaction.has_failed = true;
        let place = self.connections[slot].transaction.savepoints.len();
        self.undo_to_savepoint(slot, place.checked_sub(1));
    }

    /// Undoes changes and gives back locks, back to a savepoint or to the beginning.
    pub(in crate::cluster) fn undo_to_savepoint(&mut self, slot: u32, place: Option<usize>) {
        let transaction = &mut self.connections[slot].transaction;
        let savepoint = place.map(|place| &transaction.savepoints[place]);
        let (made, inserted, locks) = savepoint.map_or((0, 0, 0), |savepoint| {
            (savepoint.made, savepoint.inserted, savepoint.locks)
        });
        match savepoint {
            Some(savepoint) => {
                transaction.rows = savepoint.rows.clone();
                transaction.unique = savepoint.unique.clone();
            }
            None => {
                transaction.rows.clear();
                transaction.unique.clear();
            }
        }
        transaction.inserted.truncate(inserted);
        let undone: Vec<_> = transaction.made.drain(made..).collect();
        let released: Vec<_> = transaction
            .locks
            .drain(locks.min(transaction.locks.len())..)
            .collect();
        undone
            .into_iter()
            .for_each(|record| self.store.forget(record));
        let (owner, node) = (self.connections.owner(slot), self.connections[slot].node);
        self.give_back(&released, owner, node);
    }
}
