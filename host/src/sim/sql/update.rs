//! UPDATE.

use super::expression::{Environment, Expression};
use super::refuse::unsupported;
use super::rows::Rows;
use super::schema::{Table, TableId};
use super::view::{RowChange, StoredRow, View, Visits};
use crate::model::fault::Fault;
use crate::model::value::Value;
use std::sync::Arc;

#[derive(Debug, Clone)]
pub struct Update {
    pub(super) rows: Rows,
    pub(super) table: Arc<Table>,
    /// Columns and what they are set to, in the order of the statement.
    pub(super) assignments: Vec<(usize, Expression)>,
}

impl Update {
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

    /// The rows that it changes, in key order: those that meet the WHERE and come out different. Their
    /// number is what MariaDB calls the affected rows.
    pub fn changes(&self, parameters: &[Value], view: &dyn View) -> Result<Vec<RowChange>, Fault> {
        let env = Environment::writing(parameters, view);
        let mut changes = Vec::new();
        self.rows.each(&env, |key, row, env| {
            let after = self.assigned(env, row)?;
            if after[..] != row[..] {
                changes.push(RowChange {
                    table: self.rows.table,
                    key: key.clone(),
                    before: Some(row.clone()),
                    after: Some(after.into()),
                });
            }
            Ok(true)
        })?;
        Ok(changes)
    }

    /// As MariaDB does it, from left to right: an assignment sees what those before it have made.
    fn assigned(&self, env: &Environment<'_>, row: &StoredRow) -> Result<Vec<Value>, Fault> {
        let mut after = row.to_vec();
        for (column, expression) in &self.assignments {
            let column = *column;
            let value = expression.evaluate(&env.at(self.rows.level, &after))?;
            let value = self.table.columns[column].store(value)?;
            if value != row[column] && self.table.primary.contains(&column) {
                let name = &self.table.columns[column].name;
                return Err(unsupported(format!(
                    "an UPDATE that changes the primary key ({name})"
                )));
            }
            after[column] = value;
        }
        Ok(after)
    }
}
