//! The clauses of INSERT, UPDATE and DELETE.

use super::super::dialect::Dialect;
use super::super::refusal::{lacking, not_allowed};
use super::{least, nothing, order, tables};
use crate::model::error::CallError;
use sqlparser::ast::{
    Assignment, AssignmentTarget, ConflictTarget, Delete, FromTable, Insert, OnConflict,
    OnConflictAction, OnInsert, SelectItem, SqliteOnConflict, Statement, TableFactor, TableObject,
    TableWithJoins, Update, UpdateTableFromKind,
};

const INSERT: &str = "INSERT INTO t VALUES (1)";
const UPDATE: &str = "UPDATE t SET a = 1";
const DELETE: &str = "DELETE FROM t";

/// Checks the clauses of an INSERT or REPLACE, except for its expressions.
pub(in crate::policy) fn insert(insert: &Insert, dialect: Dialect) -> Result<(), CallError> {
    if insert.replace_into && insert.ignore {
        return Err(not_allowed("REPLACE IGNORE"));
    }
    if !insert.into && dialect != Dialect::Mysql {
        return Err(lacking("INSERT without INTO", dialect));
    }
    conflict(insert.or, dialect)?;
    returning(insert.returning.as_deref())?;
    if !matches!(insert.table, TableObject::TableName(_)) {
        return Err(not_allowed(format!("an INSERT into {}", insert.table)));
    }
    match (&insert.table_alias, dialect) {
        (Some(alias), Dialect::Sqlite | Dialect::Postgres) if alias.explicit => {}
        (None, _) => {}
        (Some(alias), _) => return Err(not_allowed(format!("the alias {}", alias.alias))),
    }
    let has_rows = insert.source.is_some() || !insert.assignments.is_empty();
    if !has_rows && (dialect == Dialect::Mysql || !insert.columns.is_empty()) {
        return Err(not_allowed("an INSERT without rows"));
    }
    if !insert.assignments.is_empty() && insert.source.is_some() {
        return Err(not_allowed("an INSERT with two kinds of rows"));
    }
    assignments(&insert.assignments, dialect)?;
    match (&insert.on, dialect) {
        (None, _) => {}
        (Some(_), _) if insert.replace_into => {
            return Err(not_allowed("REPLACE with a clause for duplicates"));
        }
        (Some(OnInsert::DuplicateKeyUpdate(list)), Dialect::Mysql) => assignments(list, dialect)?,
        (Some(OnInsert::OnConflict(on)), Dialect::Sqlite | Dialect::Postgres) => {
            on_conflict(on, dialect)?
        }
        (Some(OnInsert::DuplicateKeyUpdate(_)), Dialect::Sqlite | Dialect::Postgres) => {
            return Err(not_allowed(format!(
                "ON DUPLICATE KEY UPDATE; {} has ON CONFLICT (column) DO UPDATE SET …",
                dialect.server()
            )));
        }
        (Some(_), _) => {
            return Err(not_allowed(
                "ON CONFLICT; MariaDB has ON DUPLICATE KEY UPDATE, REPLACE and INSERT IGNORE",
            ));
        }
    }
    let Statement::Insert(least) = least(INSERT, dialect) else {
        unreachable!("it is an INSERT");
    };
    let rest = Insert {
        or: None,
        ignore: false,
        into: true,
        replace_into: false,
        table: least.table.clone(),
        table_alias: None,
        columns: Vec::new(),
        source: least.source.clone(),
        assignments: Vec::new(),
        on: None,
        returning: None,
        ..insert.clone()
    };
    nothing(&rest, &least, INSERT, dialect)
}

fn on_conflict(on: &OnConflict, dialect: Dialect) -> Result<(), CallError> {
    if let Some(ConflictTarget::OnConstraint(name)) = &on.conflict_target {
        return Err(not_allowed(format!("ON CONFLICT ON CONSTRAINT {name}")));
    }
    match &on.action {
        OnConflictAction::DoNothing => Ok(()),
        OnConflictAction::DoUpdate(update) => assignments(&update.assignments, dialect),
    }
}

/// `OR …` of SQLite.
fn conflict(or: Option<SqliteOnConflict>, dialect: Dialect) -> Result<(), CallError> {
    match (or, dialect) {
        (None, _) => Ok(()),
        (Some(or), Dialect::Mysql) => Err(not_allowed(format!(
            "{or}; MariaDB has INSERT IGNORE, REPLACE and ON DUPLICATE KEY UPDATE"
        ))),
        (Some(or), Dialect::Postgres) => Err(not_allowed(format!(
            "{or}; PostgreSQL has INSERT … ON CONFLICT"
        ))),
        (
            Some(SqliteOnConflict::Abort | SqliteOnConflict::Ignore | SqliteOnConflict::Replace),
            Dialect::Sqlite,
        ) => Ok(()),
        (Some(SqliteOnConflict::Rollback), Dialect::Sqlite) => Err(not_allowed(
            "OR ROLLBACK: it ends the transaction, and a statement that is rejected leaves it \
             open; call rollback of the session",
        )),
        (Some(SqliteOnConflict::Fail), Dialect::Sqlite) => Err(not_allowed(
            "OR FAIL: it keeps what the statement wrote before it failed, and a statement that is \
             rejected has no effect",
        )),
    }
}

