//! A value on its way into a column.

use super::dialect::Dialect;
use super::postgres;
use super::refuse::unsupported;
use super::table::{Column, ColumnType, Table};
use super::value::Scalar;
use crate::model::error::CallError;
use crate::model::value::{Text, Value};

impl Table {
    /// The value as the column of this number stores it.
    pub(super) fn store(&self, column: usize, value: Scalar<'_>) -> Result<Value, CallError> {
        match self.dialect {
            Dialect::Mysql => self.columns[column].store(value),
            Dialect::Postgres => postgres::columns::store(&self.columns[column], value),
        }
    }

    /// The value where a row gives none. `rejected` with 1364 if MariaDB wants one; PostgreSQL sees it when
    /// the row is whole.
    pub(super) fn store_default(&self, column: usize) -> Result<Value, CallError> {
        let column = &self.columns[column];
        match (&column.default, self.dialect) {
            (Some(value), _) => Ok(value.clone()),
            (None, Dialect::Mysql) if column.not_null => {
                let message = format!("the column {} has no default value", column.name);
                Err(CallError::rejected(1364, message))
            }
            (None, _) => Ok(Value::Null),
        }
    }
}

impl Column {
    /// The value as this column stores it. `rejected` with the code of MariaDB in strict mode: 1048 for
    /// a NULL, 1264 for a number out of range, 1366 for a text that is no number, 1406 for a text that
    /// is too long and 4025 for one that a CHECK finds too long. `unsupported` where MariaDB would
    /// convert in a way that is not modelled.
    fn store(&self, value: Scalar<'_>) -> Result<Value, CallError> {
        let value = match (self.column_type, value) {
            (_, Scalar::Null) if self.not_null => {
                let message = format!("the column {} can't be NULL", self.name);
                return Err(CallError::rejected(1048, message));
            }
            (_, Scalar::Null) => Value::Null,
            (ColumnType::Integer(least, greatest), Scalar::Integer(integer)) => {
                if !(least..=greatest).contains(&integer) {
                    let message = format!("{integer} is out of range for {}", self.name);
                    return Err(CallError::rejected(1264, message));
                }
                Value::Integer(integer)
            }
            (ColumnType::Real, Scalar::Integer(integer)) => Value::Real(integer as f64),
            (ColumnType::Real, Scalar::Real(real)) => self.real(real)?,
            (ColumnType::Text, Scalar::Text(text)) => self.text(text.into())?,
            (ColumnType::Text, Scalar::Integer(integer)) => {
                self.text(integer.to_string().into())?
            }
            (ColumnType::Bytes, Scalar::Bytes(bytes)) => self.bytes(bytes.into_owned())?,
            (ColumnType::Bytes, Scalar::Text(text)) => self.bytes(text.into_owned().into())?,
            (ColumnType::Integer(..) | ColumnType::Real, Scalar::Text(text))
                if text.trim().parse::<f64>().is_err() =>
            {
                let message = format!("{text:?} is no number, for the column {}", self.name);
                return Err(CallError::rejected(1366, message));
            }
            (_, wrong) => {
                let (kind, name) = (wrong.kind(), &self.name);
                return Err(unsupported(format!("{kind} in the column {name}")));
            }
        };
        Ok(value)
    }

    fn real(&self, real: f64) -> Result<Value, CallError> {
        if !real.is_finite() {
            let message = format!("{real} is no number, for the column {}", self.name);
            return Err(CallError::rejected("not-a-number", message));
        }
        Ok(Value::Real(real))
    }

    fn text(&self, text: Text) -> Result<Value, CallError> {
        // Counting is spared where it can't matter.
        let longer = |max| text.len() > max && text.chars().count() > max;
        if self.max_length.is_some_and(longer) {
            return Err(self.too_long());
        }
        if self.checked_length.is_some_and(|max| text.len() > max) {
            let message = format!("the CHECK of the column {} failed", self.name);
            return Err(CallError::rejected(4025, message));
        }
        Ok(Value::Text(text))
    }

    fn bytes(&self, bytes: Vec<u8>) -> Result<Value, CallError> {
        if self.max_length.is_some_and(|max| bytes.len() > max) {
            return Err(self.too_long());
        }
        Ok(Value::Bytes(bytes))
    }

    fn too_long(&self) -> CallError {
        let message = format!("too long for the column {}", self.name);
        CallError::rejected(1406, message)
    }
}
