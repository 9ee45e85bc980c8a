//! The rows that an UPDATE or a DELETE changes.

use super::expression::Environment;
use super::rows::Rows;
use super::schema::TableId;
use super::view::{RowChange, StoredRow, View, Visits};
use crate::model::fault::Fault;
use crate::model::value::Value;

#[derive(Debug, Clone)]
pub struct Written {
    pub(super) rows: Rows,
}

impl Written {
    pub fn table(&self) -> TableId {
        self.rows.table
    }

    /// The rows that the statement comes by, and so locks.
    pub fn visits(&self, parameters: &[Value], view: &dyn View) -> Result<Visits, Fault> {
        let env = Environment::writing(parameters, view);
        self.rows.visits(&env, None)
    }

    /// Does a row of the table meet the WHERE?
    pub fn matches(
        &self,
        parameters: &[Value],
        view: &dyn View,
        row: &StoredRow,
    ) -> Result<bool, Fault> {
        let env = Environment::writing(parameters, view);
        self.rows.matches(&env, row)
    }

    /// What becomes of the rows that meet the WHERE, in key order; those that come out the same are
    /// left out. `after` is what a row becomes, or nothing.
    pub(super) fn changes(
        &self,
        parameters: &[Value],
        view: &dyn View,
        after: impl Fn(&Environment<'_>, &StoredRow) -> Result<Option<StoredRow>, Fault>,
    ) -> Result<Vec<RowChange>, Fault> {
        let env = Environment::writing(parameters, view);
        let mut changes = Vec::new();
        self.rows.each(&env, |key, row, env| {
            let after = after(env, row)?;
            if after.as_ref() != Some(row) {
                changes.push(RowChange {
                    table: self.rows.table,
                    key: key.clone(),
                    before: Some(row.clone()),
                    after,
                });
            }
            Ok(true)
        })?;
        Ok(changes)
    }
}
