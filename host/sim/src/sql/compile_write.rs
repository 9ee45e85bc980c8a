//! From the parser's INSERT, UPDATE and DELETE to ours.

use super::assignments::Assignments;
use super::compile::expression;
use super::compile_query::{bound, columns_in_order, is_key_order, items, relation};
use super::dialect::{Dialect, Problem};
use super::insert::{Duplicates, Insert};
use super::postgres;
use super::refuse::{no_such_column, syntax, unsupported};
use super::rest;
use super::returning::Returning;
use super::rows::Rows;
use super::scope::{Scope, plain};
use super::table::Table;
use super::written::Written;
use crate::model::error::CallError;
use sqlparser::ast::{
    self, AssignmentTarget, Expr, FromTable, OnInsert, OrderByExpr, SelectItem, SetExpr,
    TableObject,
};
use std::sync::Arc;

/// The columns of RETURNING, over the table of a level.
fn returning(
    list: Option<&Vec<SelectItem>>,
    table: &Arc<Table>,
    level: usize,
    scope: &mut Scope<'_>,
) -> Result<Option<Returning>, CallError> {
    let items = list.map(|list| items(list, Some((table, level)), scope));
    let items = items.transpose()?;
    Ok(items.map(|items| Returning { level, items }))
}

/// The rows of the table that a statement writes. Its level stays open.
fn written(
    from: &ast::TableWithJoins,
    filter: Option<&Expr>,
    (order_by, limit): (&[OrderByExpr], Option<&Expr>),
    scope: &mut Scope<'_>,
) -> Result<(Written, Arc<Table>), CallError> {
    let (name, alias) = relation(from)?;
    let (id, table) = scope.find(name)?;
    let level = scope.open(alias.unwrap_or(plain(name)?), table.clone())?;
    let filter = filter.map(|filter| expression(filter, scope)).transpose()?;
    let order = columns_in_order(order_by, scope)?;
    let dialect = scope.dialect();
    if dialect == Dialect::Postgres && (limit.is_some() || !order.is_empty()) {
        return Err(syntax(dialect, "ORDER BY or LIMIT of a write"));
    }
    let written = Written {
        dialect,
        rows: Rows::new(id, &table, level, filter),
        in_key_order: order.is_empty() || is_key_order(&order, &table, level),
        order,
        limit: limit.map(|limit| bound(limit, scope)).transpose()?,
        assignments: None,
        returning: None,
    };
    Ok((written, table))
}

pub(super) fn update(ast: &ast::Update, scope: &mut Scope<'_>) -> Result<Written, CallError> {
    rest::of_update(ast, scope.dialect())?;
    let bounds = (ast.order_by.as_slice(), ast.limit.as_ref());
    let (mut written, table) = written(&ast.table, ast.selection.as_ref(), bounds, scope)?;
    let level = written.rows.level;
    written.assignments = Some(assignments(&ast.assignments, &table, level, scope)?);
    written.returning = returning(ast.returning.as_ref(), &table, level, scope)?;
    Ok(written)
}

pub(super) fn assignments(
    list: &[ast::Assignment],
    table: &Arc<Table>,
    level: usize,
    scope: &mut Scope<'_>,
) -> Result<Assignments, CallError> {
    let mut assignments = Assignments {
        table: table.clone(),
        level,
        list: Vec::new(),
    };
    for assignment in list {
        let AssignmentTarget::ColumnName(name) = &assignment.target else {
            let target = &assignment.target;
            return Err(unsupported(format!("an assignment to {target}")));
        };
        // UPDATE t SET t.a = … is the same column, but not in PostgreSQL.
        let last = match (table.dialect, name.0.as_slice()) {
            (Dialect::Postgres, [_, _, ..]) => None,
            (_, parts) => parts.last().and_then(|part| part.as_ident()),
        };
        let column = last.and_then(|last| table.column(&last.value));
        let column = column.ok_or_else(|| no_such_column(table.dialect, name))?;
        let is_set = assignments.list.iter().any(|(other, _)| *other == column);
        if table.dialect == Dialect::Postgres && is_set {
            let message = format!("the column {name} is set twice");
            return Err(table.dialect.error(Problem::SetTwice, message));
        }
        let value = expression(&assignment.value, scope)?;
        assignments.list.push((column, value));
    }
    Ok(assignments)
}

pub(super) fn delete(ast: &ast::Delete, scope: &mut Scope<'_>) -> Result<Written, CallError> {
    rest::of_delete(ast)?;
    let FromTable::WithFromKeyword(from) = &ast.from else {
        return Err(unsupported("DELETE without FROM"));
    };
    let [from] = from.as_slice() else {
        return Err(unsupported("DELETE from several tables"));
    };
    let bounds = (ast.order_by.as_slice(), ast.limit.as_ref());
    let (mut written, table) = written(from, ast.selection.as_ref(), bounds, scope)?;
    let level = written.rows.level;
    written.returning = returning(ast.returning.as_ref(), &table, level, scope)?;
    Ok(written)
}

