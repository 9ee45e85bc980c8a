//! A statement, understood once and ready to be run often.

use super::assignments::Assignments;
use super::compile::expression;
use super::compile_query::{bound, columns_in_order, is_key_order, query, relation};
use super::create::create_table;
use super::create_trigger;
use super::dialect::{Dialect, Problem};
use super::insert::{Duplicates, Insert};
use super::parse::parse;
use super::query::Query;
use super::refuse::{no_such_column, syntax, unsupported};
use super::rest;
use super::returning::Returning;
use super::rows::Rows;
use super::schema::{Definition, Schema};
use super::scope::{Scope, plain};
use super::select::{IfLocked, LockClause, Select};
use super::setting::{Setting, setting};
use super::table::Table;
use super::written::Written;
use crate::capability::locking::LockingClause;
use crate::model::error::CallError;
use sqlparser::ast::{
    self, AssignmentTarget, Expr, FromTable, ObjectType, OnInsert, OrderByExpr, SelectItem,
    SetExpr, Statement, TableObject,
};
use std::sync::Arc;

/// A statement with its names resolved. It holds for the version of the schema for which it was planned.
#[derive(Debug, Clone)]
pub enum Plan {
    Select(Select),
    Insert(Insert),
    Update(Written),
    Delete(Written),
    Define(Definition),
    Set(Setting),
    /// With the savepoint's name.
    Savepoint(SavepointStep, String),
}

/// An operation on a savepoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SavepointStep {
    Set,
    Release,
    RollBack,
}

/// Parses one statement and resolves its names. `rejected` with `syntax`, with `unsupported` and the
/// construct that is outside of the subset, or with the dialect's code for a missing table or
/// column.
pub fn plan(text: &str, schema: &Schema) -> Result<Plan, CallError> {
    if let Some(setting) = setting(text) {
        return setting.map(Plan::Set);
    }
    if let Some(definition) = create_trigger::definition(text, schema) {
        return definition.map(Plan::Define);
    }
    let dialect = schema.dialect();
    let reading = parse(text, dialect)?;
    let (statement, lock) = (&reading.statement, &reading.lock);
    if lock.is_some() && !matches!(statement, Statement::Query(_)) {
        return Err(unsupported("a locking clause of anything but a SELECT"));
    }
    let scope = &mut Scope::new(schema, statement);
    Ok(match statement {
        Statement::Query(ast) => Plan::Select(select(ast, lock.as_ref(), scope)?),
        Statement::Insert(ast) => Plan::Insert(insert(ast, scope)?),
        Statement::Update(ast) => Plan::Update(update(ast, scope)?),
        Statement::Delete(ast) => Plan::Delete(delete(ast, scope)?),
        Statement::CreateTable(ast) => Plan::Define(create_table(ast, dialect)?),
        Statement::Drop {
            object_type: ObjectType::Table,
            if_exists,
            names,
            temporary: false,
            ..
        } => {
            let names = names.iter().map(|name| plain(name).map(str::to_owned));
            Plan::Define(Definition::DropTables {
                names: names.collect::<Result<_, _>>()?,
                if_exists: *if_exists,
            })
        }
        Statement::Savepoint { name } => Plan::Savepoint(SavepointStep::Set, name.value.clone()),
        Statement::ReleaseSavepoint { name } => {
            Plan::Savepoint(SavepointStep::Release, name.value.clone())
        }
        Statement::Rollback {
            chain: false,
            savepoint: Some(name),
        } => Plan::Savepoint(SavepointStep::RollBack, name.value.clone()),
        other => {
            let text = other.to_string();
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            return Err(unsupported(format!("the statement {}", words.join(" "))));
        }
    })
}

fn select(
    ast: &ast::Query,
    clause: Option<&LockingClause>,
    scope: &mut Scope<'_>,
) -> Result<Select, CallError> {
    let query = query(ast, scope)?;
    if !ast.locks.is_empty() {
        return Err(unsupported(format!("the clause {}", ast.locks[0])));
    }
    let lock = match clause {
        None => None,
        Some(clause) => Some(lock(clause, &query, scope.dialect())?),
    };
    Ok(Select { query, lock })
}

fn lock(clause: &LockingClause, query: &Query, dialect: Dialect) -> Result<LockClause, CallError> {
    let other = match dialect {
        Dialect::Mysql if clause.is_standard => {
            Some("FOR SHARE: MariaDB has LOCK IN SHARE MODE for it")
        }
        Dialect::Postgres if !clause.exclusive && !clause.is_standard => {
            Some("LOCK IN SHARE MODE: PostgreSQL has FOR SHARE for it")
        }
        Dialect::Postgres if matches!(clause.if_locked, IfLocked::WaitFor(_)) => {
            Some("WAIT n: PostgreSQL has lock_timeout for it")
        }
        _ => None,
    };
    if let Some(other) = other {
        return Err(syntax(dialect, other));
    }
    if query.rows.is_none() {
        return Err(unsupported("a locking clause without a table"));
    }
    Ok(LockClause {
        exclusive: clause.exclusive,
        if_locked: clause.if_locked,
    })
}

/// The columns of RETURNING, over the table of a level.
fn returning(
    items: Option<&Vec<SelectItem>>,
    table: &Arc<Table>,
    level: usize,
    scope: &mut Scope<'_>,
) -> Result<Option<Returning>, CallError> {
    let items = items.map(|list| super::compile_query::items(list, Some((table, level)), scope));
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
    let written = Written {
        rows: Rows::new(id, &table, level, filter),
        in_key_order: order.is_empty() || is_key_order(&order, &table, level),
        order,
        limit: limit.map(|limit| bound(limit, scope)).transpose()?,
        assignments: None,
        returning: None,
    };
    Ok((written, table))
}

fn update(ast: &ast::Update, scope: &mut Scope<'_>) -> Result<Written, CallError> {
    rest::of_update(ast)?;
    let bounds = (ast.order_by.as_slice(), ast.limit.as_ref());
    let (mut written, table) = written(&ast.table, ast.selection.as_ref(), bounds, scope)?;
    let level = written.rows.level;
    written.assignments = Some(assignments(&ast.assignments, &table, level, scope)?);
    Ok(written)
}

fn assignments(
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
        // UPDATE t SET t.a = … is the same column.
        let last = name.0.last().and_then(|part| part.as_ident());
        let column = last.and_then(|last| table.column(&last.value));
        let column = column.ok_or_else(|| no_such_column(table.dialect, name))?;
        let value = expression(&assignment.value, scope)?;
        assignments.list.push((column, value));
    }
    Ok(assignments)
}

fn delete(ast: &ast::Delete, scope: &mut Scope<'_>) -> Result<Written, CallError> {
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
            row[column] = Some(expression(value, scope)?);
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

/// Reads the clauses behind the VALUES of an INSERT.
fn after_values(
    insert: &mut Insert,
    ast: &ast::Insert,
    table: &Arc<Table>,
    scope: &mut Scope<'_>,
) -> Result<(), CallError> {
    // The row that would be inserted, which has no name: VALUES(column) is of it.
    let inserted = scope.open("", table.clone())?;
    let TableObject::TableName(name) = &ast.table else {
        unreachable!("it was looked at before");
    };
    let level = scope.open(plain(name)?, table.clone())?;
    insert.duplicates = match (&ast.on, ast.replace_into, ast.ignore) {
        (None, false, false) => Duplicates::Refused,
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
    if !insert.duplicates.are_refused() && !table.unique.is_empty() {
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
