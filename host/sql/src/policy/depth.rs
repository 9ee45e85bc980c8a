//! Limits the depth of a tree before anything else recurses into it.

use super::refusal::not_allowed;
use crate::model::error::CallError;
use sqlparser::ast::{Expr, Query, SetExpr, Statement, Visit, Visitor};
use std::ops::ControlFlow;

/// Deepest expression or chain of UNION. The parser builds a chain of ten thousand AND without
/// recursion, but a visitor of that tree would need a stack for it.
const MAX_DEPTH: usize = 100;

pub(super) fn check(statement: &Statement) -> Result<(), CallError> {
    match statement.visit(&mut Depth(0)) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// The depth of the visited expression.
struct Depth(usize);

impl Visitor for Depth {
    type Break = CallError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<CallError> {
        if chained(&query.body) > MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} queries in a chain");
            return ControlFlow::Break(not_allowed(message));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, _: &Expr) -> ControlFlow<CallError> {
        self.0 += 1;
        if self.0 > MAX_DEPTH {
            let message = format!("an expression that is more than {MAX_DEPTH} deep");
            return ControlFlow::Break(not_allowed(message));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _: &Expr) -> ControlFlow<CallError> {
        self.0 -= 1;
        ControlFlow::Continue(())
    }
}

/// Number of queries in a chain of UNION and similar operators.
fn chained(mut body: &SetExpr) -> usize {
    let mut count = 1;
    while let SetExpr::SetOperation { left, .. } = body {
        body = left;
        count += 1;
    }
    count
}
