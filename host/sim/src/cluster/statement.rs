//! Execution of statements: reading, locking, changing.

use super::connection::{Given, Phase};
use super::locking::Halt;
use super::state::State;
use super::transaction::Isolation;
use super::visits::{FOR_WRITE, Locking};
use crate::capability::mysql_codes::row_of;
use crate::event::{Weakness, What};
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use crate::sql::{
    Changes, IfLocked, Insert, Key, LockClause, Plan, RowChange, Select, StoredRow, TableId,
    Written,
};
use crate::store::{RecordId, Seen};
use std::collections::BTreeMap;

impl State {
    /// Executes the statement of the call; nothing if it waits, or goes on to commit.
    pub(super) fn perform_statement(&mut self, slot: u32) -> Option<Result<Given, CallError>> {
        let prepared = self.planned(slot);
        let plan = match &prepared.plan {
            Ok(plan) => plan,
            Err(error) => return Some(Err(error.clone())),
        };
        let parameters = std::mem::take(&mut self.connections[slot].call.parameters);
        let result = match plan {
            Plan::Select(_) | Plan::Insert(_) | Plan::Update(_) | Plan::Delete(_)
                if self.postgres.is_some() =>
            {
                self.at_snapshot(slot, plan, &parameters)
            }
            Plan::Select(select) => self.select(slot, select, &parameters),
            Plan::Insert(insert) => self.insert(slot, insert, &parameters),
            Plan::Update(written) | Plan::Delete(written) => {
                self.change(slot, written, &parameters)
            }
            Plan::Set(setting) => self.set(slot, setting).map_err(Halt::Error),
            Plan::Savepoint(step, name) => self.savepoint(slot, *step, name).map_err(Halt::Error),
            Plan::Define(_) => self.begin_definition(slot),
        };
        self.connections[slot].call.parameters = parameters;
        if !matches!(result, Err(Halt::Waits)) {
            self.statements += 1;
        }
        match result {
            Err(Halt::Waits) => None,
            Err(Halt::Error(error)) => Some(Err(error)),
            Ok(given) => {
                let connection = &mut self.connections[slot];
                if !connection.in_transaction && connection.transaction.rows.is_empty() {
                    return Some(self.end_reading(slot).map(|()| given));
                }
                if connection.in_transaction {
                    return Some(Ok(given));
                }
                connection.call.given = Some(given);
                let work = self.service_times.commit();
                self.work(slot, Phase::Committing, work);
                None
            }
        }
    }

    /// The session's view: what the node has, its own changes on top.
    pub(super) fn latest<'a>(&'a self, slot: u32, hidden: &'a [RecordId]) -> Seen<'a> {
        let connection = &self.connections[slot];
        self.seen(slot, self.nodes[connection.node as usize].applied, hidden)
    }

    pub(super) fn seen<'a>(&'a self, slot: u32, position: u64, hidden: &'a [RecordId]) -> Seen<'a> {
        Seen {
            store: &self.store,
            position,
            own: &self.connections[slot].transaction,
            hidden,
            now: self.connections[slot].call.arrived,
        }
    }

    fn select(&mut self, slot: u32, select: &Select, with: &[Value]) -> Result<Given, Halt> {
        let connection = &self.connections[slot];
        let isolation = connection.transaction.isolation;
        let shared = LockClause {
            exclusive: false,
            if_locked: IfLocked::Wait,
        };
        let serializable = connection.in_transaction && isolation == Isolation::Serializable;
        let lock = select.lock().or(serializable.then_some(shared));
        if let (Some(lock), Some(table)) = (lock, select.table()) {
            let visits = select.visits(with, &self.latest(slot, &[]))?;
            let locking = Locking {
                clause: lock,
                matches: &|view, row| select.matches(with, view, row),
                looks_first: false,
            };
            let hidden = self.lock_rows(slot, table, visits, &locking)?;
            self.note_query(slot, serializable && select.has_query());
            let rows = select.rows(with, &self.latest(slot, &hidden))?;
            return Ok(Given::Rows(rows));
        }
        let rows = match (connection.in_transaction, isolation) {
            (true, Isolation::RepeatableRead) => {
                let position = self.open_view(slot);
                select.rows(with, &self.seen(slot, position, &[]))?
            }
            _ => select.rows(with, &self.latest(slot, &[]))?,
        };
        Ok(Given::Rows(rows))
    }

