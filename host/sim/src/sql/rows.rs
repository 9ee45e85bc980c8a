//! The rows of a table that meet a WHERE.

use super::access::Access;
use super::expression::{Environment, Expression};
use super::key::Key;
use super::table::{Table, TableId};
use super::view::{StoredRow, Visits};
use crate::model::error::CallError;

/// A table with a WHERE, at one level of a statement.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub table: TableId,
    pub level: usize,
    access: Access,
    filter: Option<Expression>,
}

/// Says whether the next row is wanted.
pub(super) type GoesOn = bool;

impl Rows {
    pub(super) fn new(
        id: TableId,
        table: &Table,
        level: usize,
        filter: Option<Expression>,
    ) -> Self {
        Self {
            table: id,
            level,
            access: Access::of(table, level, filter.as_ref()),
            filter,
        }
    }

    /// The parts of the index that are read until `enough` rows are found.
    pub(super) fn visits(
        &self,
        env: &Environment<'_>,
        enough: Option<u64>,
    ) -> Result<Visits, CallError> {
        match self.access.keys(env)? {
            Some(keys) => Ok(Visits::Keys(keys)),
            None => self.access.part(env, enough),
        }
    }

    /// Says whether the WHERE has a sub-query.
    pub(super) fn has_query(&self) -> bool {
        self.filter.as_ref().is_some_and(Expression::has_query)
    }

    /// Does a row meet the WHERE?
    pub(super) fn matches(
        &self,
        env: &Environment<'_>,
        row: &StoredRow,
    ) -> Result<bool, CallError> {
        self.met(&env.at(self.level, row))
    }

    fn met(&self, env: &Environment<'_>) -> Result<bool, CallError> {
        match &self.filter {
            Some(filter) => Ok(filter.truth(env)? == Some(true)),
            None => Ok(true),
        }
    }

    /// Calls `each` with every row that meets the WHERE, in key order, until it wants no more.
    pub(super) fn each<'a>(
        &self,
        env: &Environment<'a>,
        mut each: impl FnMut(&Key, &'a StoredRow, &Environment<'a>) -> Result<GoesOn, CallError>,
    ) -> Result<(), CallError> {
        let mut look = |key: &Key, row: &'a StoredRow| {
            let env = env.at(self.level, row);
            Ok(!self.met(&env)? || each(key, row, &env)?)
        };
        if let Some(only) = self.access.only_key(env)? {
            if let Some(key) = only
                && let Some(row) = env.view.get(self.table, &key)
            {
                look(&key, row)?;
            }
            return Ok(());
        }
        match self.access.keys(env)? {
            Some(keys) => {
                for key in &keys {
                    if let Some(row) = env.view.get(self.table, key)
                        && !look(key, row)?
                    {
                        break;
                    }
                }
            }
            None => {
                for (key, row) in env.view.scan(self.table) {
                    if !look(key, row)? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}
