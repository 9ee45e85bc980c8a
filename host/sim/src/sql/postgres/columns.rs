//! The types of PostgreSQL's columns, and values on their way into them.

use crate::model::error::CallError;
use crate::model::error::RowReference;
use crate::model::value::{Text, Value};
use crate::sql::dialect::Dialect;
use crate::sql::refuse::unsupported;
use crate::sql::table::{Column, ColumnType, Table};
use crate::sql::types::{Shape, characters, plain};
use crate::sql::value::Scalar;
use sqlparser::ast::DataType;

/// `unsupported` for a type that is not one of whole numbers, of real numbers, of texts, of bytes, of
/// booleans or of UUIDs.
pub(in crate::sql) fn shape(data_type: &DataType) -> Result<Shape, CallError> {
    let signed = |bits: u32| {
        let (least, greatest) = (i64::MIN >> (64 - bits), i64::MAX >> (64 - bits));
        Ok(plain(ColumnType::Integer(least, greatest), None))
    };
    match data_type {
        DataType::SmallInt(None) | DataType::Int2(None) => signed(16),
        DataType::Int(None) | DataType::Integer(None) | DataType::Int4(None) => signed(32),
        DataType::BigInt(None) | DataType::Int8(None) => signed(64),
        DataType::DoublePrecision | DataType::Float8 => Ok(plain(ColumnType::Real, None)),
        DataType::Bool | DataType::Boolean => Ok(plain(ColumnType::Boolean, None)),
        DataType::Uuid => Ok(plain(ColumnType::Uuid, None)),
        DataType::Text | DataType::Varchar(None) | DataType::CharacterVarying(None) => {
            Ok(plain(ColumnType::Text, None))
        }
        DataType::Varchar(length) | DataType::CharacterVarying(length) => characters(length, None),
        DataType::Bytea => Ok(plain(ColumnType::Bytes, None)),
        other => Err(unsupported(format!("a column of the type {other}"))),
    }
}

impl ColumnType {
    /// PostgreSQL's name of the type.
    pub(in crate::sql) fn postgres_name(self) -> &'static str {
        match self {
            Self::Integer(_, greatest) if greatest == i64::from(i16::MAX) => "smallint",
            Self::Integer(_, greatest) if greatest == i64::from(i32::MAX) => "integer",
            Self::Integer(..) => "bigint",
            Self::Real => "double precision",
            Self::Text => "text",
            Self::Bytes => "bytea",
            Self::Boolean => "boolean",
            Self::Uuid => "uuid",
        }
    }
}

/// The value as this column stores it. Codes of PostgreSQL: 22001 for a text that is too long, 22003 for a
/// number out of range, 42804 for a value of a type that is not converted by itself. That it is NULL, or
/// that a CHECK fails, is seen when the row is whole.
pub(in crate::sql) fn store(column: &Column, value: Scalar<'_>) -> Result<Value, CallError> {
    Ok(match (column.column_type, value) {
        (_, Scalar::Null) => Value::Null,
        (ColumnType::Integer(least, greatest), Scalar::Integer(integer)) => {
            if !(least..=greatest).contains(&integer) {
                return Err(out_of_range(column.column_type));
            }
            Value::Integer(integer)
        }
        (ColumnType::Integer(least, greatest), Scalar::Real(real)) => {
            let rounded = real.round_ties_even();
            if !(rounded >= least as f64 && rounded <= greatest as f64) || rounded >= 2f64.powi(63)
            {
                return Err(out_of_range(column.column_type));
            }
            Value::Integer(rounded as i64)
        }
        (ColumnType::Real, Scalar::Integer(integer)) => Value::Real(integer as f64),
        (ColumnType::Real, Scalar::Real(real)) if real.is_finite() => Value::Real(real),
        (ColumnType::Text, Scalar::Text(text)) => shortened(column, text.into())?,
        (ColumnType::Text, Scalar::Integer(integer)) => {
            shortened(column, integer.to_string().into())?
        }
        (ColumnType::Text, Scalar::Boolean(boolean)) => {
            shortened(column, boolean.to_string().into())?
        }
        (ColumnType::Bytes, Scalar::Bytes(bytes)) => Value::Bytes(bytes.into_owned()),
        (ColumnType::Boolean, Scalar::Boolean(boolean)) => Value::Boolean(boolean),
        (ColumnType::Uuid, Scalar::Text(text)) => Value::Text(text.into()),
        (ColumnType::Text, wrong @ (Scalar::Real(_) | Scalar::Bytes(_)))
        | (ColumnType::Real, wrong @ Scalar::Real(_)) => {
            let (kind, name) = (wrong.kind(), &column.name);
            return Err(unsupported(format!("{kind} in the column {name}")));
        }
        (_, wrong) => return Err(of_another_type(column, wrong.kind())),
    })
}

