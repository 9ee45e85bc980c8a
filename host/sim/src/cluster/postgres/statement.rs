//! Statements that read and change rows, each at a snapshot.
//!
//! What a statement reads is what had been committed when it began (READ COMMITTED), or when the first of
//! its transaction did. A row that it locks may have been changed since. At READ COMMITTED the statement
//! looks at that row again, and at nothing else: neither at what a sub-query read, nor at rows that are new.
//! At REPEATABLE READ and SERIALIZABLE it fails.

use super::serializable::{Aborted, Reads};
use crate::cluster::connection::Given;
use crate::cluster::errors::Error;
use crate::cluster::locking::Halt;
use crate::cluster::state::State;
use crate::cluster::transaction::Isolation;
use crate::cluster::visits::{FOR_WRITE, Matches};
use crate::model::change::Nanos;
use crate::model::error::CallError;
use crate::model::value::Value;
use crate::sql::{Key, LockClause, Plan, RowChange, Select, StoredRow, TableId, View, Written};
use crate::store::{Overlay, RecordId, Seen};
use std::cell::RefCell;

/// The way in which a statement takes the rows that it saw.
struct Claim<'a> {
    /// Of its snapshot.
    position: u64,
    clause: LockClause,
    matches: Matches<'a>,
    /// A row that does not meet the WHERE any more stays locked.
    keeps: bool,
}

impl State {
    /// Executes a statement about rows.
    pub(in crate::cluster) fn at_snapshot(
        &mut self,
        slot: u32,
        plan: &Plan,
        with: &[Value],
    ) -> Result<Given, Halt> {
        let position = self.open_view(slot);
        if self.connections[slot].transaction.isolation == Isolation::Serializable {
            let number = self.connections[slot].transaction.name.number;
            self.serializable().begin(number);
        }
        match plan {
            Plan::Select(select) => self.select_at(slot, position, select, with),
            Plan::Insert(insert) => self.insert_at(slot, position, insert, with),
            Plan::Update(written) | Plan::Delete(written) => {
                self.change_at(slot, position, written, with)
            }
            Plan::Define(_) | Plan::Set(_) | Plan::Savepoint(..) => {
                unreachable!("it is about no rows")
            }
        }
    }

    fn select_at(
        &mut self,
        slot: u32,
        position: u64,
        select: &Select,
        with: &[Value],
    ) -> Result<Given, Halt> {
        let (Some(clause), Some(table)) = (select.lock(), select.table()) else {
            let rows = self.look(slot, position, |view| select.rows(with, view))?;
            return Ok(Given::Rows(rows));
        };
        if select.aggregates() {
            let message = "a row lock is not allowed with aggregate functions";
            return Err(CallError::rejected("0A000", message).into());
        }
        let (candidates, (offset, limit)) = self.look(slot, position, |view| {
            Ok((select.candidates(with, view)?, select.bounds(with, view)?))
        })?;
        let claim = Claim {
            position,
            clause,
            matches: &|view, row| select.matches(with, view, row),
            keeps: true,
        };
        let mut rows = Vec::new();
        for (key, row) in candidates {
            if rows.len() >= offset.saturating_add(limit) {
                break;
            }
            rows.extend(self.claim(slot, table, &key, row, &claim)?);
        }
        let rows = self.look(slot, position, |view| {
            let rows = rows.iter().skip(offset);
            rows.map(|row| select.row_of(with, view, row)).collect()
        })?;
        Ok(Given::Rows(rows))
    }

    /// An UPDATE or a DELETE.
    fn change_at(
        &mut self,
        slot: u32,
        position: u64,
        written: &Written,
        with: &[Value],
    ) -> Result<Given, Halt> {
        let candidates = self.look(slot, position, |view| written.candidates(with, view))?;
        let claim = Claim {
            position,
            clause: FOR_WRITE,
            matches: &|view, row| written.matches(with, view, row),
            keeps: false,
        };
        let mut rows = Vec::with_capacity(candidates.len());
        for (key, row) in candidates {
            let row = self.claim(slot, written.table(), &key, row, &claim)?;
            rows.extend(row.map(|row| (key, row)));
        }
        let (changes, returned) = self.look(slot, position, |view| {
            let changes = rows.into_iter();
            let changes = changes.map(|row| written.change_of(with, view, row));
            let changes: Vec<RowChange> = changes.collect::<Result<_, _>>()?;
            let rows = changes.iter().filter_map(RowChange::returned);
            let returned = written.returning().map(|it| it.rows(with, view, rows));
            Ok((changes, returned.transpose()?))
        })?;
        let affected = changes.len() as u64;
        self.write_noted(slot, changes)?;
        Ok(match returned {
            Some(rows) => Given::Rows(rows),
            None => Given::Affected(affected),
        })
    }

