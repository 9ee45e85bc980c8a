//! UPDATE and DELETE.

use super::assignments::Assignments;
use super::dialect::Dialect;
use super::expression::{Environment, Expression};
use super::key::Key;
use super::query::{Order, count, sorted, values};
use super::returning::Returning;
use super::rows::Rows;
use super::table::TableId;
use super::view::{RowChange, StoredRow, View, Visits};
use crate::model::error::CallError;
use crate::model::value::Value;

#[derive(Debug, Clone)]
pub struct Written {
    pub(super) dialect: Dialect,
    pub(super) rows: Rows,
    pub(super) order: Vec<Order>,
    /// The order is that of the primary key, or nothing was said of it.
    pub(super) in_key_order: bool,
    pub(super) limit: Option<Expression>,
    /// The assignments of an UPDATE; `None` for a DELETE.
    pub(super) assignments: Option<Assignments>,
    pub(super) returning: Option<Returning>,
}

/// Changes of rows, and the number of rows that met the WHERE, those included that come out the same.
#[derive(Debug)]
pub struct Changes {
    pub changes: Vec<RowChange>,
    pub found: u64,
}

impl Written {
    pub fn table(&self) -> TableId {
        self.rows.table
    }

    pub fn is_update(&self) -> bool {
        self.assignments.is_some()
    }

    pub fn returning(&self) -> Option<&Returning> {
        self.returning.as_ref()
    }

    /// Says whether it reads in sub-queries.
    pub fn has_query(&self) -> bool {
        let assignments = self.assignments.as_ref();
        self.rows.has_query() || assignments.is_some_and(Assignments::has_query)
    }

    /// The rows that the statement comes by, and so locks: all of the table if it has to be ordered, or
    /// until there are enough.
    pub fn visits(&self, parameters: &[Value], view: &dyn View) -> Result<Visits, CallError> {
        let env = Environment::writing(parameters, view);
        let enough = match self.in_key_order {
            true => count(self.limit.as_ref(), self.dialect, &env)?.map(|limit| limit as u64),
            false => None,
        };
        self.rows.visits(&env, enough)
    }

    /// Does a row of the table meet the WHERE?
    pub fn matches(
        &self,
        parameters: &[Value],
        view: &dyn View,
        row: &StoredRow,
    ) -> Result<bool, CallError> {
        let env = Environment::writing(parameters, view);
        self.rows.matches(&env, row)
    }

    /// The rows that it changes, in its order: those that meet the WHERE and, in MariaDB, come out
    /// different. Their number is what the server calls the affected rows.
    pub fn changes(&self, parameters: &[Value], view: &dyn View) -> Result<Changes, CallError> {
        let env = Environment::writing(parameters, view);
        let rows = self.chosen(&env)?;
        let found = rows.len() as u64;
        let mut changes = Vec::new();
        for (key, row) in rows {
            let change = self.change(key, row.clone(), &env)?;
            if self.dialect == Dialect::Postgres || change.after != change.before {
                changes.push(change);
            }
        }
        Ok(Changes { changes, found })
    }

    /// The rows that meet the WHERE.
    pub fn candidates(
        &self,
        parameters: &[Value],
        view: &dyn View,
    ) -> Result<Vec<(Key, StoredRow)>, CallError> {
        let env = Environment::writing(parameters, view);
        let mut found = Vec::new();
        self.rows.each(&env, |key, row, _| {
            found.push((key.clone(), row.clone()));
            Ok(true)
        })?;
        Ok(found)
    }

    /// The change of one row, though it may come out the same.
    pub fn change_of(
        &self,
        parameters: &[Value],
        view: &dyn View,
        (key, row): (Key, StoredRow),
    ) -> Result<RowChange, CallError> {
        self.change(key, row, &Environment::writing(parameters, view))
    }

    fn change(
        &self,
        key: Key,
        row: StoredRow,
        env: &Environment<'_>,
    ) -> Result<RowChange, CallError> {
        let assignments = self.assignments.as_ref();
        let after = assignments.map(|it| it.made_of(&row, env)).transpose()?;
        Ok(RowChange {
            table: self.rows.table,
            key,
            before: Some(row),
            after,
        })
    }

    /// The rows that meet the WHERE, as many as LIMIT has of them.
    fn chosen<'a>(&self, env: &Environment<'a>) -> Result<Vec<(Key, &'a StoredRow)>, CallError> {
        let limit = count(self.limit.as_ref(), self.dialect, env)?.unwrap_or(usize::MAX);
        let order = match self.in_key_order {
            true => &[],
            false => &self.order[..],
        };
        let mut found: Vec<(Vec<Value>, (Key, &'a StoredRow))> = Vec::new();
        self.rows.each(env, |key, row, env| {
            if self.in_key_order && found.len() >= limit {
                return Ok(false);
            }
            let by = values(order.iter().map(|order| &order.by), env)?;
            found.push((by, (key.clone(), row)));
            Ok(true)
        })?;
        let mut chosen = sorted(order, found)?;
        chosen.truncate(limit);
        Ok(chosen)
    }
}