    /// An UPDATE or a DELETE.
    fn change(&mut self, slot: u32, written: &Written, with: &[Value]) -> Result<Given, Halt> {
        let visits = written.visits(with, &self.latest(slot, &[]))?;
        let locking = Locking {
            clause: FOR_WRITE,
            matches: &|view, row| written.matches(with, view, row),
            looks_first: written.is_update(),
        };
        self.lock_rows(slot, written.table(), visits, &locking)?;
        self.note_query(slot, written.has_query());
        let view = self.latest(slot, &[]);
        let Changes { changes, found } = written.changes(with, &view)?;
        let changed = changes.len() as u64;
        let before = changes.iter().filter_map(|change| change.before.as_ref());
        let returned = written.returning().map(|it| it.rows(with, &view, before));
        let returned = returned.transpose()?;
        self.write(slot, changes)?;
        Ok(self.given(slot, returned, changed, found))
    }

    /// The rows of RETURNING; otherwise how many rows came out different, or how many were found.
    fn given(&self, slot: u32, rows: Option<Vec<Row>>, changed: u64, found: u64) -> Given {
        match (rows, self.connections[slot].variables.counts_found) {
            (Some(rows), _) => Given::Rows(rows),
            (None, true) => Given::Affected(found),
            (None, false) => Given::Affected(changed),
        }
    }

    fn insert(&mut self, slot: u32, insert: &Insert, with: &[Value]) -> Result<Given, Halt> {
        for key in insert.keys(with, &self.latest(slot, &[]))? {
            let record = self.store.intern(insert.table(), &key);
            let is_taken = |state: &Self| state.latest(slot, &[]).row(record).is_some();
            match insert.writes_taken() {
                true => self.lock_new(slot, record)?,
                false => self.lock_to_insert(slot, record, is_taken)?,
            }
        }
        self.note_query(slot, insert.has_query());
        let view = self.latest(slot, &[]);
        let inserted = insert.changes(with, &view, &view)?;
        let (changed, found) = (inserted.affected, inserted.affected + inserted.unchanged);
        let returned = insert.returning();
        let returned = returned.map(|it| it.rows(with, &view, &inserted.rows));
        let returned = returned.transpose()?;
        self.write(slot, inserted.changes)?;
        Ok(self.given(slot, returned, changed, found))
    }

    /// Logs that the rows a sub-query reads are not locked here.
    fn note_query(&self, slot: u32, has_query: bool) {
        if has_query && self.locks_gaps(slot) {
            self.kernel.log(|| What::Weaker {
                transaction: self.connections[slot].transaction.name,
                how: Weakness::SubQuery,
            });
        }
    }

    /// Locks a record that is to be inserted. One that `is_taken`, or that another is inserting, is
    /// locked for looking only: of several that wait for it, two may then be refused as a deadlock.
    fn lock_to_insert(
        &mut self,
        slot: u32,
        record: RecordId,
        is_taken: impl Fn(&Self) -> bool,
    ) -> Result<(), Halt> {
        if self.postgres.is_some() {
            return self.enter_key(slot, record, is_taken);
        }
        if is_taken(self) || self.is_locked_by_others(slot, record) {
            self.lock(slot, record, false, IfLocked::Wait)?;
        }
        if is_taken(self) {
            return Ok(());
        }
        self.lock_new(slot, record)
    }

    /// Locks a record that is to be written, and first its gap if there is none of this key.
    fn lock_new(&mut self, slot: u32, record: RecordId) -> Result<(), Halt> {
        let node = self.connections[slot].node as usize;
        if !self.store.is_there(record, self.nodes[node].applied) {
            self.enter_gap(slot, record)?;
        }
        self.lock(slot, record, true, IfLocked::Wait)?;
        Ok(())
    }