pub(in crate::sql) fn of_another_type(column: &Column, kind: &str) -> CallError {
    let (name, its) = (&column.name, column.column_type.postgres_name());
    let message = format!("column \"{name}\" is of type {its}, and the expression is {kind}");
    CallError::rejected("42804", message)
}

pub(in crate::sql) fn out_of_range(column_type: ColumnType) -> CallError {
    let name = column_type.postgres_name();
    CallError::rejected("22003", format!("{name} out of range"))
}

/// Spaces at the end that are too many are cut.
fn shortened(column: &Column, text: Text) -> Result<Value, CallError> {
    let Some(max) = column.max_length.filter(|max| text.len() > *max) else {
        return Ok(Value::Text(text));
    };
    let Some((end, _)) = text.char_indices().nth(max) else {
        return Ok(Value::Text(text));
    };
    if text[end..].bytes().all(|byte| byte == b' ') {
        return Ok(Value::from(&text[..end]));
    }
    let message = format!("value too long for type character varying({max})");
    Err(CallError::rejected("22001", message))
}

impl Table {
    /// Checks a row as a whole, as PostgreSQL does it: 23502 for a NULL, then 23514 for a CHECK.
    pub(in crate::sql) fn check(&self, row: &[Value]) -> Result<(), CallError> {
        if self.dialect != Dialect::Postgres {
            return Ok(());
        }
        let table = &self.name;
        for (column, value) in self.columns.iter().zip(row) {
            if column.not_null && *value == Value::Null {
                let name = &column.name;
                let message = format!(
                    "null value in column \"{name}\" of relation \"{table}\" violates not-null \
                     constraint"
                );
                return Err(CallError::rejected("23502", message).about(self.row(name, None)));
            }
        }
        for (column, value) in self.columns.iter().zip(row) {
            let Value::Text(text) = value else { continue };
            let longer = |max| text.len() > max && text.chars().count() > max;
            if column.checked_length.is_some_and(longer) {
                let name = format!("{table}_{}_check", column.name);
                let message = format!(
                    "new row for relation \"{table}\" violates check constraint \"{name}\""
                );
                return Err(CallError::rejected("23514", message).about(self.row(&name, None)));
            }
        }
        Ok(())
    }

    fn row(&self, key: &str, value: Option<String>) -> Option<RowReference> {
        Some(RowReference {
            table: Some(self.name.as_ref().into()),
            key: Some(key.to_owned()),
            value,
        })
    }

    /// PostgreSQL's error for a key that is there already: 23505, about the row. `unique` is the number of
    /// the unique key, or `None` for the primary key.
    pub fn duplicate_key(&self, unique: Option<usize>, key: &crate::sql::Key) -> CallError {
        let name = &self.key_names[unique.map_or(0, |unique| unique + 1)];
        let message = format!("duplicate key value violates unique constraint \"{name}\"");
        CallError::rejected("23505", message).about(self.row(name, Some(key.joined(", "))))
    }
}
