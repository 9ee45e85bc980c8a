//! From the parser's ON CONFLICT to ours.

use super::conflict::{Conflict, Update};
use crate::model::error::CallError;
use crate::sql::compile::expression;
use crate::sql::compile_write::assignments;
use crate::sql::dialect::{Dialect, Problem};
use crate::sql::insert::Duplicates;
use crate::sql::refuse::{no_such_column, syntax, unsupported};
use crate::sql::scope::Scope;
use crate::sql::table::Table;
use sqlparser::ast::{self, ConflictTarget, OnConflictAction};
use std::sync::Arc;

const DIALECT: Dialect = Dialect::Postgres;

/// The clause, with the levels of EXCLUDED and of the row that is there.
pub(in crate::sql) fn duplicates(
    ast: &ast::OnConflict,
    table: &Arc<Table>,
    (excluded, level): (usize, usize),
    scope: &mut Scope<'_>,
) -> Result<Duplicates, CallError> {
    let target = match &ast.conflict_target {
        None => None,
        Some(ConflictTarget::Columns(columns)) => Some(key_of_columns(columns, table)?),
        Some(ConflictTarget::OnConstraint(name)) => {
            return Err(unsupported(format!("ON CONFLICT ON CONSTRAINT {name}")));
        }
    };
    let update = match (&ast.action, target) {
        (OnConflictAction::DoNothing, _) => None,
        (OnConflictAction::DoUpdate(_), None) => {
            return Err(syntax(DIALECT, "ON CONFLICT DO UPDATE without columns"));
        }
        (OnConflictAction::DoUpdate(_), Some(1..)) => {
            return Err(unsupported(
                "ON CONFLICT DO UPDATE of a UNIQUE key beside the primary key",
            ));
        }
        (OnConflictAction::DoUpdate(update), Some(0)) => {
            scope.inserted = Some(excluded);
            let list = assignments(&update.assignments, table, level, scope)?;
            let filter = update.selection.as_ref();
            let filter = filter.map(|filter| expression(filter, scope)).transpose()?;
            scope.inserted = None;
            Some(Update {
                excluded,
                assignments: list,
                filter,
            })
        }
    };
    let keys = match target {
        Some(key) => vec![key],
        None => (0..=table.unique.len()).collect(),
    };
    Ok(Duplicates::Conflict(Box::new(Conflict { keys, update })))
}

/// The key that has these columns, in any order.
fn key_of_columns(names: &[ast::Ident], table: &Table) -> Result<usize, CallError> {
    let column = |name: &ast::Ident| {
        let column = table.column(&name.value);
        column.ok_or_else(|| no_such_column(DIALECT, name))
    };
    let mut columns = names.iter().map(column).collect::<Result<Vec<_>, _>>()?;
    columns.sort_unstable();
    columns.dedup();
    let is_it = |key: &Vec<usize>| {
        let mut key = key.clone();
        key.sort_unstable();
        key == columns
    };
    let mut keys = std::iter::once(&table.primary).chain(&table.unique);
    keys.position(is_it).ok_or_else(|| {
        let message = "there is no primary or unique key of the columns of ON CONFLICT";
        DIALECT.error(Problem::NoSuchKey, message)
    })
}
