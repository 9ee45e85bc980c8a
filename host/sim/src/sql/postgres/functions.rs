//! Functions that treat NULL in another way than MariaDB's.

use crate::capability::calls::MAX_VALUE_BYTES;
use crate::model::error::CallError;
use crate::sql::expression::{Environment, Expression, Function};
use crate::sql::refuse::unsupported;
use crate::sql::value::Scalar;
use std::borrow::Cow;
use std::cmp::Ordering;

pub(in crate::sql) fn call<'a>(
    function: Function,
    arguments: &'a [Expression],
    env: &Environment<'a>,
) -> Result<Scalar<'a>, CallError> {
    match function {
        Function::GreatestOf => extreme(Ordering::Greater, arguments, env),
        Function::LeastOf => extreme(Ordering::Less, arguments, env),
        function => joined(function, arguments, env),
    }
}

fn extreme<'a>(
    wanted: Ordering,
    arguments: &'a [Expression],
    env: &Environment<'a>,
) -> Result<Scalar<'a>, CallError> {
    let mut best = Scalar::Null;
    for argument in arguments {
        let other = argument.evaluate(env)?;
        let is_better = match other.compare(&best)? {
            Some(ordering) => ordering == wanted,
            None => best == Scalar::Null,
        };
        if is_better {
            best = other;
        }
    }
    Ok(best)
}

/// CONCAT leaves out NULL; `||` is NULL if a part is.
fn joined<'a>(
    function: Function,
    arguments: &'a [Expression],
    env: &Environment<'a>,
) -> Result<Scalar<'a>, CallError> {
    let mut joined = String::new();
    for argument in arguments {
        match argument.evaluate(env)? {
            Scalar::Null if function == Function::Join => return Ok(Scalar::Null),
            Scalar::Null => {}
            Scalar::Text(text) => joined.push_str(&text),
            Scalar::Integer(integer) => joined.push_str(&integer.to_string()),
            wrong => return Err(unsupported(format!("texts joined with {}", wrong.kind()))),
        }
        if joined.len() > MAX_VALUE_BYTES {
            let message = format!("a joined text of more than {MAX_VALUE_BYTES} bytes");
            return Err(unsupported(message));
        }
    }
    Ok(Scalar::Text(Cow::Owned(joined)))
}
