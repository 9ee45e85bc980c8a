//! Values on their way in and out.

use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::{Column, Value as Stored};

/// The collation of what is bytes rather than text.
const BINARY: u16 = 63;

/// A parameter as the server takes it.
pub(super) fn parameter(value: &Value) -> Stored {
    match value {
        Value::Null => Stored::NULL,
        Value::Boolean(boolean) => Stored::Int(i64::from(*boolean)),
        Value::Integer(integer) => Stored::Int(*integer),
        Value::Real(real) => Stored::Double(*real),
        Value::Text(text) => Stored::Bytes(text.as_bytes().to_vec()),
        Value::Bytes(bytes) => Stored::Bytes(bytes.clone()),
    }
}

/// A row as values of the contract.
pub(super) fn row(row: mysql_async::Row) -> Result<Row, CallError> {
    let columns = row.columns();
    let values = row.unwrap().into_iter();
    values
        .zip(columns.iter())
        .map(|(stored, column)| value(stored, column))
        .collect()
}

/// Decodes by the type of the column: the same bytes are text in one and a number in another.
fn value(stored: Stored, column: &Column) -> Result<Value, CallError> {
    Ok(match stored {
        Stored::NULL => Value::Null,
        Stored::Int(integer) => Value::Integer(integer),
        Stored::UInt(integer) => Value::Integer(signed(integer)?),
        Stored::Float(real) => Value::Real(f64::from(real)),
        Stored::Double(real) => Value::Real(real),
        Stored::Bytes(bytes) => match spelled(&bytes, column) {
            Some(number) => number,
            None => return of_bytes(bytes, column),
        },
        Stored::Date(year, month, day, hour, minute, second, micros) => {
            let date = format!("{year:04}-{month:02}-{day:02}");
            Value::from(match column.column_type() {
                ColumnType::MYSQL_TYPE_DATE => date,
                _ => format!(
                    "{date} {hour:02}:{minute:02}:{second:02}{}",
                    fraction(micros, column)
                ),
            })
        }
        Stored::Time(negative, days, hours, minutes, seconds, micros) => {
            let sign = if negative { "-" } else { "" };
            let hours = days * 24 + u32::from(hours);
            let fraction = fraction(micros, column);
            Value::from(format!(
                "{sign}{hours:02}:{minutes:02}:{seconds:02}{fraction}"
            ))
        }
    })
}

/// A number that came as text, as all values do in the answer to a statement that was sent as text.
fn spelled(bytes: &[u8], column: &Column) -> Option<Value> {
    let text = || str::from_utf8(bytes).ok();
    match column.column_type() {
        ColumnType::MYSQL_TYPE_TINY
        | ColumnType::MYSQL_TYPE_SHORT
        | ColumnType::MYSQL_TYPE_INT24
        | ColumnType::MYSQL_TYPE_LONG
        | ColumnType::MYSQL_TYPE_LONGLONG
        | ColumnType::MYSQL_TYPE_YEAR => text()?.parse().ok().map(Value::Integer),
        ColumnType::MYSQL_TYPE_FLOAT | ColumnType::MYSQL_TYPE_DOUBLE => {
            text()?.parse().ok().map(Value::Real)
        }
        _ => None,
    }
}

fn of_bytes(bytes: Vec<u8>, column: &Column) -> Result<Value, CallError> {
    let kind = column.column_type();
    if kind == ColumnType::MYSQL_TYPE_BIT {
        let integer = bytes
            .iter()
            .fold(0, |bits, byte| bits << 8 | u64::from(*byte));
        return signed(integer).map(Value::Integer);
    }
    let is_text = column.character_set() != BINARY
        || matches!(
            kind,
            ColumnType::MYSQL_TYPE_DECIMAL | ColumnType::MYSQL_TYPE_NEWDECIMAL
        )
        || column.flags().contains(ColumnFlags::NUM_FLAG);
    if !is_text {
        return Ok(Value::Bytes(bytes));
    }
    String::from_utf8(bytes).map(Value::from).map_err(|_| {
        let name = column.name_str();
        CallError::rejected("decode", format!("the text in column {name} is not UTF-8"))
    })
}

fn signed(integer: u64) -> Result<i64, CallError> {
    i64::try_from(integer).map_err(|_| {
        let message = format!("{integer} exceeds the contract's largest integer");
        CallError::rejected("decode", message)
    })
}

/// The fraction with as many digits as the column has; 31 and more means that the number is unspecified.
fn fraction(micros: u32, column: &Column) -> String {
    match usize::from(column.decimals()) {
        0 => String::new(),
        digits @ 1..=6 => format!(".{}", &format!("{micros:06}")[..digits]),
        _ if micros == 0 => String::new(),
        _ => format!(".{micros:06}"),
    }
}
