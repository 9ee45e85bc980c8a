//! Values while they are computed with: borrowed where they can be.

use super::refuse::unsupported;
use crate::model::error::CallError;
use crate::model::value::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A value of an expression. In MariaDB there are no booleans: what is true is 1, what is false 0.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    /// PostgreSQL's.
    Boolean(bool),
    Integer(i64),
    Real(f64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
}

impl<'a> Scalar<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Boolean(boolean) => Self::Boolean(*boolean),
            Value::Integer(integer) => Self::Integer(*integer),
            Value::Real(real) => Self::Real(*real),
            Value::Text(text) => Self::Text(Cow::Borrowed(text)),
            Value::Bytes(bytes) => Self::Bytes(Cow::Borrowed(bytes)),
        }
    }

    /// As `of`, of a parameter of MariaDB, to which a boolean is a number.
    pub(super) fn given(value: &'a Value) -> Self {
        match value {
            Value::Boolean(boolean) => Self::Integer(i64::from(*boolean)),
            other => Self::of(other),
        }
    }

    /// As `of`, of a value that it may keep.
    pub(super) fn owned(value: Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(Cow::Owned(text.into())),
            Value::Bytes(bytes) => Self::Bytes(Cow::Owned(bytes)),
            other => match Scalar::of(&other) {
                Scalar::Boolean(boolean) => Self::Boolean(boolean),
                Scalar::Integer(integer) => Self::Integer(integer),
                Scalar::Real(real) => Self::Real(real),
                _ => Self::Null,
            },
        }
    }

    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(boolean) => Value::Boolean(boolean),
            Self::Integer(integer) => Value::Integer(integer),
            Self::Real(real) => Value::Real(real),
            Self::Text(text) => Value::Text(text.into()),
            Self::Bytes(bytes) => Value::Bytes(bytes.into_owned()),
        }
    }

    /// Its truth in three-valued logic, `None` for NULL. A text would be converted to a number by
    /// MariaDB, and is `unsupported`.
    pub(super) fn truth(&self) -> Result<Option<bool>, CallError> {
        match self {
            Self::Null => Ok(None),
            Self::Boolean(boolean) => Ok(Some(*boolean)),
            Self::Integer(integer) => Ok(Some(*integer != 0)),
            Self::Real(real) => Ok(Some(*real != 0.0)),
            Self::Text(_) | Self::Bytes(_) => {
                let kind = self.kind();
                Err(unsupported(format!("{kind} as a condition")))
            }
        }
    }

    pub(super) fn of_truth(truth: Option<bool>) -> Self {
        truth.map_or(Self::Null, |truth| Self::Integer(i64::from(truth)))
    }

    /// Nothing if one is NULL. Texts are ordered by their bytes. Types that MariaDB would convert are
    /// `unsupported`.
    pub(super) fn compare(&self, other: &Self) -> Result<Option<Ordering>, CallError> {
        let ordering = match (self, other) {
            (Self::Null, _) | (_, Self::Null) => return Ok(None),
            (Self::Integer(one), Self::Integer(two)) => one.cmp(two),
            (Self::Boolean(one), Self::Boolean(two)) => one.cmp(two),
            (Self::Real(one), Self::Real(two)) => real(*one, *two),
            (Self::Integer(one), Self::Real(two)) => real(*one as f64, *two),
            (Self::Real(one), Self::Integer(two)) => real(*one, *two as f64),
            (Self::Text(one), Self::Text(two)) => one.cmp(two),
            (Self::Bytes(one), Self::Bytes(two)) => one.cmp(two),
            _ => return Err(not_comparable(self, other)),
        };
        Ok(Some(ordering))
    }

    /// As ORDER BY has it: NULL comes before everything.
    pub(super) fn order(&self, other: &Self) -> Result<Ordering, CallError> {
        let is_null = |scalar: &Self| *scalar == Self::Null;
        let nulls = is_null(other).cmp(&is_null(self));
        Ok(self.compare(other)?.unwrap_or(nulls))
    }

    /// The type, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Real(_) => "a real number",
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
        }
    }
}

/// No NaN comes this far: none can be stored, and none be computed.
fn real(one: f64, two: f64) -> Ordering {
    one.partial_cmp(&two).unwrap_or(Ordering::Equal)
}

pub(super) fn not_comparable(one: &Scalar<'_>, other: &Scalar<'_>) -> CallError {
    let (one, other) = (one.kind(), other.kind());
    unsupported(format!("a comparison of {one} with {other}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Scalar<'_> {
        Scalar::Text(Cow::Borrowed(text))
    }

    #[test]
    fn null_compares_with_nothing_and_comes_first() {
        let (null, one) = (Scalar::Null, Scalar::Integer(1));
        assert_eq!(null.compare(&null).unwrap(), None);
        assert_eq!(one.compare(&null).unwrap(), None);
        assert_eq!(null.order(&one).unwrap(), Ordering::Less);
        assert_eq!(one.order(&null).unwrap(), Ordering::Greater);
        assert_eq!(null.order(&null).unwrap(), Ordering::Equal);
    }

    #[test]
    fn numbers_are_compared_across_types_and_texts_with_texts_only() {
        let (one, half) = (Scalar::Integer(1), Scalar::Real(0.5));
        assert_eq!(half.compare(&one).unwrap(), Some(Ordering::Less));
        assert_eq!(one.compare(&half).unwrap(), Some(Ordering::Greater));
        assert_eq!(text("Z").compare(&text("a")).unwrap(), Some(Ordering::Less));
        let error = text("1").compare(&one).unwrap_err();
        assert!(error.message.contains("a text with an integer"), "{error}");
    }

    #[test]
    fn a_text_is_no_condition() {
        assert_eq!(Scalar::Integer(-1).truth().unwrap(), Some(true));
        assert_eq!(Scalar::Real(0.0).truth().unwrap(), Some(false));
        assert_eq!(Scalar::Null.truth().unwrap(), None);
        assert_eq!(text("1").truth().unwrap_err().code, "unsupported");
    }
}
