//! Walks a statement's tree. The lists here are allow lists: a parser and a database may read the same
//! text differently, and a list of forbidden things always misses some.

use super::dialect::Dialect;
use super::refusal::not_allowed;
use super::{SqlPolicy, clauses, functions};
use crate::model::error::CallError;
use sqlparser::ast::{
    self, BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    ObjectName, OnInsert, Query, SetExpr, Statement, TableFactor, UnaryOperator, Value,
    ValueWithSpan, Visit, Visitor,
};
use std::ops::ControlFlow;

/// The names of the tables that a statement reads or writes, with repetitions, and the number of its
/// parameters.
pub(super) fn inspect(
    sql_policy: &SqlPolicy,
    statement: &ast::Statement,
) -> Result<(Vec<String>, usize), CallError> {
    let mut inspection = Inspection {
        sql_policy,
        tables: Vec::new(),
        parameters: 0,
        intervals: 0,
        in_upsert: is_upsert(statement),
    };
    match statement.visit(&mut inspection) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok((inspection.tables, inspection.parameters)),
    }
}

/// Walks the tree and stops at the first thing that a strategy may not do.
struct Inspection<'a> {
    sql_policy: &'a SqlPolicy,
    tables: Vec<String>,
    parameters: usize,
    /// Number of INTERVALs still allowed: the second part of a sum, or an argument of DATE_ADD.
    intervals: usize,
    /// `VALUES(column)` is a function.
    in_upsert: bool,
}

