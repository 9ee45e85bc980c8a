//! SELECT.

use super::schema::TableId;
use super::view::{StoredRow, View, Visits};
use crate::model::fault::Fault;
use crate::model::value::{Row, Value};

#[derive(Debug, Clone)]
pub struct Select {}

/// The locking clause of a SELECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockClause {
    /// FOR UPDATE; otherwise FOR SHARE or LOCK IN SHARE MODE.
    pub exclusive: bool,
    pub if_locked: IfLocked,
}

/// What a SELECT does about a row that somebody else has locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfLocked {
    Wait,
    /// NOWAIT
    Refuse,
    /// SKIP LOCKED
    Skip,
}

impl Select {
    /// The table that it reads, if it reads one. Sub-queries may read others.
    pub fn table(&self) -> Option<TableId> {
        todo!()
    }

    pub fn lock(&self) -> Option<LockClause> {
        todo!()
    }

    /// The rows that it comes by, for a SELECT with a locking clause.
    pub fn visits(&self, parameters: &[Value], view: &dyn View) -> Result<Visits, Fault> {
        let _ = (parameters, view);
        todo!()
    }

    /// Does a row of the table meet the WHERE?
    pub fn matches(
        &self,
        parameters: &[Value],
        view: &dyn View,
        row: &StoredRow,
    ) -> Result<bool, Fault> {
        let _ = (parameters, view, row);
        todo!()
    }

    /// The answer. Without ORDER BY, rows come in the order of the primary key.
    pub fn rows(&self, parameters: &[Value], view: &dyn View) -> Result<Vec<Row>, Fault> {
        let _ = (parameters, view);
        todo!()
    }
}
