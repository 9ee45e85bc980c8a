//! INSERT … VALUES, REPLACE, and what becomes of rows whose key is taken.

use super::assignments::Assignments;
use super::expression::{Environment, Expression};
use super::key::Key;
use super::postgres::conflict::Conflict;
use super::refuse::unsupported;
use super::returning::Returning;
use super::table::{Table, TableId};
use super::view::{RowChange, StoredRow, View};
use crate::model::error::CallError;
use crate::model::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug, Clone)]
pub struct Insert {
    pub(super) id: TableId,
    pub(super) table: Arc<Table>,
    /// For each row, what each column gets; nothing for its default.
    pub(super) rows: Vec<Vec<Option<Expression>>>,
    pub(super) duplicates: Duplicates,
    pub(super) returning: Option<Returning>,
}

/// The fate of a row whose key is taken.
#[derive(Debug, Clone)]
pub(super) enum Duplicates {
    Refused,
    /// INSERT IGNORE
    LeftOut,
    /// ON CONFLICT
    Conflict(Box<Conflict>),
    /// REPLACE
    Replaced,
    /// ON DUPLICATE KEY UPDATE
    Updated {
        /// The level of the row that `VALUES(column)` is of.
        inserted: usize,
        assignments: Assignments,
    },
}

impl Duplicates {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Refused => "INSERT",
            Self::LeftOut => "INSERT IGNORE",
            Self::Conflict(_) => "ON CONFLICT",
            Self::Replaced => "REPLACE",
            Self::Updated { .. } => "ON DUPLICATE KEY UPDATE",
        }
    }

    pub(super) fn are_refused(&self) -> bool {
        matches!(self, Self::Refused)
    }
}

/// The result of an INSERT.
#[derive(Debug)]
pub struct Inserted {
    /// In the order of the statement; one row may be changed several times.
    pub changes: Vec<RowChange>,
    /// The count that MariaDB returns: 1 for a row that is inserted, 2 for one that takes the place of
    /// another or changes it, 0 for one that changes nothing. PostgreSQL counts each that is written as 1.
    pub affected: u64,
    /// Rows that were found as they should become, which a client that counts found rows counts as 1.
    pub unchanged: u64,
    /// The rows that RETURNING is computed from.
    pub rows: Vec<StoredRow>,
}

impl Insert {
    pub fn table(&self) -> TableId {
        self.id
    }

    pub fn returning(&self) -> Option<&Returning> {
        self.returning.as_ref()
    }

    /// Says whether it reads in sub-queries.
    pub fn has_query(&self) -> bool {
        let mut values = self.rows.iter().flatten().flatten();
        values.any(Expression::has_query)
    }

    /// Says whether it writes a row whose key is taken.
    pub fn writes_taken(&self) -> bool {
        match &self.duplicates {
            Duplicates::Replaced | Duplicates::Updated { .. } => true,
            Duplicates::Conflict(conflict) => conflict.update.is_some(),
            Duplicates::Refused | Duplicates::LeftOut => false,
        }
    }

    /// The keys of its rows, which it locks.
    pub fn keys(&self, parameters: &[Value], view: &dyn View) -> Result<Vec<Key>, CallError> {
        let rows = self.new_rows(parameters, view)?;
        Ok(rows.iter().map(|row| self.table.key_of(row)).collect())
    }

    fn new_rows(&self, parameters: &[Value], view: &dyn View) -> Result<Vec<StoredRow>, CallError> {
        let env = Environment::writing(parameters, view);
        let one = |row: &Vec<Option<Expression>>| match stored(&self.table, row, &env) {
            Err(error) if self.ignores() && error.code != "unsupported" => Err(unsupported(
                "INSERT IGNORE of a value that MariaDB would change until it fits",
            )),
            stored => stored,
        };
        self.rows.iter().map(one).collect()
    }

    fn ignores(&self) -> bool {
        matches!(self.duplicates, Duplicates::LeftOut)
    }

