//! A statement, understood once and ready to be run often.

use super::compile::expression;
use super::compile_query::{query, relation};
use super::create::create_table;
use super::delete::Delete;
use super::insert::Insert;
use super::parse::parse;
use super::refuse::{no_such_column, unsupported};
use super::rest;
use super::rows::Rows;
use super::schema::{Definition, Schema, Table};
use super::scope::{Scope, plain};
use super::select::{IfLocked, LockClause, Select};
use super::setting::{Setting, setting};
use super::trigger;
use super::update::Update;
use super::written::Written;
use crate::model::fault::Fault;
use sqlparser::ast::{
    self, AssignmentTarget, Expr, FromTable, LockType, NonBlock, ObjectType, SetExpr, Statement,
    TableObject,
};
use std::borrow::Cow;
use std::sync::Arc;

/// What a statement does. It holds for the version of the schema for which it was planned.
#[derive(Debug, Clone)]
pub enum Plan {
    Select(Select),
    Insert(Insert),
    Update(Update),
    Delete(Delete),
    Define(Definition),
    Set(Setting),
}

/// Parses one statement and resolves its names. `rejected` with `syntax`, with `unsupported` and the
/// construct that is outside of the subset, or with MariaDB's code for a missing table (1146) or
/// column (1054).
pub fn plan(text: &str, schema: &Schema) -> Result<Plan, Fault> {
    if let Some(setting) = setting(text) {
        return setting.map(Plan::Set);
    }
    if let Some(definition) = trigger::definition(text, schema) {
        return definition.map(Plan::Define);
    }
    let statement = parse(&with_share(text))?;
    let scope = &mut Scope::new(schema, &statement);
    Ok(match &statement {
        Statement::Query(ast) => Plan::Select(select(ast, scope)?),
        Statement::Insert(ast) => Plan::Insert(insert(ast, scope)?),
        Statement::Update(ast) => Plan::Update(update(ast, scope)?),
        Statement::Delete(ast) => Plan::Delete(delete(ast, scope)?),
        Statement::CreateTable(ast) => Plan::Define(create_table(ast)?),
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
        other => {
            let text = other.to_string();
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            return Err(unsupported(format!("the statement {}", words.join(" "))));
        }
    })
}

/// MariaDB has LOCK IN SHARE MODE for the standard's FOR SHARE, which is all that the parser knows.
fn with_share(text: &str) -> Cow<'_, str> {
    const CLAUSE: &str = "LOCK IN SHARE MODE";
    let trimmed = text.trim_end();
    let start = trimmed.len().checked_sub(CLAUSE.len());
    match start.and_then(|start| Some((trimmed.get(..start)?, &trimmed[start..]))) {
        Some((before, clause)) if clause.eq_ignore_ascii_case(CLAUSE) => {
            format!("{before}FOR SHARE").into()
        }
        _ => text.into(),
    }
}

fn select(ast: &ast::Query, scope: &mut Scope<'_>) -> Result<Select, Fault> {
    let query = query(ast, scope)?;
    let lock = match ast.locks.as_slice() {
        [] => None,
        [lock] if lock.of.is_none() && query.rows.is_some() => Some(LockClause {
            exclusive: lock.lock_type == LockType::Update,
            if_locked: match lock.nonblock {
                None => IfLocked::Wait,
                Some(NonBlock::Nowait) => IfLocked::Refuse,
                Some(NonBlock::SkipLocked) => IfLocked::Skip,
            },
        }),
        [lock] if lock.of.is_some() => return Err(unsupported(format!("the clause {lock}"))),
        [_] => return Err(unsupported("a locking clause without a table")),
        _ => return Err(unsupported("more than one locking clause")),
    };
    Ok(Select { query, lock })
}

/// The rows of the table that a statement writes. Its level stays open.
fn written(
    from: &ast::TableWithJoins,
    filter: Option<&Expr>,
    scope: &mut Scope<'_>,
) -> Result<(Written, Arc<Table>), Fault> {
    let (name, alias) = relation(from)?;
    let (id, table) = scope.find(name)?;
    let level = scope.open(alias.unwrap_or(plain(name)?), table.clone())?;
    let filter = filter.map(|filter| expression(filter, scope)).transpose()?;
    let rows = Rows::new(id, &table, level, filter);
    Ok((Written { rows }, table))
}

fn update(ast: &ast::Update, scope: &mut Scope<'_>) -> Result<Update, Fault> {
    if ast.limit.is_some() || !ast.order_by.is_empty() {
        return Err(unsupported("ORDER BY or LIMIT in an UPDATE"));
    }
    rest::of_update(ast)?;
    let (written, table) = written(&ast.table, ast.selection.as_ref(), scope)?;
    let mut assignments = Vec::new();
    for assignment in &ast.assignments {
        let AssignmentTarget::ColumnName(name) = &assignment.target else {
            let target = &assignment.target;
            return Err(unsupported(format!("an assignment to {target}")));
        };
        // UPDATE t SET t.a = … is the same column.
        let last = name.0.last().and_then(|part| part.as_ident());
        let column = last.and_then(|last| table.column(&last.value));
        let column = column.ok_or_else(|| no_such_column(name))?;
        assignments.push((column, expression(&assignment.value, scope)?));
    }
    Ok(Update {
        written,
        table,
        assignments,
    })
}

fn delete(ast: &ast::Delete, scope: &mut Scope<'_>) -> Result<Delete, Fault> {
    if ast.limit.is_some() || !ast.order_by.is_empty() {
        return Err(unsupported("ORDER BY or LIMIT in a DELETE"));
    }
    rest::of_delete(ast)?;
    let FromTable::WithFromKeyword(from) = &ast.from else {
        return Err(unsupported("DELETE without FROM"));
    };
    let [from] = from.as_slice() else {
        return Err(unsupported("DELETE from several tables"));
    };
    let (written, _) = written(from, ast.selection.as_ref(), scope)?;
    Ok(Delete { written })
}

pub(super) fn insert(ast: &ast::Insert, scope: &mut Scope<'_>) -> Result<Insert, Fault> {
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
            return Err(Fault::rejected(1136, message));
        }
        let mut row = vec![None; table.columns.len()];
        for (&column, value) in columns.iter().zip(&given.content) {
            row[column] = Some(expression(value, scope)?);
        }
        rows.push(row);
    }
    Ok(Insert { id, table, rows })
}

/// The columns that are given: those that are named, or all.
fn columns(ast: &ast::Insert, table: &Table) -> Result<Vec<usize>, Fault> {
    if ast.columns.is_empty() {
        return Ok((0..table.columns.len()).collect());
    }
    let mut columns = Vec::new();
    for name in &ast.columns {
        let column = table.column(plain(name)?);
        let column = column.ok_or_else(|| no_such_column(name))?;
        if columns.contains(&column) {
            let message = format!("the column {name} is given twice");
            return Err(Fault::rejected(1110, message));
        }
        columns.push(column);
    }
    Ok(columns)
}
