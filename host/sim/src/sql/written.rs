//! The rows that an UPDATE or a DELETE changes.

use super::expression::{Environment, Expression};
use super::key::Key;
use super::query::{Order, compare};
use super::rows::Rows;
use super::table::TableId;
use super::value::Scalar;
use super::view::{RowChange, StoredRow, View, Visits};
use crate::model::error::CallError;
use crate::model::value::Value;
use std::cmp::Ordering;

#[derive(Debug, Clone)]
pub struct Written {
    pub(super) rows: Rows,
    pub(super) order: Vec<Order>,
    /// The order is that of the primary key, or nothing was said of it.
    pub(super) in_key_order: bool,
    pub(super) limit: Option<Expression>,
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

    /// The rows that the statement comes by, and so locks: all of the table if it has to be ordered, or
    /// until there are enough.
    pub fn visits(&self, parameters: &[Value], view: &dyn View) -> Result<Visits, CallError> {
        let env = Environment::writing(parameters, view);
        let enough = match self.in_key_order {
            true => self.limit(&env)?.map(|limit| limit as u64),
            false => None,
        };
        self.rows.visits(&env, enough)
    }

    fn limit(&self, env: &Environment<'_>) -> Result<Option<usize>, CallError> {
        let limit = self.limit.as_ref().map(|limit| limit.evaluate(env));
        match limit.transpose()? {
            None => Ok(None),
            Some(Scalar::Integer(integer)) if integer >= 0 => Ok(Some(integer as usize)),
            Some(_) => {
                let message = "LIMIT takes whole numbers from 0 on";
                Err(CallError::rejected(1210, message))
            }
        }
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

    /// Computes the changes of the rows that meet the WHERE, in the statement's order; those that come
    /// out the same are left out. `after` returns what a row becomes, or `None`.
    pub(super) fn changes(
        &self,
        parameters: &[Value],
        view: &dyn View,
        after: impl Fn(&Environment<'_>, &StoredRow) -> Result<Option<StoredRow>, CallError>,
    ) -> Result<Changes, CallError> {
        let env = Environment::writing(parameters, view);
        let rows = self.chosen(&env)?;
        let found = rows.len() as u64;
        let mut changes = Vec::new();
        for (key, row) in rows {
            let after = after(&env.at(self.rows.level, row), row)?;
            if after.as_ref() != Some(row) {
                changes.push(RowChange {
                    table: self.rows.table,
                    key,
                    before: Some(row.clone()),
                    after,
                });
            }
        }
        Ok(Changes { changes, found })
    }

    /// The rows that meet the WHERE, as many as LIMIT has of them.
    fn chosen<'a>(&self, env: &Environment<'a>) -> Result<Vec<(Key, &'a StoredRow)>, CallError> {
        let limit = self.limit(env)?.unwrap_or(usize::MAX);
        let mut found: Vec<(Vec<Value>, (Key, &'a StoredRow))> = Vec::new();
        self.rows.each(env, |key, row, env| {
            if self.in_key_order && found.len() >= limit {
                return Ok(false);
            }
            let by = self.order.iter().map(|order| order.by.evaluate(env));
            let by: Result<Vec<Value>, CallError> =
                by.map(|value| Ok(value?.into_value())).collect();
            found.push((by?, (key.clone(), row)));
            Ok(true)
        })?;
        let mut error = None;
        if !self.in_key_order {
            found.sort_by(|(one, _), (other, _)| {
                compare(&self.order, one, other).unwrap_or_else(|first| {
                    error.get_or_insert(first);
                    Ordering::Equal
                })
            });
        }
        if let Some(error) = error {
            return Err(error);
        }
        found.truncate(limit);
        Ok(found.into_iter().map(|(_, row)| row).collect())
    }
}
