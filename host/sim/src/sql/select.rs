//! SELECT.

use super::expression::{Environment, Expression, SubQuery};
use super::key::Key;
use super::query::Query;
use super::table::TableId;
use super::view::{StoredRow, View, Visits};
pub use crate::capability::locking::IfLocked;
use crate::model::error::CallError;
use crate::model::value::{Row, Value};

#[derive(Debug, Clone)]
pub struct Select {
    pub(super) query: Query,
    pub(super) lock: Option<LockClause>,
}

/// The locking clause of a SELECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockClause {
    /// FOR UPDATE; otherwise LOCK IN SHARE MODE.
    pub exclusive: bool,
    pub if_locked: IfLocked,
}

impl Select {
    /// The table that it reads, if it reads one. Sub-queries may read others.
    pub fn table(&self) -> Option<TableId> {
        self.query.rows.as_ref().map(|rows| rows.table)
    }

    /// Says whether it reads more tables than one, in sub-queries.
    pub fn has_query(&self) -> bool {
        let Query { rows, items, .. } = &self.query;
        rows.as_ref().is_some_and(|rows| rows.has_query())
            || items.iter().any(Expression::has_query)
    }

    pub fn lock(&self) -> Option<LockClause> {
        self.lock
    }

    /// The rows that it comes by, for a SELECT with a locking clause.
    pub fn visits(&self, parameters: &[Value], view: &dyn View) -> Result<Visits, CallError> {
        let env = Environment::reading(parameters, view);
        match &self.query.rows {
            Some(rows) => rows.visits(&env, self.query.enough(&env)?),
            None => Ok(Visits::Keys(Vec::new())),
        }
    }

    /// Does a row of the table meet the WHERE?
    pub fn matches(
        &self,
        parameters: &[Value],
        view: &dyn View,
        row: &StoredRow,
    ) -> Result<bool, CallError> {
        let env = Environment::reading(parameters, view);
        match &self.query.rows {
            Some(rows) => rows.matches(&env, row),
            None => Ok(false),
        }
    }

    /// The rows that meet the WHERE, in its order and without its bounds.
    pub fn candidates(
        &self,
        parameters: &[Value],
        view: &dyn View,
    ) -> Result<Vec<(Key, StoredRow)>, CallError> {
        self.query
            .candidates(&Environment::reading(parameters, view))
    }

    /// The numbers of OFFSET and LIMIT.
    pub fn bounds(
        &self,
        parameters: &[Value],
        view: &dyn View,
    ) -> Result<(usize, usize), CallError> {
        self.query.bounds(&Environment::reading(parameters, view))
    }

    /// What it computes of one row of its table.
    pub fn row_of(
        &self,
        parameters: &[Value],
        view: &dyn View,
        row: &StoredRow,
    ) -> Result<Row, CallError> {
        let env = Environment::reading(parameters, view);
        self.query.row_of(&env, row)
    }

    /// Says whether it computes one row of all of them.
    pub fn aggregates(&self) -> bool {
        !self.query.aggregates.is_empty()
    }

    /// The answer. Without ORDER BY, rows come in the order of the primary key.
    pub fn rows(&self, parameters: &[Value], view: &dyn View) -> Result<Vec<Row>, CallError> {
        self.query.rows(&Environment::reading(parameters, view))
    }
}
