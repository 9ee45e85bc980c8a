//! INSERT: a key is taken by whoever is first, and others wait for the end of that transaction.

use crate::cluster::connection::Given;
use crate::cluster::errors::Error;
use crate::cluster::locking::Halt;
use crate::cluster::row_locks::Owner;
use crate::cluster::state::State;
use crate::cluster::transaction::Isolation;
use crate::model::value::Value;
use crate::sql::{IfLocked, Insert};
use crate::store::RecordId;

impl State {
    pub(super) fn insert_at(
        &mut self,
        slot: u32,
        position: u64,
        insert: &Insert,
        with: &[Value],
    ) -> Result<Given, Halt> {
        let table = insert.table();
        let keys = self.look(slot, position, |view| insert.keys(with, view))?;
        for key in &keys {
            self.note_write(slot, table, key)?;
            let record = self.store.intern(table, key);
            let is_taken = |state: &Self| state.latest(slot, &[]).row(record).is_some();
            if insert.writes_taken() && is_taken(self) {
                self.lock(slot, record, true, IfLocked::Wait)?;
            }
            self.enter_key(slot, record, is_taken)?;
        }
        let (snapshot, latest) = (self.seen(slot, position, &[]), self.latest(slot, &[]));
        for key in insert.met(with, &snapshot, &latest)? {
            let record = self.store.find(table, &key);
            if record.is_some_and(|record| self.is_unseen(slot, record, position)) {
                return Err(self.error(slot, Error::RecordChanged).into());
            }
        }
        let inserted = insert.changes(with, &snapshot, &latest)?;
        let returned = insert.returning();
        let returned = returned.map(|it| it.rows(with, &snapshot, &inserted.rows));
        let returned = returned.transpose()?;
        self.write_noted(slot, inserted.changes)?;
        Ok(match returned {
            Some(rows) => Given::Rows(rows),
            None => Given::Affected(inserted.affected),
        })
    }

    /// Says whether there is a row that a transaction with one snapshot does not see, and so may not change.
    fn is_unseen(&self, slot: u32, record: RecordId, position: u64) -> bool {
        let connection = &self.connections[slot];
        let transaction = &connection.transaction;
        let applied = self.nodes[connection.node as usize].applied;
        transaction.isolation != Isolation::ReadCommitted
            && transaction.rows.get(record).is_none()
            && self.store.is_there(record, applied)
            && self.store.changed_at(record, applied) > position
    }

    /// Takes a key that is free, or waits for the transaction that takes it or may free it. A key that is
    /// taken is not locked.
    pub(in crate::cluster) fn enter_key(
        &mut self,
        slot: u32,
        record: RecordId,
        is_taken: impl Fn(&Self) -> bool,
    ) -> Result<(), Halt> {
        let stays = is_taken(self) && !self.may_be_freed(slot, record);
        if !stays {
            self.lock(slot, record, true, IfLocked::Wait)?;
            if is_taken(self) {
                self.unlock(slot, record);
            }
        }
        Ok(())
    }

    /// Says whether another transaction has deleted what has the key, and not committed that.
    fn may_be_freed(&self, slot: u32, record: RecordId) -> bool {
        let locks = &self.nodes[self.connections[slot].node as usize].locks;
        let owner = self.connections.owner(slot);
        locks.holders(record).any(|holder| match holder {
            Owner::Transaction { connection, .. } if holder != owner => {
                let transaction = &self.connections[connection].transaction;
                let is_gone = match record.index {
                    0 => transaction.rows.get(record).map(|row| row.is_none()),
                    _ => transaction.unique.get(record).map(|by| by.is_none()),
                };
                is_gone == Some(true)
            }
            _ => false,
        })
    }
}
