//! From the parser's expressions to ours.

use super::calls;
use super::compile_query::query;
use super::dialect::{Dialect, Problem};
use super::expression::{Comparison, Expression, Function, Operator};
use super::query::Query;
use super::refuse::{syntax, unsupported};
use super::scope::Scope;
use crate::model::error::CallError;
use crate::model::value::Value;
use sqlparser::ast::{self, BinaryOperator, CaseWhen, Expr, UnaryOperator, ValueWithSpan};
use std::sync::Arc;

/// The expression with its names resolved.
pub(super) fn expression(expr: &Expr, scope: &mut Scope<'_>) -> Result<Expression, CallError> {
    let resolved = resolved(expr, scope)?;
    Ok(match scope.dialect() {
        Dialect::Mysql => resolved,
        Dialect::Postgres => resolved.of_postgres(),
    })
}

fn resolved(expr: &Expr, scope: &mut Scope<'_>) -> Result<Expression, CallError> {
    Ok(match expr {
        Expr::Nested(inner) => expression(inner, scope)?,
        Expr::Identifier(name) => {
            match calls::bare(name).filter(|_| scope.dialect() == Dialect::Mysql) {
                Some(clock) => clock,
                None => scope.column(name)?,
            }
        }
        Expr::CompoundIdentifier(names) => match names.as_slice() {
            [table, name] => scope.column_of(table, name)?,
            _ => return Err(unsupported(format!("a name of several parts ({expr})"))),
        },
        Expr::Value(value) => constant(value, scope)?,
        Expr::BinaryOp { left, op, right } if matches!(**right, Expr::Interval(_)) => {
            let sign = match op {
                BinaryOperator::Plus => 1,
                BinaryOperator::Minus => -1,
                _ => return Err(unsupported(format!("the operator {op} and an INTERVAL"))),
            };
            calls::interval(left, right, sign, scope)?
        }
        Expr::BinaryOp { left, op, right } => {
            let pair = Box::new((expression(left, scope)?, expression(right, scope)?));
            let known = binary(op, pair, scope.dialect());
            known.ok_or_else(|| unsupported(format!("the operator {op}")))?
        }
        Expr::UnaryOp { op, expr } => unary(*op, expr, scope)?,
        Expr::IsNull(inner) => Expression::IsNull(boxed(inner, scope)?),
        Expr::IsNotNull(inner) => not(Expression::IsNull(boxed(inner, scope)?)),
        Expr::IsDistinctFrom(one, other) | Expr::IsNotDistinctFrom(one, other)
            if scope.dialect() == Dialect::Postgres =>
        {
            let pair = Box::new((expression(one, scope)?, expression(other, scope)?));
            let is_distinct = matches!(expr, Expr::IsDistinctFrom(..));
            negate_if(is_distinct, Expression::Compare(Comparison::Same, pair))
        }
        Expr::IsTrue(inner) => Expression::Is(true, boxed(inner, scope)?),
        Expr::IsNotTrue(inner) => not(Expression::Is(true, boxed(inner, scope)?)),
        Expr::IsFalse(inner) => Expression::Is(false, boxed(inner, scope)?),
        Expr::IsNotFalse(inner) => not(Expression::Is(false, boxed(inner, scope)?)),
        Expr::InList {
            expr,
            list,
            negated,
        } => {
            let one = boxed(expr, scope)?;
            let list = list.iter().map(|other| expression(other, scope));
            negate_if(
                *negated,
                Expression::In(one, list.collect::<Result<_, _>>()?),
            )
        }
        Expr::InSubquery {
            expr,
            subquery,
            negated,
        } => {
            let one = boxed(expr, scope)?;
            let query = one_column(subquery, scope)?;
            negate_if(*negated, Expression::InQuery(one, query))
        }
        Expr::Exists { subquery, negated } => {
            let exists = Expression::Exists(sub_query(subquery, scope)?);
            negate_if(*negated, exists)
        }
        Expr::Subquery(subquery) => Expression::OneValue(one_column(subquery, scope)?),
        Expr::Between {
            expr,
            negated,
            low,
            high,
        } => {
            let one = expression(expr, scope)?;
            let from = (one.clone(), expression(low, scope)?);
            let to = (one, expression(high, scope)?);
            let from = Expression::Compare(Comparison::GreaterOrEqual, Box::new(from));
            let to = Expression::Compare(Comparison::LessOrEqual, Box::new(to));
            negate_if(*negated, Expression::And(Box::new((from, to))))
        }
        Expr::Case {
            operand,
            conditions,
            else_result,
            ..
        } => case(
            operand.as_deref(),
            conditions,
            else_result.as_deref(),
            scope,
        )?,
        Expr::Function(function) => calls::call(function, scope)?,
        Expr::Interval(_) => return Err(unsupported(format!("{expr} on its own"))),
        other => return Err(unsupported(format!("the expression {other}"))),
    })
}

fn boxed(expr: &Expr, scope: &mut Scope<'_>) -> Result<Box<Expression>, CallError> {
    expression(expr, scope).map(Box::new)
}

fn not(one: Expression) -> Expression {
    Expression::Not(Box::new(one))
}

fn negate_if(negated: bool, one: Expression) -> Expression {
    if negated { not(one) } else { one }
}

/// A sub-query has no part in the aggregates of the query around it.
fn sub_query(ast: &ast::Query, scope: &mut Scope<'_>) -> Result<Arc<Query>, CallError> {
    if !ast.locks.is_empty() {
        return Err(unsupported("a locking clause in a sub-query"));
    }
    if scope.is_trigger {
        return Err(unsupported("a sub-query in a trigger"));
    }
    let outer = scope.aggregates.take();
    let inner = query(ast, scope);
    scope.aggregates = outer;
    inner.map(Arc::new)
}

