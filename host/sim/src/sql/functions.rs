//! Functions of the data alone.

use super::dialect::Dialect;
use super::evaluate::out_of_range;
use super::expression::{Environment, Expression, Function};
use super::postgres;
use super::refuse::unsupported;
use super::value::Scalar;
use crate::capability::calls::MAX_VALUE_BYTES;
use crate::model::error::CallError;
use std::borrow::Cow;
use std::cmp::Ordering;

/// The function of this name, and how many arguments it takes at least and at most.
pub(super) fn function(name: &str, dialect: Dialect) -> Option<(Function, usize, usize)> {
    if dialect == Dialect::Postgres {
        let of_postgres = match name {
            "concat" => (Function::ConcatAll, 1, usize::MAX),
            "greatest" => (Function::GreatestOf, 1, usize::MAX),
            "least" => (Function::LeastOf, 1, usize::MAX),
            "length" | "char_length" => (Function::CharLength, 1, 1),
            "abs" | "coalesce" | "lower" | "nullif" | "upper" => {
                return function(name, Dialect::Mysql);
            }
            _ => return None,
        };
        return Some(of_postgres);
    }
    Some(match name {
        "abs" => (Function::Abs, 1, 1),
        "coalesce" => (Function::Coalesce, 1, usize::MAX),
        "concat" => (Function::Concat, 1, usize::MAX),
        "ifnull" => (Function::Coalesce, 2, 2),
        "greatest" => (Function::Greatest, 2, usize::MAX),
        "least" => (Function::Least, 2, usize::MAX),
        "length" => (Function::Length, 1, 1),
        "lower" => (Function::Lower, 1, 1),
        "nullif" => (Function::NullIf, 2, 2),
        "upper" => (Function::Upper, 1, 1),
        _ => return None,
    })
}

pub(super) fn call<'a>(
    function: Function,
    arguments: &'a [Expression],
    env: &Environment<'a>,
) -> Result<Scalar<'a>, CallError> {
    match function {
        Function::Coalesce => {
            for argument in arguments {
                let value = argument.evaluate(env)?;
                if value != Scalar::Null {
                    return Ok(value);
                }
            }
            Ok(Scalar::Null)
        }
        Function::Concat => concat(arguments, env),
        Function::ConcatAll | Function::Join | Function::GreatestOf | Function::LeastOf => {
            postgres::functions::call(function, arguments, env)
        }
        Function::Greatest => extreme(Ordering::Greater, arguments, env),
        Function::Least => extreme(Ordering::Less, arguments, env),
        Function::NullIf => {
            let (one, other) = (arguments[0].evaluate(env)?, arguments[1].evaluate(env)?);
            let equal = one
                .compare(&other)?
                .is_some_and(|ordering| ordering.is_eq());
            Ok(if equal { Scalar::Null } else { one })
        }
        Function::Abs
        | Function::CharLength
        | Function::Length
        | Function::Lower
        | Function::Upper => of_one(function, arguments[0].evaluate(env)?),
    }
}

/// NULL if one of them is.
fn extreme<'a>(
    wanted: Ordering,
    arguments: &'a [Expression],
    env: &Environment<'a>,
) -> Result<Scalar<'a>, CallError> {
    let mut best = arguments[0].evaluate(env)?;
    for argument in &arguments[1..] {
        let other = argument.evaluate(env)?;
        match other.compare(&best)? {
            None => return Ok(Scalar::Null),
            Some(ordering) if ordering == wanted => best = other,
            Some(_) => {}
        }
    }
    Ok(best)
}

fn of_one(function: Function, value: Scalar<'_>) -> Result<Scalar<'_>, CallError> {
    Ok(match (function, value) {
        (_, Scalar::Null) => Scalar::Null,
        (Function::Abs, Scalar::Integer(integer)) => {
            Scalar::Integer(integer.checked_abs().ok_or_else(out_of_range)?)
        }
        (Function::Abs, Scalar::Real(real)) => Scalar::Real(real.abs()),
        (Function::Length, Scalar::Text(text)) => Scalar::Integer(text.len() as i64),
        (Function::Length, Scalar::Bytes(bytes)) => Scalar::Integer(bytes.len() as i64),
        (Function::Lower, Scalar::Text(text)) => Scalar::Text(text.to_lowercase().into()),
        (Function::CharLength, Scalar::Text(text)) => Scalar::Integer(text.chars().count() as i64),
        (Function::Upper, Scalar::Text(text)) => Scalar::Text(text.to_uppercase().into()),
        (_, wrong) => {
            let name = format!("{function:?}").to_uppercase();
            return Err(unsupported(format!("{name} of {}", wrong.kind())));
        }
    })
}

/// NULL if one of them is.
fn concat<'a>(arguments: &'a [Expression], env: &Environment<'a>) -> Result<Scalar<'a>, CallError> {
    let mut joined = String::new();
    for argument in arguments {
        match argument.evaluate(env)? {
            Scalar::Null => return Ok(Scalar::Null),
            Scalar::Text(text) => joined.push_str(&text),
            Scalar::Integer(integer) => joined.push_str(&integer.to_string()),
            wrong => return Err(unsupported(format!("CONCAT of {}", wrong.kind()))),
        }
        if joined.len() > MAX_VALUE_BYTES {
            let message = format!("CONCAT of more than {MAX_VALUE_BYTES} bytes");
            return Err(unsupported(message));
        }
    }
    Ok(Scalar::Text(Cow::Owned(joined)))
}

/// A number in the shape of a UUID. One is made for every audited change.
pub(super) fn uuid(number: u128) -> String {
    let mut text = String::with_capacity(36);
    for digit in 0..32 {
        if matches!(digit, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        let nibble = (number >> (124 - 4 * digit)) as usize & 15;
        text.push(char::from(b"0123456789abcdef"[nibble]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_all_digits_of_its_number() {
        let number = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef;
        assert_eq!(uuid(number), "01234567-89ab-cdef-0123-456789abcdef");
        assert_eq!(uuid(1), "00000000-0000-0000-0000-000000000001");
    }
}
