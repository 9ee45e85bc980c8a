//! From the parser's calls to ours: functions of the data, aggregates, and the clock.

use super::aggregate::Aggregate;
use super::compile::expression;
use super::dialect::Dialect;
use super::expression::Expression;
use super::functions::function;
use super::refuse::{syntax, unsupported};
use super::scope::Scope;
use super::time::Clock;
use crate::model::error::CallError;
use sqlparser::ast::{
    self, Expr, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
};
use std::cmp::Ordering;

/// Clocks that MariaDB reads without brackets, of which the parser makes names.
const BARE: &[&str] = &["utc_date", "utc_time", "utc_timestamp"];

/// The clock that a name without quotes reads.
pub(super) fn bare(name: &Ident) -> Option<Expression> {
    let lower = name.value.to_ascii_lowercase();
    let is_clock = name.quote_style.is_none() && BARE.contains(&lower.as_str());
    is_clock.then(|| bare_named(&lower)).flatten()
}

fn bare_named(name: &str) -> Option<Expression> {
    let needs_brackets = matches!(name, "now" | "curdate" | "curtime" | "unix_timestamp");
    Clock::named(name, 0)
        .filter(|_| !needs_brackets)
        .map(Expression::Now)
}

fn clock_with(name: &str, digits: &Expr, scope: &Scope<'_>) -> Result<Clock, CallError> {
    let given = match digits {
        Expr::Value(value) => value.value.to_string().parse::<u8>().ok(),
        _ => None,
    };
    let digits = given.filter(|digits| *digits <= 6);
    let clock = digits.and_then(|digits| Clock::named(name, digits));
    let message = || format!("{name} with other than 0 to 6 digits");
    clock.ok_or_else(|| syntax(scope.dialect(), message()))
}

/// A time with an INTERVAL added or, with the sign -1, taken away.
pub(super) fn interval(
    time: &Expr,
    by: &Expr,
    sign: i64,
    scope: &mut Scope<'_>,
) -> Result<Expression, CallError> {
    use ast::DateTimeField::{Day, Hour, Microsecond, Minute, Second};
    let Expr::Interval(interval) = by else {
        return Err(unsupported(format!("{by} for an INTERVAL")));
    };
    let micros = match interval.leading_field {
        Some(Microsecond) => 1,
        Some(Second) => 1_000_000,
        Some(Minute) => 60_000_000,
        Some(Hour) => 3_600_000_000,
        Some(Day) => 86_400_000_000,
        _ => return Err(unsupported(format!("{by}"))),
    };
    if interval.last_field.is_some() || interval.leading_precision.is_some() {
        return Err(unsupported(format!("{by}")));
    }
    let time = expression(time, scope)?;
    let count = expression(&interval.value, scope)?;
    Ok(Expression::AddTime(sign * micros, Box::new((time, count))))
}

/// `VALUES(column)` in ON DUPLICATE KEY UPDATE.
fn inserted(column: &Ident, scope: &Scope<'_>) -> Result<Expression, CallError> {
    let Some(level) = scope.inserted else {
        return Err(unsupported("VALUES() outside of ON DUPLICATE KEY UPDATE"));
    };
    match scope.column(column)? {
        Expression::Column { column, .. } => Ok(Expression::Column { level, column }),
        _ => Err(unsupported(format!("VALUES({column})"))),
    }
}

/// `IF(condition, one, other)`
fn choice(parts: [&FunctionArgExpr; 3], scope: &mut Scope<'_>) -> Result<Expression, CallError> {
    let mut compiled = Vec::new();
    for part in parts {
        match part {
            FunctionArgExpr::Expr(part) => compiled.push(expression(part, scope)?),
            other => return Err(unsupported(format!("if({other})"))),
        }
    }
    let [condition, one, other] = compiled.try_into().expect("three of three");
    Ok(Expression::Case {
        branches: vec![(condition, one)],
        otherwise: Box::new(other),
    })
}

