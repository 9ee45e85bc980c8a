//! An expression with its names resolved: columns and parameters are numbers.

use super::dialect::{Dialect, Problem};
use super::time::Clock;
use super::value::Scalar;
use super::view::View;
use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use std::fmt::Debug;
use std::sync::Arc;

/// The greatest depth of sub-queries, the statement itself included.
pub(super) const MAX_LEVELS: usize = 3;

#[derive(Debug, Clone)]
pub(super) enum Expression {
    Constant(Value),
    Parameter(usize),
    /// The same in PostgreSQL, where a boolean is one.
    Argument(usize),
    /// In PostgreSQL, what is true or false, as a boolean.
    Boolean(Box<Expression>),
    /// Arithmetic of PostgreSQL.
    Computed(Operator, Box<(Expression, Expression)>),
    /// Of the row of one level: 0 is the statement's own, 1 a sub-query's, …
    Column {
        level: usize,
        column: usize,
    },
    /// The result of an aggregate of the same SELECT.
    Aggregate(usize),
    /// The number that a trigger was given, as a UUID.
    Uuid,
    /// The number of the transaction, in a trigger.
    Transaction,
    Compare(Comparison, Box<(Expression, Expression)>),
    And(Box<(Expression, Expression)>),
    Or(Box<(Expression, Expression)>),
    Not(Box<Expression>),
    IsNull(Box<Expression>),
    /// IS TRUE or IS FALSE.
    Is(bool, Box<Expression>),
    In(Box<Expression>, Vec<Expression>),
    InQuery(Box<Expression>, Arc<dyn SubQuery>),
    Exists(Arc<dyn SubQuery>),
    /// A sub-query for its one value.
    OneValue(Arc<dyn SubQuery>),
    Arithmetic(Operator, Box<(Expression, Expression)>),
    Negate(Box<Expression>),
    Case {
        branches: Vec<(Expression, Expression)>,
        otherwise: Box<Expression>,
    },
    Call(Function, Vec<Expression>),
    /// The time at which the statement began.
    Now(Clock),
    /// UNIX_TIMESTAMP of a time.
    UnixTime(Box<Expression>),
    /// A time and so many units of so many microseconds, which may be negative.
    AddTime(i64, Box<(Expression, Expression)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `<=>`: NULL equals NULL, and the answer is never NULL.
    Same,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Times,
    Modulo,
    /// In PostgreSQL alone.
    Divide,
}

/// A sub-query, as the expression around it sees it.
pub(super) trait SubQuery: Debug + Send + Sync {
    fn rows(&self, env: &Environment<'_>) -> Result<Vec<Row>, CallError>;

    fn dialect(&self) -> Dialect;

    /// Is there a row?
    fn exists(&self, env: &Environment<'_>) -> Result<bool, CallError>;

    /// The value of a sub-query that stands for one: NULL if it has no row. `rejected` if it has
    /// several.
    fn one_value(&self, env: &Environment<'_>) -> Result<Scalar<'static>, CallError> {
        let mut rows = self.rows(env)?;
        if rows.len() > 1 {
            let message = "a sub-query that stands for one value has several rows";
            return Err(self.dialect().error(Problem::SeveralRows, message));
        }
        let value = rows.pop().and_then(|mut row| row.pop());
        Ok(value.map_or(Scalar::Null, Scalar::owned))
    }
}

/// A function of its arguments alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    /// Also IFNULL.
    Coalesce,
    Concat,
    Greatest,
    Least,
    /// In characters, as PostgreSQL has it.
    CharLength,
    /// CONCAT of PostgreSQL, which leaves out NULL.
    ConcatAll,
    /// GREATEST and LEAST of PostgreSQL, which leave out NULL.
    GreatestOf,
    LeastOf,
    /// `||` of PostgreSQL.
    Join,
    /// In bytes, as MariaDB has it.
    Length,
    Lower,
    NullIf,
    Upper,
}

/// All that an expression is computed from. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Environment<'a> {
    pub parameters: &'a [Value],
    pub view: &'a dyn View,
    pub aggregates: &'a [Value],
    /// For `UUID()`.
    pub number: u128,
    /// For `CONTEND_TRANSACTION()`.
    pub transaction: u64,
    /// A division by zero is refused where something is written, and NULL where something is read.
    pub strict: bool,
    rows: [&'a [Value]; MAX_LEVELS],
}

impl Expression {
    /// Can it be another value for another row of this level, or of a deeper one?
    pub(super) fn depends_on(&self, level: usize) -> bool {
        self.any(&|part| match part {
            Self::Column { level: its, .. } => *its >= level,
            part => part.is_query(),
        })
    }

    /// Says whether it has a sub-query.
    pub(super) fn has_query(&self) -> bool {
        self.any(&Self::is_query)
    }

    fn is_query(&self) -> bool {
        matches!(
            self,
            Self::InQuery(..) | Self::Exists(_) | Self::OneValue(_)
        )
    }

    /// Says whether this holds of the expression or of one of its parts. A sub-query is not examined.
    fn any(&self, holds: &impl Fn(&Self) -> bool) -> bool {
        let either = |pair: &(Self, Self)| pair.0.any(holds) || pair.1.any(holds);
        let any = |list: &[Self]| list.iter().any(|one| one.any(holds));
        holds(self)
            || match self {
                Self::Column { .. } | Self::Constant(_) => false,
                Self::Parameter(_) | Self::Argument(_) => false,
                Self::Aggregate(_) | Self::Uuid | Self::Transaction | Self::Now(_) => false,
                Self::Exists(_) | Self::OneValue(_) => false,
                Self::Compare(_, pair)
                | Self::And(pair)
                | Self::Or(pair)
                | Self::Arithmetic(_, pair)
                | Self::Computed(_, pair)
                | Self::AddTime(_, pair) => either(pair),
                Self::Not(one)
                | Self::IsNull(one)
                | Self::Boolean(one)
                | Self::Is(_, one)
                | Self::Negate(one)
                | Self::InQuery(one, _)
                | Self::UnixTime(one) => one.any(holds),
                Self::In(one, list) => one.any(holds) || any(list),
                Self::Case {
                    branches,
                    otherwise,
                } => branches.iter().any(either) || otherwise.any(holds),
                Self::Call(_, list) => any(list),
            }
    }
}

impl<'a> Environment<'a> {
    pub(super) fn reading(parameters: &'a [Value], view: &'a dyn View) -> Self {
        Self {
            parameters,
            view,
            aggregates: &[],
            number: 0,
            transaction: 0,
            strict: false,
            rows: [&[]; MAX_LEVELS],
        }
    }

    pub(super) fn writing(parameters: &'a [Value], view: &'a dyn View) -> Self {
        Self {
            strict: true,
            ..Self::reading(parameters, view)
        }
    }

    /// The same with this row at a level.
    pub(super) fn at<'b>(&self, level: usize, row: &'b [Value]) -> Environment<'b>
    where
        'a: 'b,
    {
        let mut with: Environment<'b> = *self;
        with.rows[level] = row;
        with
    }

    /// The same with these results of aggregates.
    pub(super) fn with_aggregates<'b>(&self, aggregates: &'b [Value]) -> Environment<'b>
    where
        'a: 'b,
    {
        Environment {
            aggregates,
            ..*self
        }
    }

    pub(super) fn column(&self, level: usize, column: usize) -> &'a Value {
        &self.rows[level][column]
    }
}
