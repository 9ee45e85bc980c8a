//! UPDATE.

use super::expression::{Environment, Expression};
use super::refuse::unsupported;
use super::table::Table;
use super::view::{StoredRow, View};
use super::written::{Changes, Written};
use crate::model::error::CallError;
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

    /// Says whether it reads in sub-queries.
    pub fn has_query(&self) -> bool {
        let mut values = self.assignments.iter().map(|(_, value)| value);
        self.written.rows.has_query() || values.any(Expression::has_query)
    }

    /// The rows that it changes, in its order: those that meet the WHERE and come out different. Their
    /// number is what MariaDB calls the affected rows.
    pub fn changes(&self, parameters: &[Value], view: &dyn View) -> Result<Changes, CallError> {
        let after = |env: &Environment<'_>, row: &StoredRow| self.assigned(env, row).map(Some);
        self.written.changes(parameters, view, after)
    }

    /// As MariaDB does it, from left to right: an assignment sees what those before it have made.
    fn assigned(&self, env: &Environment<'_>, row: &StoredRow) -> Result<StoredRow, CallError> {
        let level = self.written.rows.level;
        assigned(&self.assignments, &self.table, level, env, row)
    }
}

/// A row after assignments to its columns, from left to right.
pub(super) fn assigned(
    assignments: &[(usize, Expression)],
    table: &Table,
    level: usize,
    env: &Environment<'_>,
    row: &StoredRow,
) -> Result<StoredRow, CallError> {
    let mut after = Vec::with_capacity(row.len());
    // A value that no assignment reads is not copied to be overwritten.
    let reads_row = assignments.iter().any(|(_, value)| value.depends_on(level));
    let is_kept = |column| reads_row || assignments.iter().all(|(assigned, _)| *assigned != column);
    after.extend(
        row.iter()
            .enumerate()
            .map(|(column, value)| match is_kept(column) {
                true => value.clone(),
                false => Value::Null,
            }),
    );
    for (column, expression) in assignments {
        let column = *column;
        let value = expression.evaluate(&env.at(level, &after))?;
        let value = table.columns[column].store(value)?;
        if value != row[column] && table.primary.contains(&column) {
            let name = &table.columns[column].name;
            return Err(unsupported(format!(
                "an UPDATE that changes the primary key ({name})"
            )));
        }
        after[column] = value;
    }
    Ok(after.into())
}
