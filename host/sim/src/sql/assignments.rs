//! The new values of a row after UPDATE or ON DUPLICATE KEY UPDATE.

use super::dialect::Dialect;
use super::expression::{Environment, Expression};
use super::refuse::unsupported;
use super::table::Table;
use super::value::Scalar;
use super::view::StoredRow;
use crate::model::error::CallError;
use crate::model::value::Value;
use std::sync::Arc;

#[derive(Debug, Clone)]
pub(super) struct Assignments {
    pub table: Arc<Table>,
    /// That of the row.
    pub level: usize,
    /// Columns and what they are set to, in the order of the statement.
    pub list: Vec<(usize, Expression)>,
}

impl Assignments {
    pub(super) fn has_query(&self) -> bool {
        self.list.iter().any(|(_, value)| value.has_query())
    }

    /// As MariaDB does it, from left to right: an assignment sees what those before it have made.
    pub(super) fn made_of(
        &self,
        row: &StoredRow,
        env: &Environment<'_>,
    ) -> Result<StoredRow, CallError> {
        let Self { table, level, list } = self;
        if table.dialect == Dialect::Postgres {
            return self.made_at_once(row, env);
        }
        let mut after = Vec::with_capacity(row.len());
        // A value that no assignment reads is not copied to be overwritten.
        let reads_row = list.iter().any(|(_, value)| value.depends_on(*level));
        let is_kept = |column| reads_row || list.iter().all(|(assigned, _)| *assigned != column);
        after.extend(
            row.iter()
                .enumerate()
                .map(|(column, value)| match is_kept(column) {
                    true => value.clone(),
                    false => Value::Null,
                }),
        );
        for &(column, ref expression) in list {
            let value = expression.evaluate(&env.at(*level, &after))?;
            after[column] = self.stored(column, value, row)?;
        }
        Ok(after.into())
    }

    /// As PostgreSQL does it: every assignment sees the row as it was.
    fn made_at_once(&self, row: &StoredRow, env: &Environment<'_>) -> Result<StoredRow, CallError> {
        let mut after = row.to_vec();
        let env = env.at(self.level, row);
        for &(column, ref expression) in &self.list {
            after[column] = self.stored(column, expression.evaluate(&env)?, row)?;
        }
        self.table.check(&after)?;
        Ok(after.into())
    }

    fn stored(
        &self,
        column: usize,
        value: Scalar<'_>,
        row: &StoredRow,
    ) -> Result<Value, CallError> {
        let table = &self.table;
        let value = table.store(column, value)?;
        if value != row[column] && table.primary.contains(&column) {
            let name = &table.columns[column].name;
            return Err(unsupported(format!(
                "an UPDATE that changes the primary key ({name})"
            )));
        }
        Ok(value)
    }
}