pub(super) fn insert(ast: &ast::Insert, scope: &mut Scope<'_>) -> Result<Insert, CallError> {
    rest::of_insert(ast)?;
    let TableObject::TableName(name) = &ast.table else {
        let table = &ast.table;
        return Err(unsupported(format!("an INSERT into {table}")));
    };
    let (id, table) = scope.find(name)?;
    let columns = columns(ast, &table)?;
    let values = match ast.source.as_ref().map(|source| &*source.body) {
        Some(SetExpr::Values(values)) => values,
        Some(SetExpr::Select(_)) => return Err(unsupported("INSERT … SELECT")),
        _ => return Err(unsupported("an INSERT without VALUES")),
    };
    let mut rows = Vec::new();
    for given in &values.rows {
        if given.content.len() != columns.len() {
            let (wanted, given) = (columns.len(), given.content.len());
            let message = format!("{given} values for {wanted} columns");
            return Err(scope.dialect().error(Problem::ValueCount, message));
        }
        let mut row = vec![None; table.columns.len()];
        for (&column, value) in columns.iter().zip(&given.content) {
            row[column] = match is_default(value, scope.dialect()) {
                true => None,
                false => Some(expression(value, scope)?),
            };
        }
        rows.push(row);
    }
    let mut insert = Insert {
        id,
        table: table.clone(),
        rows,
        duplicates: Duplicates::Refused,
        returning: None,
    };
    if !scope.is_trigger {
        after_values(&mut insert, ast, &table, scope)?;
    }
    Ok(insert)
}

/// PostgreSQL's DEFAULT, of which the parser makes a name.
fn is_default(value: &Expr, dialect: Dialect) -> bool {
    let is_word = |name: &ast::Ident| {
        name.quote_style.is_none() && name.value.eq_ignore_ascii_case("default")
    };
    dialect == Dialect::Postgres && matches!(value, Expr::Identifier(name) if is_word(name))
}

/// Reads the clauses behind the VALUES of an INSERT.
fn after_values(
    insert: &mut Insert,
    ast: &ast::Insert,
    table: &Arc<Table>,
    scope: &mut Scope<'_>,
) -> Result<(), CallError> {
    // The row that would be inserted, which has no name: VALUES(column) is of it.
    // PostgreSQL calls it EXCLUDED.
    let name_of_new = match scope.dialect() {
        Dialect::Mysql => "",
        Dialect::Postgres => "excluded",
    };
    let inserted = scope.open(name_of_new, table.clone())?;
    let TableObject::TableName(name) = &ast.table else {
        unreachable!("it was looked at before");
    };
    let level = scope.open(plain(name)?, table.clone())?;
    let dialect = scope.dialect();
    insert.duplicates = match (&ast.on, ast.replace_into, ast.ignore) {
        (None, false, false) => Duplicates::Refused,
        (Some(OnInsert::OnConflict(ast)), false, false) if dialect == Dialect::Postgres => {
            postgres::compile_conflict::duplicates(ast, table, (inserted, level), scope)?
        }
        _ if dialect == Dialect::Postgres => {
            let message = "REPLACE, IGNORE or ON DUPLICATE KEY UPDATE: PostgreSQL has ON CONFLICT";
            return Err(syntax(dialect, message));
        }
        (None, true, false) => Duplicates::Replaced,
        (None, false, true) => Duplicates::LeftOut,
        (Some(OnInsert::DuplicateKeyUpdate(list)), false, false) => {
            scope.inserted = Some(inserted);
            let assignments = assignments(list, table, level, scope)?;
            scope.inserted = None;
            Duplicates::Updated {
                inserted,
                assignments,
            }
        }
        _ => return Err(unsupported("this clause for duplicates")),
    };
    let is_limited = dialect == Dialect::Mysql && !insert.duplicates.are_refused();
    if is_limited && !table.unique.is_empty() {
        let what = insert.duplicates.name();
        let message = format!("{what} in a table with a UNIQUE key beside its primary key");
        return Err(unsupported(message));
    }
    insert.returning = returning(ast.returning.as_ref(), table, level, scope)?;
    Ok(())
}

/// The columns that are given: those that are named, or all.
fn columns(ast: &ast::Insert, table: &Table) -> Result<Vec<usize>, CallError> {
    if ast.columns.is_empty() {
        return Ok((0..table.columns.len()).collect());
    }
    let mut columns = Vec::new();
    for name in &ast.columns {
        let column = table.column(plain(name)?);
        let column = column.ok_or_else(|| no_such_column(table.dialect, name))?;
        if columns.contains(&column) {
            let message = format!("the column {name} is given twice");
            return Err(table.dialect.error(Problem::GivenTwice, message));
        }
        columns.push(column);
    }
    Ok(columns)
}
