//! Values while they are computed with: borrowed where they can be.

use crate::model::value::Value;
use std::borrow::Cow;

/// A value of an expression. There are no booleans: what is true is 1, what is false 0.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
}

impl<'a> Scalar<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Boolean(boolean) => Self::Integer(i64::from(*boolean)),
            Value::Integer(integer) => Self::Integer(*integer),
            Value::Real(real) => Self::Real(*real),
            Value::Text(text) => Self::Text(Cow::Borrowed(text)),
            Value::Bytes(bytes) => Self::Bytes(Cow::Borrowed(bytes)),
        }
    }

    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Integer(integer) => Value::Integer(integer),
            Self::Real(real) => Value::Real(real),
            Self::Text(text) => Value::Text(text.into_owned()),
            Self::Bytes(bytes) => Value::Bytes(bytes.into_owned()),
        }
    }

    /// What three-valued logic makes of it: nothing for NULL.
    pub(super) fn of_truth(truth: Option<bool>) -> Self {
        truth.map_or(Self::Null, |truth| Self::Integer(i64::from(truth)))
    }

    /// The type, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Integer(_) => "an integer",
            Self::Real(_) => "a real number",
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
        }
    }
}
