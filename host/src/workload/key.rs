//! The keys of a workload file that only one kind has; each is also a flag.

use std::fmt::Display;
use std::str::FromStr;
use toml::Value;

/// One key.
#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    /// The flag, without the dashes before it.
    pub flag: &'static str,
    /// The flag's value, as help names it.
    pub value: &'static str,
    pub help: &'static str,
    /// The flag may be given several times; the key is an array.
    pub is_repeated: bool,
    /// Reads the flag's value.
    pub read: fn(&str) -> Result<Value, String>,
    /// Writes it again.
    pub write: fn(&Value) -> String,
}

impl Key {
    /// The values of a key that was given.
    pub fn values<'a>(&self, given: &'a Value) -> &'a [Value] {
        match given {
            Value::Array(values) if self.is_repeated => values,
            one => std::slice::from_ref(one),
        }
    }
}

/// Reads a flag's value of any type.
pub fn read<T>(word: &str) -> Result<Value, String>
where
    T: FromStr<Err: Display> + serde::Serialize,
{
    let value = word.parse::<T>().map_err(|error| error.to_string())?;
    Value::try_from(value).map_err(|error| error.to_string())
}

/// Writes a text as it is, and anything else as TOML does.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