fn returning(items: Option<&[SelectItem]>) -> Result<(), CallError> {
    items.map_or(Ok(()), super::items)
}

fn assignments(list: &[Assignment], dialect: Dialect) -> Result<(), CallError> {
    for assignment in list {
        match &assignment.target {
            AssignmentTarget::ColumnName(name) if name.0.len() == 1 => {}
            AssignmentTarget::ColumnName(name)
                if name.0.len() == 2 && dialect == Dialect::Mysql => {}
            AssignmentTarget::Tuple(_) if dialect != Dialect::Mysql => {}
            target => return Err(lacking(format!("an assignment to {target}"), dialect)),
        }
    }
    Ok(())
}

/// Checks the clauses of an UPDATE, except for its expressions.
pub(in crate::policy) fn update(update: &Update, dialect: Dialect) -> Result<(), CallError> {
    conflict(update.or, dialect)?;
    returning(update.returning.as_deref())?;
    assignments(&update.assignments, dialect)?;
    tables(&update.table, dialect)?;
    let is_ordered = !update.order_by.is_empty() || update.limit.is_some();
    match dialect {
        Dialect::Sqlite | Dialect::Postgres if is_ordered => {
            return Err(no_bounds("UPDATE", dialect));
        }
        Dialect::Sqlite | Dialect::Postgres if !update.table.joins.is_empty() => {
            return Err(not_allowed(format!(
                "an UPDATE of a join; {} has UPDATE … FROM",
                dialect.server()
            )));
        }
        Dialect::Mysql if update.returning.is_some() => {
            return Err(not_allowed(
                "UPDATE … RETURNING, which MariaDB does not have; lock the row with SELECT … FOR \
                 UPDATE and read it in the same transaction",
            ));
        }
        Dialect::Mysql if update.from.is_some() => {
            return Err(not_allowed(
                "UPDATE … FROM; MariaDB has UPDATE … JOIN … SET",
            ));
        }
        Dialect::Mysql if is_ordered && !update.table.joins.is_empty() => {
            return Err(not_allowed("ORDER BY or LIMIT in an UPDATE of a join"));
        }
        _ => {}
    }
    match &update.from {
        None => {}
        Some(UpdateTableFromKind::AfterSet(from)) => {
            from.iter().try_for_each(|from| tables(from, dialect))?;
        }
        Some(UpdateTableFromKind::BeforeSet(_)) => return Err(not_allowed("UPDATE FROM … SET")),
    }
    order(&update.order_by, dialect)?;
    if let Some(limit) = &update.limit {
        super::bound(limit, dialect)?;
    }
    let Statement::Update(least) = least(UPDATE, dialect) else {
        unreachable!("it is an UPDATE");
    };
    let rest = Update {
        or: None,
        table: least.table.clone(),
        assignments: least.assignments.clone(),
        from: None,
        selection: None,
        returning: None,
        order_by: Vec::new(),
        limit: None,
        ..update.clone()
    };
    nothing(&rest, &least, UPDATE, dialect)
}

/// Checks the clauses of a DELETE, except for its expressions. `returns_last` as in `Reading`.
pub(in crate::policy) fn delete(
    delete: &Delete,
    returns_last: bool,
    dialect: Dialect,
) -> Result<(), CallError> {
    returning(delete.returning.as_deref())?;
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let [from @ TableWithJoins { relation, joins }] = from.as_slice() else {
        return Err(not_allowed("DELETE from several tables"));
    };
    tables(from, dialect)?;
    if !joins.is_empty() || !delete.tables.is_empty() || delete.using.is_some() {
        return Err(not_allowed(
            "a DELETE of a join; write WHERE … IN (SELECT …)",
        ));
    }
    if matches!(delete.from, FromTable::WithoutKeyword(_)) {
        return Err(not_allowed("DELETE without FROM"));
    }
    let has_alias = matches!(relation, TableFactor::Table { alias: Some(_), .. });
    let is_ordered = !delete.order_by.is_empty() || delete.limit.is_some();
    match dialect {
        Dialect::Sqlite | Dialect::Postgres if is_ordered => {
            return Err(no_bounds("DELETE", dialect));
        }
        Dialect::Mysql if has_alias => return Err(lacking("an alias in a DELETE", dialect)),
        Dialect::Mysql if is_ordered && delete.returning.is_some() && !returns_last => {
            return Err(not_allowed(
                "RETURNING before ORDER BY or LIMIT; MariaDB has it last",
            ));
        }
        _ => {}
    }
    order(&delete.order_by, dialect)?;
    if let Some(limit) = &delete.limit {
        super::bound(limit, dialect)?;
    }
    let Statement::Delete(least) = least(DELETE, dialect) else {
        unreachable!("it is a DELETE");
    };
    let rest = Delete {
        from: least.from.clone(),
        selection: None,
        returning: None,
        order_by: Vec::new(),
        limit: None,
        ..delete.clone()
    };
    nothing(&rest, &least, DELETE, dialect)
}

fn no_bounds(verb: &str, dialect: Dialect) -> CallError {
    let server = dialect.server();
    not_allowed(format!(
        "ORDER BY or LIMIT in {verb}, which {server} does not have; write WHERE id IN (SELECT id … \
         LIMIT 1)"
    ))
}
