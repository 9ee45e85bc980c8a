//! COUNT, MIN and MAX.

use super::expression::{Environment, Expression};
use super::value::Scalar;
use crate::model::error::CallError;
use crate::model::value::Value;
use std::cmp::Ordering;

#[derive(Debug, Clone)]
pub(super) enum Aggregate {
    /// COUNT(*)
    CountRows,
    /// Those that are not NULL.
    Count(Expression),
    /// The value that comes first or last: MIN is `Less`, MAX is `Greater`.
    Extreme(Ordering, Expression),
}

impl Aggregate {
    /// The result if there are no rows.
    pub(super) fn of_nothing(&self) -> Value {
        match self {
            Self::CountRows | Self::Count(_) => Value::Integer(0),
            Self::Extreme(..) => Value::Null,
        }
    }

    /// One more row.
    pub(super) fn add(&self, result: &mut Value, env: &Environment<'_>) -> Result<(), CallError> {
        match self {
            Self::CountRows => count(result),
            Self::Count(expression) => {
                if expression.evaluate(env)? != Scalar::Null {
                    count(result);
                }
            }
            Self::Extreme(wanted, expression) => {
                let value = expression.evaluate(env)?;
                let replaces = match value.compare(&Scalar::of(result))? {
                    Some(ordering) => ordering == *wanted,
                    None => *result == Value::Null,
                };
                if replaces {
                    *result = value.into_value();
                }
            }
        }
        Ok(())
    }
}

fn count(result: &mut Value) {
    if let Value::Integer(rows) = result {
        *rows += 1;
    }
}
