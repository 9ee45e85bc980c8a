//! UPDATE.

use super::expression::{Environment, Expression};
use super::refuse::unsupported;
use super::schema::Table;
use super::view::{RowChange, StoredRow, View};
use super::written::Written;
use crate::model::fault::Fault;
use crate::model::value::Value;
use std::sync::Arc;

#[derive(Debug, Clone)]
pub struct Update {
    pub(super) written: Written,
    pub(super) table: Arc<Table>,
    /// Columns and what they are set to, in the order of the statement.
    pub(super) assignments: Vec<(usize, Expression)>,
}

impl Update {
    pub fn written(&self) -> &Written {
        &self.written
    }

    /// The rows that it changes, in key order: those that meet the WHERE and come out different. Their
    /// number is what MariaDB calls the affected rows.
    pub fn changes(&self, parameters: &[Value], view: &dyn View) -> Result<Vec<RowChange>, Fault> {
        let after = |env: &Environment<'_>, row: &StoredRow| self.assigned(env, row).map(Some);
        self.written.changes(parameters, view, after)
    }

    /// As MariaDB does it, from left to right: an assignment sees what those before it have made.
    fn assigned(&self, env: &Environment<'_>, row: &StoredRow) -> Result<StoredRow, Fault> {
        let mut after = row.to_vec();
        for (column, expression) in &self.assignments {
            let column = *column;
            let value = expression.evaluate(&env.at(self.written.rows.level, &after))?;
            let value = self.table.columns[column].store(value)?;
            if value != row[column] && self.table.primary.contains(&column) {
                let name = &self.table.columns[column].name;
                return Err(unsupported(format!(
                    "an UPDATE that changes the primary key ({name})"
                )));
            }
            after[column] = value;
        }
        Ok(after.into())
    }
}
