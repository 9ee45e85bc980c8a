//! CREATE TABLE.

use super::compile::literal;
use super::dialect::{Dialect, Problem};
use super::postgres;
use super::refuse::{no_such_column, unsupported};
use super::rest;
use super::schema::Definition;
use super::scope::plain;
use super::table::{Column, ColumnType, Table};
use super::types::shape;
use super::value::Scalar;
use crate::model::error::CallError;
use crate::model::value::Value;
use sqlparser::ast::{
    self, BinaryOperator, ColumnDef, ColumnOption, CreateTableOptions, Expr, FunctionArg,
    FunctionArgExpr, FunctionArguments, Ident, IndexColumn, SqlOption, TableConstraint,
};
use std::sync::Arc;

/// The definition of a table. It needs a primary key, as every table of a multi-master cluster does.
pub(super) fn create_table(
    ast: &ast::CreateTable,
    dialect: Dialect,
) -> Result<Definition, CallError> {
    rest::of_create_table(ast)?;
    options(&ast.table_options)?;
    let mut table = Table {
        name: plain(&ast.name)?.into(),
        dialect,
        columns: Vec::new(),
        primary: Vec::new(),
        unique: Vec::new(),
        key_names: vec![Arc::from("")],
    };
    for column in &ast.columns {
        if table.column(&column.name.value).is_some() {
            let message = format!("the column {} is there twice", column.name);
            return Err(dialect.error(Problem::ColumnTwice, message));
        }
        add_column(&mut table, column)?;
    }
    for constraint in &ast.constraints {
        match constraint {
            TableConstraint::PrimaryKey(key) => {
                set_primary(&mut table, key_columns(&key.columns)?, key.name.as_ref())?;
            }
            TableConstraint::Unique(key) => {
                let columns = find(&table, key_columns(&key.columns)?)?;
                add_unique(&mut table, columns, key.name.as_ref());
            }
            TableConstraint::Check(check) => check_length(&mut table, &check.expr)?,
            // It only makes reading quicker.
            TableConstraint::Index(_) => {}
            other => return Err(unsupported(format!("the constraint {other}"))),
        }
    }
    if table.primary.is_empty() {
        return Err(unsupported("a table without a primary key"));
    }
    let keys = table.unique.iter().chain([&table.primary]);
    for &column in keys.flatten() {
        can_be_in_a_key(&table.columns[column], dialect)?;
    }
    for &column in &table.primary {
        table.columns[column].not_null = true;
    }
    Ok(Definition::CreateTable {
        table,
        or_replace: ast.or_replace,
        if_not_exists: ast.if_not_exists,
    })
}

/// Only what says what is so anyway.
fn options(options: &CreateTableOptions) -> Result<(), CallError> {
    let list = match options {
        CreateTableOptions::None => return Ok(()),
        CreateTableOptions::Plain(list) => list,
        other => return Err(unsupported(format!("the table options {other}"))),
    };
    for option in list {
        let fits = match option {
            SqlOption::Comment(_) => true,
            SqlOption::NamedParenthesizedList(list) => {
                let engine = list.name.as_ref().map(|name| name.value.as_str());
                let is = |word: &str| list.key.value.eq_ignore_ascii_case(word);
                is("ENGINE") && engine.is_some_and(|it| it.eq_ignore_ascii_case("InnoDB"))
            }
            SqlOption::KeyValue { key, value } => {
                let value = value.to_string().to_ascii_lowercase();
                match key.value.to_ascii_uppercase().as_str() {
                    "COMMENT" => true,
                    "ENGINE" => value == "innodb",
                    "COLLATE" | "DEFAULT COLLATE" => value.ends_with("_bin"),
                    "CHARSET" | "CHARACTER SET" | "DEFAULT CHARSET" | "DEFAULT CHARACTER SET" => {
                        value == "utf8mb4"
                    }
                    _ => false,
                }
            }
            _ => false,
        };
        if !fits {
            return Err(unsupported(format!("the table option {option}")));
        }
    }
    Ok(())
}

fn add_column(table: &mut Table, ast: &ColumnDef) -> Result<(), CallError> {
    let shape = match table.dialect {
        Dialect::Mysql => shape(&ast.data_type)?,
        Dialect::Postgres => postgres::columns::shape(&ast.data_type)?,
    };
    let name = ast.name.value.clone();
    table.columns.push(Column {
        name: name.as_str().into(),
        column_type: shape.column_type,
        not_null: false,
        max_length: shape.max_length,
        checked_length: None,
        default: None,
    });
    let number = table.columns.len() - 1;
    for option in &ast.options {
        let column = &mut table.columns[number];
        match &option.option {
            ColumnOption::Null => column.not_null = false,
            ColumnOption::NotNull => column.not_null = true,
            ColumnOption::Default(value) => {
                let value = default(table, number, value)?;
                table.columns[number].default = value;
            }
            ColumnOption::PrimaryKey(_) => {
                set_primary(table, vec![name.clone()], option.name.as_ref())?;
            }
            ColumnOption::Unique(_) => add_unique(table, vec![number], option.name.as_ref()),
            ColumnOption::Check(check) => check_length(table, &check.expr)?,
            ColumnOption::Comment(_) => {}
            other => return Err(unsupported(format!("a column with {other}"))),
        }
    }
    Ok(())
}