    /// Writes what is locked. Either all of it or nothing.
    pub(super) fn write(&mut self, slot: u32, changes: Vec<RowChange>) -> Result<(), Halt> {
        let mut keys = BTreeMap::new();
        let mut made = Vec::new();
        let mut inserted = Vec::new();
        let mut rows: Vec<(RecordId, Option<StoredRow>)> = Vec::with_capacity(changes.len());
        for change in &changes {
            let record = self.store.intern(change.table, &change.key);
            let is_new = change.before.is_none();
            let written = rows.iter().rev().find(|(written, _)| *written == record);
            let is_there = match written {
                Some((_, row)) => row.is_some(),
                None => self.latest(slot, &[]).row(record).is_some(),
            };
            if is_new && is_there {
                return Err(self.duplicate(change.table, None, &change.key).into());
            }
            self.check_unique(slot, record, change, &mut keys)?;
            if is_new && self.postgres.is_some() {
                inserted.push(record);
            }
            let transaction = self.connections[slot].transaction.name.number;
            made.extend(self.catalog.fire(change, transaction)?);
            rows.push((record, change.after.clone()));
        }
        let made: Vec<_> = made
            .into_iter()
            .filter_map(|(id, row)| {
                let key = self.catalog.table(id)?.key_of(&row);
                Some((self.store.intern(id, &key), row))
            })
            .collect();
        let transaction = &mut self.connections[slot].transaction;
        transaction.inserted.extend(inserted);
        for (record, row) in rows {
            transaction.rows.set(record, row);
        }
        for (record, owner) in keys {
            transaction.unique.set(record, owner);
        }
        for (record, row) in made {
            transaction.rows.set(record, Some(row));
            transaction.made.push(record);
        }
        Ok(())
    }

    /// Locks the unique keys that a change takes or gives up, and sees that none is taken twice.
    fn check_unique(
        &mut self,
        slot: u32,
        record: RecordId,
        change: &RowChange,
        keys: &mut BTreeMap<RecordId, Option<u32>>,
    ) -> Result<(), Halt> {
        let Some(table) = self.catalog.table(change.table).cloned() else {
            return Ok(());
        };
        for unique in 0..table.unique.len() {
            let key = |row: &Option<StoredRow>| table.unique_key_of(unique, row.as_ref()?);
            let (before, after) = (key(&change.before), key(&change.after));
            if before == after {
                continue;
            }
            if let Some(before) = before {
                let given_up = self.store.intern_unique(change.table, unique, &before);
                self.lock(slot, given_up, true, IfLocked::Wait)?;
                keys.insert(given_up, None);
            }
            if let Some(after) = after {
                let taken = self.store.intern_unique(change.table, unique, &after);
                let by = |state: &Self| match keys.get(&taken) {
                    Some(owner) => *owner,
                    None => state.owner_of(slot, taken),
                };
                let is_taken = |state: &Self| by(state).is_some_and(|by| by != record.slot);
                self.lock_to_insert(slot, taken, is_taken)?;
                let by = by(self);
                if by.is_some_and(|by| by != record.slot) {
                    return Err(self.duplicate(change.table, Some(unique), &after).into());
                }
                keys.insert(taken, Some(record.slot));
            }
        }
        Ok(())
    }

    /// The error of a key that is there already, in the words of the server. MariaDB names a key `PRIMARY`
    /// or after its first column.
    fn duplicate(&self, table: TableId, unique: Option<usize>, key: &Key) -> CallError {
        let table = self.catalog.table(table);
        if let Some(table) = table.filter(|_| self.postgres.is_some()) {
            return table.duplicate_key(unique, key);
        }
        let unique = unique.and_then(|unique| {
            let table = table?;
            Some(table.columns[table.unique[unique][0]].name.clone())
        });
        let name = unique.as_deref().unwrap_or("PRIMARY");
        let message = format!("Duplicate entry '{}' for key '{name}'", key.joined("-"));
        let row = row_of(1062, &message);
        CallError::rejected(1062, message).about(row)
    }
}