impl Inspection<'_> {
    fn refuse(what: impl Into<String>) -> ControlFlow<CallError> {
        ControlFlow::Break(not_allowed(what))
    }

    fn unless(checked: Result<(), CallError>) -> ControlFlow<CallError> {
        match checked {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

impl Visitor for Inspection<'_> {
    type Break = CallError;

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<CallError> {
        if !self.sql_policy.has_table(relation) {
            let tables = self.sql_policy.tables.join(", ");
            return Self::refuse(format!(
                "the table {relation}; this workload's tables are: {tables}"
            ));
        }
        self.tables.push(relation.to_string());
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<CallError> {
        Self::unless(clauses::table(factor, self.sql_policy.dialect))
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<CallError> {
        if query.with.is_some() {
            return Self::refuse(
                "WITH: a recursive one can run for ever, and a sub-query does what the others do",
            );
        }
        if !reads_only(&query.body) {
            return Self::refuse("a query that is more than a SELECT");
        }
        Self::unless(clauses::query(query, self.sql_policy.dialect))
    }

    fn pre_visit_select(&mut self, select: &ast::Select) -> ControlFlow<CallError> {
        match select.into {
            Some(_) => Self::refuse("SELECT … INTO: it writes files, tables or variables"),
            None => Self::unless(clauses::select(select, self.sql_policy.dialect)),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<CallError> {
        let dialect = self.sql_policy.dialect;
        self.intervals += intervals_in(expr, dialect);
        match expr {
            Expr::Function(function) => {
                Self::unless(functions::check(function, dialect, self.in_upsert))
            }
            Expr::Interval(interval) if is_interval(interval) && self.intervals > 0 => {
                self.intervals -= 1;
                ControlFlow::Continue(())
            }
            _ if is_plain(expr, dialect) => ControlFlow::Continue(()),
            _ => Self::refuse(format!(
                "the expression {expr}: {}; a strategy has comparisons, arithmetic, AND, OR, NOT, \
                 IN, BETWEEN, IS, CASE, sub-queries and some functions",
                why_not(expr)
            )),
        }
    }

    fn pre_visit_ident(&mut self, ident: &Ident) -> ControlFlow<CallError> {
        // Some readers take `1@@version` for one name, others for a number and a variable.
        if ident.value.contains('@') {
            return Self::refuse(format!("the variable {ident}"));
        }
        // After a point, the parser takes nearly everything for a name.
        let is_of_a_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        if ident.quote_style.is_none() && !ident.value.chars().all(is_of_a_word) {
            return Self::refuse(format!("the name {ident}"));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<CallError> {
        match &value.value {
            Value::Placeholder(mark) if mark == "?" => {
                self.parameters += 1;
                ControlFlow::Continue(())
            }
            Value::Placeholder(mark) => Self::refuse(format!(
                "the placeholder {mark}; write ? for each parameter"
            )),
            Value::Number(..) | Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null => {
                ControlFlow::Continue(())
            }
            // Strings with escapes or between dollars, in which a mark is none.
            other if self.sql_policy.dialect == Dialect::Postgres => {
                Self::refuse(format!("the literal {other}; use a parameter"))
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

fn reads_only(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(_) | SetExpr::Values(_) => true,
        SetExpr::Query(query) => reads_only(&query.body),
        SetExpr::SetOperation { left, right, .. } => reads_only(left) && reads_only(right),
        _ => false,
    }
}

/// True if `VALUES(column)` means the value that the INSERT would have written.
fn is_upsert(statement: &Statement) -> bool {
    matches!(statement, Statement::Insert(insert)
        if matches!(insert.on, Some(OnInsert::DuplicateKeyUpdate(_))))
}

/// MariaDB adds an INTERVAL to a time, and takes one nowhere else.
fn intervals_in(expr: &Expr, dialect: Dialect) -> usize {
    let is_one = |expr: &Expr| matches!(expr, Expr::Interval(_));
    let count = match expr {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Plus | BinaryOperator::Minus,
            right,
        } => !is_one(left) && is_one(right),
        Expr::Function(function) => is_of_date_add(function),
        _ => false,
    };
    usize::from(count && dialect == Dialect::Mysql)
}

fn is_of_date_add(function: &Function) -> bool {
    let name = function.name.to_string().to_ascii_lowercase();
    let FunctionArguments::List(list) = &function.args else {
        return false;
    };
    let is_interval = matches!(
        list.args.as_slice(),
        [
            _,
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Interval(_)))
        ]
    );
    is_interval && matches!(name.as_str(), "date_add" | "date_sub")
}

/// True for an INTERVAL with one unit of MariaDB.
fn is_interval(interval: &ast::Interval) -> bool {
    use ast::DateTimeField::{Day, Hour, Microsecond, Minute, Second};
    let has_unit = matches!(
        interval.leading_field,
        Some(Microsecond | Second | Minute | Hour | Day)
    );
    has_unit
        && interval.leading_precision.is_none()
        && interval.last_field.is_none()
        && interval.fractional_seconds_precision.is_none()
}

/// The reason against an expression: its danger, or the other dialect's form of it.
fn why_not(expr: &Expr) -> &'static str {
    match expr {
        Expr::Like { .. } | Expr::ILike { .. } | Expr::SimilarTo { .. } | Expr::RLike { .. } => {
            "a pattern on a long text can take a database hours, and nothing can interrupt it"
        }
        Expr::Trim { .. } => "trimming characters of one's own can take a database hours",
        Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..) => {
            "MariaDB has a <=> b and NOT a <=> b for it"
        }
        Expr::BinaryOp {
            op: BinaryOperator::StringConcat,
            ..
        } => "MariaDB reads || as OR; write concat() or OR",
        Expr::BinaryOp {
            op: BinaryOperator::Spaceship,
            ..
        } => "SQLite and PostgreSQL have IS NOT DISTINCT FROM for it",
        Expr::Interval(_) => "an INTERVAL is added to a time, in MariaDB only, in one unit",
        Expr::Cast { .. } | Expr::Convert { .. } => "each database converts by its own rules",
        _ => {
            "it is not among the expressions that the policy and the server are known to read alike"
        }
    }
}

/// Takes a time that is linear in what it is given, and is read by the server as by the parser.
fn is_plain(expr: &Expr, dialect: Dialect) -> bool {
    match expr {
        Expr::BinaryOp { op, .. } => is_plain_operator(op, dialect),
        Expr::UnaryOp { op, .. } => matches!(
            op,
            UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not
        ),
        Expr::Trim {
            trim_what,
            trim_characters,
            ..
        } => trim_what.is_none() && trim_characters.is_none(),
        Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..) => dialect != Dialect::Mysql,
        Expr::Substring { special, .. } => *special || dialect != Dialect::Sqlite,
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::Value(_)
        | Expr::Nested(_)
        | Expr::Tuple(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_) => true,
        _ => false,
    }
}

fn is_plain_operator(operator: &BinaryOperator, dialect: Dialect) -> bool {
    match operator {
        // To MariaDB it is OR, with another precedence.
        BinaryOperator::StringConcat => return dialect != Dialect::Mysql,
        BinaryOperator::Spaceship => return dialect == Dialect::Mysql,
        _ => {}
    }
    matches!(
        operator,
        BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::Gt
            | BinaryOperator::Lt
            | BinaryOperator::GtEq
            | BinaryOperator::LtEq
            | BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::And
            | BinaryOperator::Or
    )
}
