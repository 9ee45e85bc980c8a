//! SQL statements and values as a timeline shows them.

use crate::model::value::Value;

/// A statement longer than this is cut in its middle.
const LONGEST: usize = 110;

/// The statement with its parameters in their places.
pub fn filled_in(text: &str, parameters: &[Value]) -> String {
    let mut parameters = parameters.iter();
    let mut filled = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '?' => filled.push_str(&parameters.next().map_or("?".to_owned(), shown)),
            '`' => {}
            c => filled.push(c),
        }
    }
    filled.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value as it stands in SQL. Written by a strategy, so that nothing in it may steer a terminal.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => value.to_string(),
        Value::Text(text) => format!("'{}'", text.escape_debug()),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
    }
}

pub fn cut(text: &str) -> String {
    let length = text.chars().count();
    if length <= LONGEST {
        return text.to_owned();
    }
    let begin: String = text.chars().take(LONGEST / 2).collect();
    let end: String = text.chars().skip(length - LONGEST / 2).collect();
    format!("{begin} … {end}")
}
