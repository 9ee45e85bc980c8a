//! Evaluation of expressions.

use super::expression::{Comparison, Environment, Expression, Operator};
use super::refuse::unsupported;
use super::value::Scalar;
use super::{functions, postgres, refuse, time};
use crate::model::error::CallError;
use std::borrow::Cow;
use std::cmp::Ordering;

impl Expression {
    pub(super) fn evaluate<'a>(&'a self, env: &Environment<'a>) -> Result<Scalar<'a>, CallError> {
        Ok(match self {
            Self::Constant(value) => Scalar::of(value),
            Self::Parameter(number) => match env.parameters.get(*number) {
                Some(value) => Scalar::given(value),
                None => return Err(refuse::no_such_parameter(*number)),
            },
            Self::Argument(number) => match env.parameters.get(*number) {
                Some(value) => Scalar::of(value),
                None => return Err(refuse::no_such_parameter(*number)),
            },
            Self::Boolean(one) => match one.truth(env)? {
                Some(truth) => Scalar::Boolean(truth),
                None => Scalar::Null,
            },
            Self::Computed(operator, pair) => postgres::arithmetic::computed(
                *operator,
                &pair.0.evaluate(env)?,
                &pair.1.evaluate(env)?,
            )?,
            Self::Column { level, column } => Scalar::of(env.column(*level, *column)),
            Self::Aggregate(number) => Scalar::of(&env.aggregates[*number]),
            Self::Uuid => Scalar::Text(Cow::Owned(functions::uuid(env.number))),
            Self::Transaction => Scalar::Text(Cow::Owned(env.transaction.to_string())),
            Self::Arithmetic(operator, pair) => arithmetic(
                *operator,
                pair.0.evaluate(env)?,
                pair.1.evaluate(env)?,
                env.strict,
            )?,
            Self::Negate(one) => negate(one.evaluate(env)?)?,
            Self::Case {
                branches,
                otherwise,
            } => {
                for (condition, value) in branches {
                    if condition.truth(env)? == Some(true) {
                        return value.evaluate(env);
                    }
                }
                otherwise.evaluate(env)?
            }
            Self::Call(function, arguments) => functions::call(*function, arguments, env)?,
            Self::OneValue(query) => query.one_value(env)?,
            Self::Now(clock) => clock.read(env.view.now()),
            Self::UnixTime(one) => match one.evaluate(env)? {
                Scalar::Null => Scalar::Null,
                Scalar::Text(text) => match time::parsed(&text) {
                    Some((micros, 0)) => Scalar::Integer(micros.div_euclid(1_000_000)),
                    _ => return Err(unsupported(format!("UNIX_TIMESTAMP of {text:?}"))),
                },
                wrong => return Err(unsupported(format!("UNIX_TIMESTAMP of {}", wrong.kind()))),
            },
            Self::AddTime(unit, pair) => {
                time::added(&pair.0.evaluate(env)?, &pair.1.evaluate(env)?, *unit)?
            }
            _ => Scalar::of_truth(self.truth(env)?),
        })
    }