    /// The primary keys of rows that have a key of a new one, where ON CONFLICT says what becomes of those.
    /// `there` is as in `changes`.
    pub fn met(
        &self,
        parameters: &[Value],
        view: &dyn View,
        there: &dyn View,
    ) -> Result<Vec<Key>, CallError> {
        let Duplicates::Conflict(conflict) = &self.duplicates else {
            return Ok(Vec::new());
        };
        let rows = self.new_rows(parameters, view)?;
        Ok(conflict.met_by(self, &rows, there))
    }

    /// Computes the changes. What has a key already is looked up in `there`, and everything else in `view`.
    /// Duplicate keys are the caller's to find.
    pub fn changes(
        &self,
        parameters: &[Value],
        view: &dyn View,
        there: &dyn View,
    ) -> Result<Inserted, CallError> {
        let mut inserted = Inserted {
            changes: Vec::new(),
            affected: 0,
            unchanged: 0,
            rows: Vec::new(),
        };
        if let Duplicates::Conflict(conflict) = &self.duplicates {
            let rows = self.new_rows(parameters, view)?;
            return conflict.changes(self, rows, (parameters, view), there);
        }
        let mut now: BTreeMap<Key, StoredRow> = BTreeMap::new();
        for row in self.new_rows(parameters, view)? {
            let key = self.table.key_of(&row);
            let taken = now.get(&key).or_else(|| there.get(self.id, &key));
            let after = match taken.cloned() {
                Some(taken) if !self.duplicates.are_refused() => {
                    let with = (parameters, view);
                    self.meets(&mut inserted, key.clone(), taken, row, with)?
                }
                _ => {
                    inserted.affected += 1;
                    inserted.changes.push(self.change(&key, None, Some(&row)));
                    Some(row)
                }
            };
            if let Some(after) = after {
                inserted.rows.push(after.clone());
                now.insert(key, after);
            }
        }
        Ok(inserted)
    }

    /// A row meets one that has its key. Gives what is there afterwards, if it is of this statement.
    fn meets(
        &self,
        inserted: &mut Inserted,
        key: Key,
        there: StoredRow,
        row: StoredRow,
        (parameters, view): (&[Value], &dyn View),
    ) -> Result<Option<StoredRow>, CallError> {
        match &self.duplicates {
            Duplicates::Refused | Duplicates::LeftOut | Duplicates::Conflict(_) => Ok(None),
            Duplicates::Replaced => {
                inserted.affected += 2;
                inserted.changes.push(self.change(&key, Some(&there), None));
                inserted.changes.push(self.change(&key, None, Some(&row)));
                Ok(Some(row))
            }
            Duplicates::Updated {
                inserted: level_of_new,
                assignments,
            } => {
                let env = Environment::writing(parameters, view).at(*level_of_new, &row);
                let after = assignments.made_of(&there, &env)?;
                if after == there {
                    inserted.unchanged += 1;
                } else {
                    inserted.affected += 2;
                    let change = self.change(&key, Some(&there), Some(&after));
                    inserted.changes.push(change);
                }
                Ok(Some(after))
            }
        }
    }

    pub(super) fn change(
        &self,
        key: &Key,
        before: Option<&StoredRow>,
        after: Option<&StoredRow>,
    ) -> RowChange {
        RowChange {
            table: self.id,
            key: key.clone(),
            before: before.cloned(),
            after: after.cloned(),
        }
    }
}

/// The row as its table stores it.
pub(super) fn stored(
    table: &Table,
    row: &[Option<Expression>],
    env: &Environment<'_>,
) -> Result<StoredRow, CallError> {
    let mut values = Vec::with_capacity(row.len());
    for (column, expression) in row.iter().enumerate() {
        values.push(match expression {
            Some(expression) => table.store(column, expression.evaluate(env)?)?,
            None => table.store_default(column)?,
        });
    }
    table.check(&values)?;
    Ok(values.into())
}
