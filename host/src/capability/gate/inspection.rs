//! Walks a statement's tree. Everything is refused that is not on a list here: what a parser reads as
//! one thing a database may read as another, and what a list of forbidden things forgets is open.

use super::{Gate, not_allowed};
use crate::model::fault::Fault;
use sqlparser::ast::{
    self, BinaryOperator, Expr, Ident, ObjectName, Query, SetExpr, TableFactor, UnaryOperator,
    Value, ValueWithSpan, Visit, Visitor,
};
use std::ops::ControlFlow;

/// Functions of the data alone. No clock, no randomness, no files, no session: those a strategy
/// has from its other capabilities or not at all.
const FUNCTIONS: &[&str] = &[
    "abs",
    "avg",
    "coalesce",
    "concat",
    "count",
    "ifnull",
    "length",
    "lower",
    "max",
    "min",
    "nullif",
    "substr",
    "substring",
    "sum",
    "upper",
];

/// How deep an expression or a chain of UNION may be. The parser builds a chain of ten thousand AND without
/// going deep itself; whoever reads the tree after it would need a stack for that.
const MAX_DEPTH: usize = 100;

/// The names of the tables that a statement reads or writes, with repetitions, and the number of its
/// parameters.
pub(super) fn inspect(
    gate: &Gate,
    statement: &ast::Statement,
) -> Result<(Vec<String>, usize), Fault> {
    let mut inspection = Inspection {
        gate,
        tables: Vec::new(),
        parameters: 0,
        depth: 0,
    };
    match statement.visit(&mut inspection) {
        ControlFlow::Break(fault) => Err(fault),
        ControlFlow::Continue(()) => Ok((inspection.tables, inspection.parameters)),
    }
}

/// Walks the tree and stops at the first thing that a strategy may not do.
struct Inspection<'a> {
    gate: &'a Gate,
    tables: Vec<String>,
    parameters: usize,
    /// Of the expression that is being looked at.
    depth: usize,
}

impl Inspection<'_> {
    fn refuse(what: impl Into<String>) -> ControlFlow<Fault> {
        ControlFlow::Break(not_allowed(what))
    }
}

impl Visitor for Inspection<'_> {
    type Break = Fault;

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<Fault> {
        if !self.gate.has_table(relation) {
            let tables = self.gate.tables.join(", ");
            return Self::refuse(format!(
                "the table {relation}; this workload's tables are: {tables}"
            ));
        }
        self.tables.push(relation.to_string());
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Fault> {
        match factor {
            TableFactor::Table { args: None, .. }
            | TableFactor::Derived { .. }
            | TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
            other => Self::refuse(format!("{other} as a table")),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Fault> {
        if query.with.is_some() {
            // A recursive one can run for ever, and no strategy needs the others.
            return Self::refuse("WITH");
        }
        if chained(&query.body) > MAX_DEPTH {
            return Self::refuse(format!("more than {MAX_DEPTH} queries in a chain"));
        }
        if !reads_only(&query.body) {
            return Self::refuse("a query that is more than a SELECT");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &ast::Select) -> ControlFlow<Fault> {
        match select.into {
            Some(_) => Self::refuse("SELECT … INTO"),
            None => ControlFlow::Continue(()),
        }
    }

    fn post_visit_expr(&mut self, _: &Expr) -> ControlFlow<Fault> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Self::refuse(format!("an expression that is more than {MAX_DEPTH} deep"));
        }
        match expr {
            Expr::Function(function) => may_call(&function.name),
            Expr::Subquery(query)
            | Expr::Exists {
                subquery: query, ..
            } if !query.locks.is_empty() => Self::refuse("a locking clause in a sub-query"),
            _ if is_plain(expr) => ControlFlow::Continue(()),
            _ => Self::refuse(format!(
                "the expression {expr}; a strategy has comparisons, arithmetic, AND, OR, NOT, IN, \
                 BETWEEN, IS, CASE, sub-queries and some functions"
            )),
        }
    }

    fn pre_visit_ident(&mut self, ident: &Ident) -> ControlFlow<Fault> {
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

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<Fault> {
        match &value.value {
            Value::Placeholder(mark) if mark == "?" => {
                self.parameters += 1;
                ControlFlow::Continue(())
            }
            Value::Placeholder(mark) => Self::refuse(format!(
                "the placeholder {mark}; write ? for each parameter"
            )),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// How many queries are chained by UNION and the like, the first ones first.
fn chained(mut body: &SetExpr) -> usize {
    let mut count = 1;
    while let SetExpr::SetOperation { left, .. } = body {
        body = left;
        count += 1;
    }
    count
}

fn reads_only(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(_) | SetExpr::Values(_) => true,
        SetExpr::Query(query) => reads_only(&query.body),
        SetExpr::SetOperation { left, right, .. } => reads_only(left) && reads_only(right),
        _ => false,
    }
}

fn may_call(function: &ObjectName) -> ControlFlow<Fault> {
    let name = function.to_string().to_ascii_lowercase();
    if FUNCTIONS.contains(&name.as_str()) {
        return ControlFlow::Continue(());
    }
    let allowed = FUNCTIONS.join(", ");
    Inspection::refuse(format!("the function {name}; allowed are: {allowed}"))
}

/// Takes a time that is linear in what it is given, in every database. Patterns (LIKE, GLOB, REGEXP)
/// and `trim` with characters of one's own don't: with long texts they compute for hours, in a place
/// where nothing can interrupt them.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryOp { op, .. } => is_plain_operator(op),
        Expr::UnaryOp { op, .. } => matches!(
            op,
            UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not
        ),
        Expr::Trim {
            trim_what,
            trim_characters,
            ..
        } => trim_what.is_none() && trim_characters.is_none(),
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
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::Substring { .. } => true,
        _ => false,
    }
}

fn is_plain_operator(operator: &BinaryOperator) -> bool {
    matches!(
        operator,
        BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::StringConcat
            | BinaryOperator::Gt
            | BinaryOperator::Lt
            | BinaryOperator::GtEq
            | BinaryOperator::LtEq
            | BinaryOperator::Spaceship
            | BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::And
            | BinaryOperator::Or
    )
}
