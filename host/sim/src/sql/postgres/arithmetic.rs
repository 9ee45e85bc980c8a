//! Arithmetic of PostgreSQL: whole numbers divide to whole ones, and zero is always an error.

use crate::model::error::CallError;
use crate::sql::expression::{Expression, Operator};
use crate::sql::value::Scalar;

impl Expression {
    /// The same as PostgreSQL computes it: booleans are no numbers, and arithmetic has its own errors.
    pub(in crate::sql) fn of_postgres(self) -> Self {
        match self {
            Self::Parameter(number) => Self::Argument(number),
            Self::Arithmetic(operator, pair) => Self::Computed(operator, pair),
            one @ (Self::Compare(..)
            | Self::And(_)
            | Self::Or(_)
            | Self::Not(_)
            | Self::IsNull(_)
            | Self::Is(..)
            | Self::In(..)
            | Self::InQuery(..)
            | Self::Exists(_)) => Self::Boolean(Box::new(one)),
            other => other,
        }
    }
}

pub(in crate::sql) fn computed<'a>(
    operator: Operator,
    one: &Scalar<'_>,
    other: &Scalar<'_>,
) -> Result<Scalar<'a>, CallError> {
    let by_zero = || CallError::rejected("22012", "division by zero");
    let out_of_range = || CallError::rejected("22003", "a number out of range");
    let (one, other) = match (one, other) {
        (Scalar::Null, _) | (_, Scalar::Null) => return Ok(Scalar::Null),
        (Scalar::Integer(one), Scalar::Integer(other)) => {
            let result = match operator {
                Operator::Plus => one.checked_add(*other),
                Operator::Minus => one.checked_sub(*other),
                Operator::Times => one.checked_mul(*other),
                Operator::Modulo | Operator::Divide if *other == 0 => return Err(by_zero()),
                Operator::Modulo => Some(one.wrapping_rem(*other)),
                Operator::Divide => one.checked_div(*other),
            };
            return result.map(Scalar::Integer).ok_or_else(out_of_range);
        }
        (Scalar::Real(one), Scalar::Real(other)) => (*one, *other),
        (Scalar::Integer(one), Scalar::Real(other)) => (*one as f64, *other),
        (Scalar::Real(one), Scalar::Integer(other)) => (*one, *other as f64),
        (one, other) => {
            let message = format!("no such operator for {} and {}", one.kind(), other.kind());
            return Err(CallError::rejected("42883", message));
        }
    };
    let result = match operator {
        Operator::Plus => one + other,
        Operator::Minus => one - other,
        Operator::Times => one * other,
        Operator::Divide if other == 0.0 => return Err(by_zero()),
        Operator::Divide => one / other,
        Operator::Modulo => {
            let message = "no remainder of real numbers";
            return Err(CallError::rejected("42883", message));
        }
    };
    match result.is_finite() {
        true => Ok(Scalar::Real(result)),
        false => Err(out_of_range()),
    }
}