    /// Writes, and notes for SERIALIZABLE what is written.
    pub(super) fn write_noted(&mut self, slot: u32, changes: Vec<RowChange>) -> Result<(), Halt> {
        for change in &changes {
            self.note_write(slot, change.table, &change.key)?;
        }
        self.write(slot, changes)
    }

    pub(super) fn note_write(&mut self, slot: u32, table: TableId, key: &Key) -> Result<(), Halt> {
        let transaction = &self.connections[slot].transaction;
        if transaction.isolation != Isolation::Serializable {
            return Ok(());
        }
        let number = transaction.name.number;
        let noted = self.serializable().write(number, table, key);
        noted.map_err(|Aborted| self.error(slot, Error::DangerousStructure).into())
    }

    /// Reads what a snapshot shows, with the transaction's own changes on top, and notes for SERIALIZABLE
    /// what was read.
    pub(super) fn look<T>(
        &mut self,
        slot: u32,
        position: u64,
        look: impl FnOnce(&dyn View) -> Result<T, CallError>,
    ) -> Result<T, Halt> {
        let transaction = &self.connections[slot].transaction;
        let number = transaction.name.number;
        let seen = self.seen(slot, position, &[]);
        if transaction.isolation != Isolation::Serializable {
            return Ok(look(&seen)?);
        }
        let noting = Noting {
            seen,
            reads: RefCell::default(),
        };
        let found = look(&noting);
        let reads = noting.reads.into_inner();
        let noted = self.serializable().read(number, reads);
        noted.map_err(|Aborted| self.error(slot, Error::DangerousStructure))?;
        Ok(found?)
    }

    /// Locks a row that the statement saw, and looks at it again if it was changed since. Nothing if it is
    /// to be left out.
    fn claim(
        &mut self,
        slot: u32,
        table: TableId,
        key: &Key,
        seen: StoredRow,
        claim: &Claim<'_>,
    ) -> Result<Option<StoredRow>, Halt> {
        let record = self.store.intern(table, key);
        let LockClause {
            exclusive,
            if_locked,
        } = claim.clause;
        if !self.lock(slot, record, exclusive, if_locked)? {
            return Ok(None);
        }
        let connection = &self.connections[slot];
        let applied = self.nodes[connection.node as usize].applied;
        let is_own = connection.transaction.changed(record).is_some();
        if is_own || self.store.changed_at(record, applied) <= claim.position {
            return Ok(Some(seen));
        }
        if connection.transaction.isolation != Isolation::ReadCommitted {
            return Err(self.error(slot, Error::RecordChanged).into());
        }
        let now = match self.is_another_row(record, claim.position) {
            true => None,
            false => self.store.row(record, applied).cloned(),
        };
        let is_there = now.is_some();
        if let Some(row) = now {
            let matches = claim.matches;
            let is_meant = self.look(slot, claim.position, |view| matches(view, &row))?;
            if is_meant {
                return Ok(Some(row));
            }
        }
        if !(claim.keeps && is_there) {
            self.unlock(slot, record);
        }
        Ok(None)
    }

    /// Says whether the row was inserted after a snapshot, in the place of one that it may show.
    pub(super) fn is_another_row(&self, record: RecordId, position: u64) -> bool {
        let postgres = self.postgres.as_ref();
        let inserted = postgres.and_then(|postgres| postgres.inserted.get(&record));
        inserted.is_some_and(|at| *at > position)
    }
}

/// A view that notes what is read of it.
struct Noting<'a> {
    seen: Seen<'a>,
    reads: RefCell<Reads>,
}

impl View for Noting<'_> {
    fn get(&self, table: TableId, key: &Key) -> Option<&StoredRow> {
        self.reads.borrow_mut().keys.insert((table, key.clone()));
        self.seen.get(table, key)
    }

    fn scan<'a>(
        &'a self,
        table: TableId,
    ) -> Box<dyn Iterator<Item = (&'a Key, &'a StoredRow)> + 'a> {
        self.reads.borrow_mut().tables.insert(table);
        self.seen.scan(table)
    }

    fn now(&self) -> Nanos {
        self.seen.now()
    }
}
