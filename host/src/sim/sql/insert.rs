//! INSERT … VALUES.

use super::expression::{Environment, Expression};
use super::schema::{Table, TableId};
use super::view::{RowChange, StoredRow, View};
use crate::model::fault::Fault;
use crate::model::value::Value;
use std::sync::Arc;

#[derive(Debug, Clone)]
pub struct Insert {
    pub(super) id: TableId,
    pub(super) table: Arc<Table>,
    /// For each row, what each column gets; nothing for its default.
    pub(super) rows: Vec<Vec<Option<Expression>>>,
}

impl Insert {
    pub fn table(&self) -> TableId {
        self.id
    }

    /// The rows that it inserts, in the order of the statement. Whether their keys are taken already,
    /// or twice among them, is not asked here.
    pub fn changes(&self, parameters: &[Value], view: &dyn View) -> Result<Vec<RowChange>, Fault> {
        let env = Environment::writing(parameters, view);
        let change = |row: &Vec<Option<Expression>>| {
            let row = stored(&self.table, row, &env)?;
            Ok(RowChange {
                table: self.id,
                key: self.table.key_of(&row),
                before: None,
                after: Some(row),
            })
        };
        self.rows.iter().map(change).collect()
    }
}

/// The row as its table stores it.
pub(super) fn stored(
    table: &Table,
    row: &[Option<Expression>],
    env: &Environment<'_>,
) -> Result<StoredRow, Fault> {
    let value = |(column, expression): (&super::Column, &Option<Expression>)| match expression {
        Some(expression) => column.store(expression.evaluate(env)?),
        None => column.store_default(),
    };
    table.columns.iter().zip(row).map(value).collect()
}