pub(super) fn call(ast: &ast::Function, scope: &mut Scope<'_>) -> Result<Expression, CallError> {
    let name = ast.name.to_string().to_ascii_lowercase();
    if ast.over.is_some() {
        return Err(unsupported(format!("a window function ({name} … OVER)")));
    }
    if let FunctionArguments::None = ast.args {
        let known = bare_named(&name).filter(|_| scope.dialect() == Dialect::Mysql);
        return known.ok_or_else(|| unsupported(format!("the name {name}")));
    }
    let arguments = arguments(ast)?;
    if scope.dialect() == Dialect::Postgres && of_mysql(&name) {
        return Err(unsupported(format!("the function {name}")));
    }
    match (name.as_str(), arguments.as_slice()) {
        ("values", [FunctionArgExpr::Expr(Expr::Identifier(column))]) => {
            return inserted(column, scope);
        }
        (
            "date_add" | "date_sub",
            [
                FunctionArgExpr::Expr(time),
                FunctionArgExpr::Expr(by @ Expr::Interval(_)),
            ],
        ) => {
            let sign = if name == "date_add" { 1 } else { -1 };
            return interval(time, by, sign, scope);
        }
        ("if", [one, two, three]) => return choice([one, two, three], scope),
        ("unix_timestamp", [FunctionArgExpr::Expr(time)]) => {
            return Ok(Expression::UnixTime(Box::new(expression(time, scope)?)));
        }
        (name, []) if Clock::named(name, 0).is_some() => {
            return Ok(Expression::Now(
                Clock::named(name, 0).expect("it was looked at"),
            ));
        }
        (name, [FunctionArgExpr::Expr(digits)]) if Clock::named(name, 0).is_some() => {
            return Ok(Expression::Now(clock_with(name, digits, scope)?));
        }
        _ => {}
    }
    if scope.is_trigger && arguments.is_empty() {
        match name.as_str() {
            "uuid" if scope.dialect() == Dialect::Mysql => return Ok(Expression::Uuid),
            "gen_random_uuid" if scope.dialect() == Dialect::Postgres => {
                return Ok(Expression::Uuid);
            }
            "contend_transaction" => return Ok(Expression::Transaction),
            _ => {}
        }
    }
    if let ("count" | "min" | "max", [argument]) = (name.as_str(), arguments.as_slice()) {
        return aggregate(&name, argument, scope);
    }
    let unknown = || unsupported(format!("the function {name}"));
    let (function, least, most) = function(&name, scope.dialect()).ok_or_else(unknown)?;
    if !(least..=most).contains(&arguments.len()) {
        let count = arguments.len();
        let message = format!("{name} with {count} arguments");
        return Err(syntax(scope.dialect(), message));
    }
    let mut list = Vec::new();
    for argument in arguments {
        match argument {
            FunctionArgExpr::Expr(argument) => list.push(expression(argument, scope)?),
            other => return Err(unsupported(format!("{name}({other})"))),
        }
    }
    Ok(Expression::Call(function, list))
}

/// Functions that PostgreSQL lacks. Its clock has another form, which is not built.
fn of_mysql(name: &str) -> bool {
    matches!(name, "values" | "date_add" | "date_sub" | "if") || Clock::named(name, 0).is_some()
}

/// The arguments, if there is nothing else about the call.
fn arguments(ast: &ast::Function) -> Result<Vec<&FunctionArgExpr>, CallError> {
    let plain = ast.filter.is_none() && ast.null_treatment.is_none() && ast.within_group.is_empty();
    match (&ast.args, &ast.parameters) {
        (
            FunctionArguments::List(FunctionArgumentList {
                duplicate_treatment: None,
                args,
                clauses,
            }),
            FunctionArguments::None,
        ) if plain && clauses.is_empty() => args
            .iter()
            .map(|argument| match argument {
                FunctionArg::Unnamed(argument) => Ok(argument),
                other => Err(unsupported(format!("the argument {other}"))),
            })
            .collect(),
        _ => Err(unsupported(format!("the call {ast}"))),
    }
}

fn aggregate(
    name: &str,
    argument: &FunctionArgExpr,
    scope: &mut Scope<'_>,
) -> Result<Expression, CallError> {
    let Some(mut so_far) = scope.aggregates.take() else {
        return Err(unsupported(format!("{name} outside of a SELECT's columns")));
    };
    let aggregate = match (name, argument) {
        ("count", FunctionArgExpr::Wildcard) => Aggregate::CountRows,
        (_, FunctionArgExpr::Expr(argument)) => {
            let argument = expression(argument, scope)?;
            match name {
                "count" => Aggregate::Count(argument),
                "min" => Aggregate::Extreme(Ordering::Less, argument),
                _ => Aggregate::Extreme(Ordering::Greater, argument),
            }
        }
        (_, other) => return Err(unsupported(format!("{name}({other})"))),
    };
    so_far.push(aggregate);
    let number = so_far.len() - 1;
    scope.aggregates = Some(so_far);
    Ok(Expression::Aggregate(number))
}
