//! Parts of a statement that are not known. The parser knows many dialects' clauses, and none may
//! be passed over: so the known parts are taken out of a copy, and what is left must be what the
//! smallest statement of the kind has.

use super::dialect::Dialect;
use super::parse::parse;
use super::refuse::unsupported;
use crate::model::error::CallError;
use sqlparser::ast::{
    CreateTable, CreateTableOptions, Delete, Insert, Query, Select, SetExpr, Statement,
    TableFactor, Update, WildcardAdditionalOptions,
};
use std::fmt::Display;

const QUERY: &str = "SELECT 1";
const INSERT: &str = "INSERT INTO t VALUES (1)";
const UPDATE: &str = "UPDATE t SET a = 1";
const DELETE: &str = "DELETE FROM t";
const CREATE: &str = "CREATE TABLE t (a INT)";

/// All but the SELECT, ORDER BY, LIMIT and the locking clause.
pub(super) fn of_query(query: &Query) -> Result<(), CallError> {
    let least = least_query();
    let rest = Query {
        body: least.body.clone(),
        order_by: None,
        limit_clause: None,
        locks: Vec::new(),
        ..query.clone()
    };
    nothing(&rest, &least, QUERY)
}

/// All but the columns, FROM and WHERE.
pub(super) fn of_select(select: &Select) -> Result<(), CallError> {
    let SetExpr::Select(least) = *least_query().body else {
        unreachable!("it is a SELECT");
    };
    let rest = Select {
        projection: least.projection.clone(),
        from: Vec::new(),
        selection: None,
        ..select.clone()
    };
    nothing(&rest, &*least, QUERY)
}

/// All but the name and the alias.
pub(super) fn of_table(factor: &TableFactor) -> Result<(), CallError> {
    let (name, alias) = match factor {
        TableFactor::Table { name, alias, .. } => (name.clone(), alias.clone()),
        other => return Err(unsupported(format!("a table of the form {other}"))),
    };
    let more = |alias: &sqlparser::ast::TableAlias| !alias.columns.is_empty() || alias.at.is_some();
    let plain = TableFactor::Table {
        name,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
        alias: alias.clone(),
    };
    if plain != *factor || alias.is_some_and(|alias| more(&alias)) {
        return Err(unsupported(format!("a table of the form {factor}")));
    }
    Ok(())
}

pub(super) fn of_wildcard(options: &WildcardAdditionalOptions) -> Result<(), CallError> {
    if *options != WildcardAdditionalOptions::default() {
        return Err(unsupported(format!("*{options}")));
    }
    Ok(())
}

/// All but the table, the columns, the source, what becomes of duplicates, and RETURNING.
pub(super) fn of_insert(insert: &Insert) -> Result<(), CallError> {
    if !insert.assignments.is_empty() {
        return Err(unsupported("INSERT … SET"));
    }
    let Statement::Insert(least) = least(INSERT) else {
        unreachable!("it is an INSERT");
    };
    let rest = Insert {
        // INSERT t is INSERT INTO t.
        into: true,
        table: least.table.clone(),
        columns: Vec::new(),
        source: least.source.clone(),
        on: None,
        replace_into: false,
        ignore: false,
        returning: None,
        ..insert.clone()
    };
    nothing(&rest, &least, INSERT)
}

/// All but the table, what is set, WHERE, ORDER BY, LIMIT and, in PostgreSQL, RETURNING.
pub(super) fn of_update(update: &Update, dialect: Dialect) -> Result<(), CallError> {
    let Statement::Update(least) = least(UPDATE) else {
        unreachable!("it is an UPDATE");
    };
    let rest = Update {
        table: least.table.clone(),
        assignments: least.assignments.clone(),
        selection: None,
        order_by: Vec::new(),
        limit: None,
        returning: match dialect {
            Dialect::Mysql => update.returning.clone(),
            Dialect::Postgres => None,
        },
        ..update.clone()
    };
    nothing(&rest, &least, UPDATE)
}

/// All but the table, WHERE, ORDER BY, LIMIT and RETURNING.
pub(super) fn of_delete(delete: &Delete) -> Result<(), CallError> {
    let Statement::Delete(least) = least(DELETE) else {
        unreachable!("it is a DELETE");
    };
    let rest = Delete {
        from: least.from.clone(),
        selection: None,
        order_by: Vec::new(),
        limit: None,
        returning: None,
        ..delete.clone()
    };
    nothing(&rest, &least, DELETE)
}

/// All but the name, the columns, the keys, the options, OR REPLACE and IF NOT EXISTS.
pub(super) fn of_create_table(create: &CreateTable) -> Result<(), CallError> {
    let Statement::CreateTable(least) = least(CREATE) else {
        unreachable!("it is a CREATE TABLE");
    };
    let rest = CreateTable {
        or_replace: false,
        if_not_exists: false,
        name: least.name.clone(),
        columns: least.columns.clone(),
        constraints: Vec::new(),
        table_options: CreateTableOptions::None,
        ..create.clone()
    };
    nothing(&rest, &least, CREATE)
}

fn least(text: &str) -> Statement {
    let read = parse(text, Dialect::Mysql).ok();
    let read = read.expect("the smallest statement of its kind");
    read.statement.clone()
}

fn least_query() -> Box<Query> {
    match least(QUERY) {
        Statement::Query(query) => query,
        _ => unreachable!("it is a query"),
    }
}

fn nothing<T: PartialEq + Display>(rest: &T, least: &T, text: &str) -> Result<(), CallError> {
    if rest == least {
        return Ok(());
    }
    let rest = rest.to_string();
    let named = rest.strip_prefix(text).unwrap_or(&rest).trim();
    Err(unsupported(format!("this clause: {named}")))
}
