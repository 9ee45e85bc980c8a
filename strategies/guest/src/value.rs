//! SQL values and errors, and the conversions that keep a strategy short.

pub use crate::bindings::contend::strategy::types::{Detail, Error, Row, Value};

impl Value {
    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if this is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(integer) => Some(*integer),
            _ => None,
        }
    }
}

/// The first column of the first row.
pub fn first_value(rows: &[Row]) -> Option<&Value> {
    rows.first().and_then(|row| row.first())
}

/// The text in a column of a row. `rejected` with `bad-row` if there is none.
pub fn text_of(row: &Row, column: usize) -> Result<&str, Error> {
    let text = row.get(column).and_then(Value::as_text);
    text.ok_or_else(|| Error::rejected("bad-row", format!("column {column} of a row is no text")))
}

/// The same for an integer.
pub fn integer_of(row: &Row, column: usize) -> Result<i64, Error> {
    let integer = row.get(column).and_then(Value::as_integer);
    let bad = || format!("column {column} of a row is no integer");
    integer.ok_or_else(|| Error::rejected("bad-row", bad()))
}

// A `String` is moved and not copied: a strategy that turns its transition's fields into parameters
// allocates nothing for them.
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<bool> for Value {
    fn from(boolean: bool) -> Self {
        Self::Boolean(boolean)
    }
}