fn default(table: &Table, column: usize, value: &Expr) -> Result<Option<Value>, CallError> {
    let Expr::Value(value) = value else {
        return Err(unsupported(format!("DEFAULT {value}")));
    };
    match literal(&value.value, table.dialect)? {
        Value::Null => Ok(None),
        value => table.store(column, Scalar::owned(value)).map(Some),
    }
}

fn set_primary(
    table: &mut Table,
    names: Vec<String>,
    constraint: Option<&Ident>,
) -> Result<(), CallError> {
    if !table.primary.is_empty() {
        return Err(table
            .dialect
            .error(Problem::TwoPrimaryKeys, "a table with two primary keys"));
    }
    table.primary = find(table, names)?;
    table.key_names[0] = match constraint {
        Some(name) => name.value.as_str().into(),
        None => format!("{}_pkey", table.name).into(),
    };
    Ok(())
}

fn add_unique(table: &mut Table, columns: Vec<usize>, constraint: Option<&Ident>) {
    let names = columns.iter().map(|&column| &*table.columns[column].name);
    let names: Vec<&str> = names.collect();
    let name = match constraint {
        Some(name) => name.value.as_str().into(),
        None => format!("{}_{}_key", table.name, names.join("_")).into(),
    };
    table.unique.push(columns);
    table.key_names.push(name);
}

fn find(table: &Table, names: Vec<String>) -> Result<Vec<usize>, CallError> {
    let column = |name: &String| {
        table
            .column(name)
            .ok_or_else(|| no_such_column(table.dialect, name))
    };
    names.iter().map(column).collect()
}

fn key_columns(columns: &[IndexColumn]) -> Result<Vec<String>, CallError> {
    let name = |column: &IndexColumn| match &column.column.expr {
        Expr::Identifier(name) => Ok(name.value.clone()),
        other => Err(unsupported(format!("a key of {other}"))),
    };
    columns.iter().map(name).collect()
}

fn can_be_in_a_key(column: &Column, dialect: Dialect) -> Result<(), CallError> {
    let name = &column.name;
    match (column.column_type, column.max_length) {
        (ColumnType::Integer(..) | ColumnType::Uuid, _) => Ok(()),
        (ColumnType::Text | ColumnType::Bytes, Some(_)) => Ok(()),
        (ColumnType::Text | ColumnType::Bytes, None) if dialect == Dialect::Postgres => Ok(()),
        (ColumnType::Text | ColumnType::Bytes, None) => {
            let message = format!("the column {name} is in a key without a length");
            Err(CallError::rejected(1170, message))
        }
        (ColumnType::Real, _) => Err(unsupported(format!("a real number in a key ({name})"))),
        (ColumnType::Boolean, _) => Err(unsupported(format!("a boolean in a key ({name})"))),
    }
}

/// `length(column) <= n`, which is the only CHECK there is.
fn check_length(table: &mut Table, check: &Expr) -> Result<(), CallError> {
    let (column, bound) =
        length_check(check).ok_or_else(|| unsupported(format!("CHECK ({check})")))?;
    let found = table
        .column(column)
        .ok_or_else(|| no_such_column(table.dialect, column))?;
    let checked = &mut table.columns[found].checked_length;
    if table.dialect == Dialect::Postgres && checked.is_some() {
        return Err(unsupported(format!(
            "a second CHECK of the column {column}"
        )));
    }
    *checked = Some(checked.map_or(bound, |other| other.min(bound)));
    Ok(())
}

fn length_check(check: &Expr) -> Option<(&str, usize)> {
    let Expr::BinaryOp {
        left,
        op: BinaryOperator::LtEq,
        right,
    } = check
    else {
        return None;
    };
    let (Expr::Function(function), Expr::Value(bound)) = (&**left, &**right) else {
        return None;
    };
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let is_length = function.name.to_string().eq_ignore_ascii_case("length");
    match (list.args.as_slice(), &bound.value) {
        (
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(column)))],
            ast::Value::Number(bound, _),
        ) if is_length => Some((&column.value, bound.parse().ok()?)),
        _ => None,
    }
}