fn one_column(ast: &ast::Query, scope: &mut Scope<'_>) -> Result<Arc<Query>, CallError> {
    let query = sub_query(ast, scope)?;
    if query.items.len() != 1 {
        let message = "a sub-query that stands for one value has several columns";
        return Err(scope.dialect().error(Problem::SeveralColumns, message));
    }
    Ok(query)
}

fn constant(value: &ValueWithSpan, scope: &Scope<'_>) -> Result<Expression, CallError> {
    match &value.value {
        ast::Value::Placeholder(mark) if mark == "?" => Ok(scope.parameter(value.span.start)),
        value => literal(value, scope.dialect()).map(Expression::Constant),
    }
}

pub(super) fn literal(value: &ast::Value, dialect: Dialect) -> Result<Value, CallError> {
    Ok(match value {
        ast::Value::Null => Value::Null,
        ast::Value::Boolean(boolean) if dialect == Dialect::Postgres => Value::Boolean(*boolean),
        ast::Value::Boolean(boolean) => Value::Integer(i64::from(*boolean)),
        ast::Value::Number(number, false) => self::number(number, dialect)?,
        ast::Value::SingleQuotedString(text) | ast::Value::DoubleQuotedString(text) => {
            Value::from(text.as_str())
        }
        ast::Value::HexStringLiteral(hex) => Value::Bytes(bytes(hex, dialect)?),
        other => return Err(unsupported(format!("the literal {other}"))),
    })
}

fn number(number: &str, dialect: Dialect) -> Result<Value, CallError> {
    if number.contains(['.', 'e', 'E']) {
        let real = number.parse().map(Value::Real);
        return real.map_err(|_| syntax(dialect, format!("{number} is no number")));
    }
    let integer = number.parse().map(Value::Integer);
    integer.map_err(|_| unsupported(format!("the number {number}, which has more than 64 bits")))
}

fn bytes(hex: &str, dialect: Dialect) -> Result<Vec<u8>, CallError> {
    let wrong = || syntax(dialect, format!("x'{hex}' is no bytes"));
    if !hex.is_ascii() || !hex.len().is_multiple_of(2) {
        return Err(wrong());
    }
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).map_err(|_| wrong());
    (0..hex.len()).step_by(2).map(byte).collect()
}

fn unary(op: UnaryOperator, expr: &Expr, scope: &mut Scope<'_>) -> Result<Expression, CallError> {
    match (op, expr) {
        // The least integer has no positive counterpart.
        (UnaryOperator::Minus, Expr::Value(value)) => match &value.value {
            ast::Value::Number(digits, false) => Ok(Expression::Constant(number(
                &format!("-{digits}"),
                scope.dialect(),
            )?)),
            _ => Ok(Expression::Negate(boxed(expr, scope)?)),
        },
        (UnaryOperator::Minus, _) => Ok(Expression::Negate(boxed(expr, scope)?)),
        (UnaryOperator::Plus, _) => expression(expr, scope),
        (UnaryOperator::Not, _) => Ok(not(expression(expr, scope)?)),
        _ => Err(unsupported(format!("the operator {op}"))),
    }
}

fn binary(
    op: &BinaryOperator,
    pair: Box<(Expression, Expression)>,
    dialect: Dialect,
) -> Option<Expression> {
    let is_postgres = dialect == Dialect::Postgres;
    let compare = |comparison, pair| Some(Expression::Compare(comparison, pair));
    let arithmetic = |operator, pair| Some(Expression::Arithmetic(operator, pair));
    match op {
        BinaryOperator::And => Some(Expression::And(pair)),
        BinaryOperator::Or => Some(Expression::Or(pair)),
        BinaryOperator::Eq => compare(Comparison::Equal, pair),
        BinaryOperator::NotEq => compare(Comparison::NotEqual, pair),
        BinaryOperator::Lt => compare(Comparison::Less, pair),
        BinaryOperator::LtEq => compare(Comparison::LessOrEqual, pair),
        BinaryOperator::Gt => compare(Comparison::Greater, pair),
        BinaryOperator::GtEq => compare(Comparison::GreaterOrEqual, pair),
        BinaryOperator::Divide if is_postgres => arithmetic(Operator::Divide, pair),
        BinaryOperator::StringConcat if is_postgres => {
            let (one, other) = *pair;
            Some(Expression::Call(Function::Join, vec![one, other]))
        }
        BinaryOperator::Spaceship if is_postgres => None,
        BinaryOperator::Spaceship => compare(Comparison::Same, pair),
        BinaryOperator::Plus => arithmetic(Operator::Plus, pair),
        BinaryOperator::Minus => arithmetic(Operator::Minus, pair),
        BinaryOperator::Multiply => arithmetic(Operator::Times, pair),
        BinaryOperator::Modulo => arithmetic(Operator::Modulo, pair),
        _ => None,
    }
}

fn case(
    operand: Option<&Expr>,
    conditions: &[CaseWhen],
    otherwise: Option<&Expr>,
    scope: &mut Scope<'_>,
) -> Result<Expression, CallError> {
    let operand = operand.map(|operand| expression(operand, scope));
    let operand = operand.transpose()?;
    let mut branches = Vec::new();
    for when in conditions {
        let mut condition = expression(&when.condition, scope)?;
        if let Some(operand) = &operand {
            let pair = Box::new((operand.clone(), condition));
            condition = Expression::Compare(Comparison::Equal, pair);
        }
        branches.push((condition, expression(&when.result, scope)?));
    }
    let otherwise = match otherwise {
        Some(otherwise) => expression(otherwise, scope)?,
        None => Expression::Constant(Value::Null),
    };
    Ok(Expression::Case {
        branches,
        otherwise: Box::new(otherwise),
    })
}
