//! DELETE.

use super::expression::Environment;
use super::rows::Rows;
use super::schema::TableId;
use super::view::{RowChange, StoredRow, View, Visits};
use crate::model::fault::Fault;
use crate::model::value::Value;

#[derive(Debug, Clone)]
pub struct Delete {
    pub(super) rows: Rows,
}

impl Delete {
    pub fn table(&self) -> TableId {
        self.rows.table
    }

    /// The rows that it comes by, and so locks.
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

    /// The rows that it deletes, in key order.
    pub fn changes(&self, parameters: &[Value], view: &dyn View) -> Result<Vec<RowChange>, Fault> {
        let env = Environment::writing(parameters, view);
        let mut changes = Vec::new();
        self.rows.each(&env, |key, row, _| {
            changes.push(RowChange {
                table: self.rows.table,
                key: key.clone(),
                before: Some(row.clone()),
                after: None,
            });
            Ok(true)
        })?;
        Ok(changes)
    }
}