    /// Its truth in three-valued logic.
    pub(super) fn truth(&self, env: &Environment<'_>) -> Result<Option<bool>, CallError> {
        Ok(match self {
            Self::Boolean(one) => one.truth(env)?,
            Self::Compare(comparison, pair) => {
                compare(*comparison, &pair.0.evaluate(env)?, &pair.1.evaluate(env)?)?
            }
            Self::And(pair) => match pair.0.truth(env)? {
                Some(false) => Some(false),
                one => match (one, pair.1.truth(env)?) {
                    (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                },
            },
            Self::Or(pair) => match pair.0.truth(env)? {
                Some(true) => Some(true),
                one => match (one, pair.1.truth(env)?) {
                    (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                },
            },
            Self::Not(one) => one.truth(env)?.map(|truth| !truth),
            Self::IsNull(one) => Some(one.evaluate(env)? == Scalar::Null),
            Self::Is(wanted, one) => Some(one.truth(env)? == Some(*wanted)),
            Self::In(one, list) => {
                let list = list.iter().map(|other| other.evaluate(env));
                is_in(&one.evaluate(env)?, list)?
            }
            Self::InQuery(one, query) => {
                let one = one.evaluate(env)?;
                let rows = query.rows(env)?;
                is_in(&one, rows.iter().map(|row| Ok(Scalar::of(&row[0]))))?
            }
            Self::Exists(query) => Some(query.exists(env)?),
            _ => self.evaluate(env)?.truth()?,
        })
    }
}

/// `None` if a NULL leaves it open.
fn is_in<'a>(
    one: &Scalar<'_>,
    list: impl Iterator<Item = Result<Scalar<'a>, CallError>>,
) -> Result<Option<bool>, CallError> {
    let mut is_in = Some(false);
    for other in list {
        match compare(Comparison::Equal, one, &other?)? {
            Some(true) => return Ok(Some(true)),
            Some(false) => {}
            None => is_in = None,
        }
    }
    Ok(is_in)
}

fn compare(
    comparison: Comparison,
    one: &Scalar<'_>,
    other: &Scalar<'_>,
) -> Result<Option<bool>, CallError> {
    let ordering = one.compare(other)?;
    if comparison == Comparison::Same {
        let same = match ordering {
            Some(ordering) => ordering.is_eq(),
            None => *one == Scalar::Null && *other == Scalar::Null,
        };
        return Ok(Some(same));
    }
    Ok(ordering.map(|ordering| match comparison {
        Comparison::Equal | Comparison::Same => ordering.is_eq(),
        Comparison::NotEqual => ordering.is_ne(),
        Comparison::Less => ordering == Ordering::Less,
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering == Ordering::Greater,
        Comparison::GreaterOrEqual => ordering.is_ge(),
    }))
}

fn arithmetic<'a>(
    operator: Operator,
    one: Scalar<'_>,
    other: Scalar<'_>,
    strict: bool,
) -> Result<Scalar<'a>, CallError> {
    let result = match (one, other) {
        (Scalar::Null, _) | (_, Scalar::Null) => return Ok(Scalar::Null),
        (Scalar::Integer(_), Scalar::Integer(0)) if operator == Operator::Modulo => {
            return if strict {
                Err(CallError::rejected(1365, "a division by zero"))
            } else {
                Ok(Scalar::Null)
            };
        }
        (Scalar::Integer(one), Scalar::Integer(other)) => match operator {
            Operator::Plus => one.checked_add(other),
            Operator::Minus => one.checked_sub(other),
            Operator::Times => one.checked_mul(other),
            Operator::Modulo => Some(one.wrapping_rem(other)),
            Operator::Divide => return Err(unsupported("a division")),
        }
        .map(Scalar::Integer),
        (Scalar::Integer(one), Scalar::Real(other)) => real(operator, one as f64, other)?,
        (Scalar::Real(one), Scalar::Integer(other)) => real(operator, one, other as f64)?,
        (Scalar::Real(one), Scalar::Real(other)) => real(operator, one, other)?,
        (Scalar::Integer(_) | Scalar::Real(_), wrong) | (wrong, _) => {
            return Err(unsupported(format!("arithmetic with {}", wrong.kind())));
        }
    };
    result.ok_or_else(out_of_range)
}

/// Nothing if it is too large for a number.
fn real<'a>(operator: Operator, one: f64, other: f64) -> Result<Option<Scalar<'a>>, CallError> {
    let result = match operator {
        Operator::Plus => one + other,
        Operator::Minus => one - other,
        Operator::Times => one * other,
        Operator::Divide => return Err(unsupported("a division")),
        Operator::Modulo => return Err(unsupported("the remainder of a real number")),
    };
    Ok(result.is_finite().then_some(Scalar::Real(result)))
}

fn negate(one: Scalar<'_>) -> Result<Scalar<'_>, CallError> {
    match one {
        Scalar::Null => Ok(Scalar::Null),
        Scalar::Integer(integer) => {
            let negative = integer.checked_neg().ok_or_else(out_of_range)?;
            Ok(Scalar::Integer(negative))
        }
        Scalar::Real(real) => Ok(Scalar::Real(-real)),
        wrong => Err(unsupported(format!("arithmetic with {}", wrong.kind()))),
    }
}

pub(super) fn out_of_range() -> CallError {
    CallError::rejected(1690, "a value out of range in an expression")
}
