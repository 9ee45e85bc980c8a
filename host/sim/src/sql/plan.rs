//! A statement, understood once and ready to be run often.

use super::compile_query::query;
use super::compile_write::{delete, insert, update};
use super::create::create_table;
use super::create_trigger;
use super::dialect::Dialect;
use super::insert::Insert;
use super::parse::parse;
use super::postgres;
use super::query::Query;
use super::refuse::{syntax, unsupported};
use super::schema::{Definition, Schema};
use super::scope::{Scope, plain};
use super::select::{IfLocked, LockClause, Select};
use super::setting::{Setting, setting};
use super::written::Written;
use crate::capability::locking::LockingClause;
use crate::model::error::CallError;
use sqlparser::ast::{self, ObjectType, Statement};

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
    if let Some(setting) = setting(text, schema.dialect()) {
        return setting.map(Plan::Set);
    }
    let dialect = schema.dialect();
    let definition = match dialect {
        Dialect::Mysql => create_trigger::definition(text, schema),
        Dialect::Postgres => postgres::definition::definition(text, schema),
    };
    if let Some(definition) = definition {
        return definition.map(Plan::Define);
    }
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
