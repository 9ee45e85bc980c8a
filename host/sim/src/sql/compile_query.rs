//! From the parser's queries to ours.

use super::compile::expression;
use super::dialect::{Dialect, Problem};
use super::expression::Expression;
use super::query::{Order, Query};
use super::refuse::unsupported;
use super::rest;
use super::rows::Rows;
use super::scope::{Scope, plain};
use super::table::{Table, TableId};
use crate::model::error::CallError;
use crate::model::value::Value;
use sqlparser::ast::{
    self, Expr, GroupByExpr, LimitClause, OrderByExpr, OrderByKind, OrderBySort, Select,
    SelectItem, SetExpr, TableFactor, TableWithJoins,
};
use std::sync::Arc;

/// The query, without its locking clause.
pub(super) fn query(ast: &ast::Query, scope: &mut Scope<'_>) -> Result<Query, CallError> {
    if ast.with.is_some() {
        return Err(unsupported("WITH"));
    }
    let select = match &*ast.body {
        SetExpr::Select(select) => select,
        SetExpr::SetOperation { op, .. } => return Err(unsupported(op)),
        other => return Err(unsupported(format!("a query of the form {other}"))),
    };
    rest::of_query(ast)?;
    nothing_else(select)?;
    let from = match select.from.as_slice() {
        [] => None,
        [from] => Some(from),
        _ => return Err(unsupported("a join of tables")),
    };
    match from.map(|from| relation(from)).transpose()? {
        Some((name, _)) if is_of_the_server(name, scope.dialect()) => Ok(empty(scope.dialect())),
        Some((name, alias)) => {
            let (id, table) = scope.find(name)?;
            let level = scope.open(alias.unwrap_or(plain(name)?), table.clone())?;
            let query = of_select(ast, select, Some((id, &table, level)), scope);
            scope.close();
            query
        }
        None => of_select(ast, select, None, scope),
    }
}

/// `information_schema` and `pg_class` list the tables beside those of a run: in a simulated cluster there
/// are none.
fn is_of_the_server(name: &ast::ObjectName, dialect: Dialect) -> bool {
    if dialect == Dialect::Postgres && name.0.len() == 1 {
        return plain(name).is_ok_and(|name| name.eq_ignore_ascii_case("pg_class"));
    }
    let schema = name.0.first().and_then(|part| part.as_ident());
    let is = |schema: &ast::Ident| schema.value.eq_ignore_ascii_case("information_schema");
    name.0.len() == 2 && schema.is_some_and(is)
}

fn empty(dialect: Dialect) -> Query {
    Query {
        rows: None,
        items: Vec::new(),
        aggregates: Vec::new(),
        order: Vec::new(),
        in_key_order: true,
        limit: None,
        offset: None,
        empty: true,
        dialect,
    }
}

fn nothing_else(select: &Select) -> Result<(), CallError> {
    let grouped = match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(by, with) => !by.is_empty() || !with.is_empty(),
    };
    for (is_there, construct) in [
        (select.distinct.is_some(), "DISTINCT"),
        (grouped, "GROUP BY"),
        (select.having.is_some(), "HAVING"),
        (!select.named_window.is_empty(), "WINDOW"),
        (select.into.is_some(), "SELECT … INTO"),
    ] {
        if is_there {
            return Err(unsupported(construct));
        }
    }
    rest::of_select(select)
}

/// The table's name and its alias.
pub(super) fn relation(
    from: &TableWithJoins,
) -> Result<(&ast::ObjectName, Option<&str>), CallError> {
    if !from.joins.is_empty() {
        return Err(unsupported("a join of tables"));
    }
    let TableFactor::Table { name, alias, .. } = &from.relation else {
        let relation = &from.relation;
        return Err(unsupported(format!("a table of the form {relation}")));
    };
    rest::of_table(&from.relation)?;
    Ok((name, alias.as_ref().map(|alias| alias.name.value.as_str())))
}

fn of_select(
    ast: &ast::Query,
    select: &Select,
    from: Option<(TableId, &Arc<Table>, usize)>,
    scope: &mut Scope<'_>,
) -> Result<Query, CallError> {
    let level = from.map(|(_, _, level)| level);
    scope.aggregates = Some(Vec::new());
    let items = items(
        &select.projection,
        from.map(|(_, table, level)| (table, level)),
        scope,
    );
    let aggregates = scope.aggregates.take().unwrap_or_default();
    let items = items?;
    let beside = level.is_some_and(|level| items.iter().any(|item| item.depends_on(level)));
    if beside && !aggregates.is_empty() {
        return Err(unsupported("a column beside COUNT, MIN or MAX"));
    }
    let filter = select.selection.as_ref();
    let filter = filter.map(|filter| expression(filter, scope)).transpose()?;
    let rows = match from {
        Some((id, table, level)) => Some(Rows::new(id, table, level, filter)),
        None if filter.is_some() => return Err(unsupported("WHERE without a table")),
        None => None,
    };
    let order = match &ast.order_by {
        Some(order_by) => order(order_by, select, &items, scope)?,
        None => Vec::new(),
    };
    if !order.is_empty() && !aggregates.is_empty() {
        return Err(unsupported("ORDER BY beside COUNT, MIN or MAX"));
    }
    let in_key_order = from.is_some_and(|(_, table, level)| is_key_order(&order, table, level));
    let (limit, offset) = bounds(ast.limit_clause.as_ref(), scope)?;
    Ok(Query {
        rows,
        items,
        aggregates,
        order,
        in_key_order,
        limit,
        offset,
        empty: false,
        dialect: scope.dialect(),
    })
}

/// The columns of a SELECT or of RETURNING.
pub(super) fn items(
    list: &[SelectItem],
    from: Option<(&Arc<Table>, usize)>,
    scope: &mut Scope<'_>,
) -> Result<Vec<Expression>, CallError> {
    let mut items = Vec::new();
    for item in list {
        match (item, from) {
            (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }, _) => {
                items.push(expression(expr, scope)?);
            }
            (SelectItem::Wildcard(options), Some((table, level))) => {
                rest::of_wildcard(options)?;
                let columns = 0..table.columns.len();
                items.extend(columns.map(|column| Expression::Column { level, column }));
            }
            (other, _) => return Err(unsupported(format!("{other} as a column"))),
        }
    }
    Ok(items)
}

fn order(
    order_by: &ast::OrderBy,
    select: &Select,
    items: &[Expression],
    scope: &mut Scope<'_>,
) -> Result<Vec<Order>, CallError> {
    let OrderByKind::Expressions(list) = &order_by.kind else {
        return Err(unsupported("ORDER BY ALL"));
    };
    let one = |ast: &OrderByExpr| {
        let (descending, nulls_first) = direction(ast, scope.dialect())?;
        let by = match &ast.expr {
            Expr::Value(value) => by_number(&value.value, items, scope.dialect())?,
            Expr::Identifier(name) => match by_alias(name, select, items) {
                Some(item) => item,
                None => expression(&ast.expr, scope)?,
            },
            expr => expression(expr, scope)?,
        };
        Ok(Order {
            by,
            descending,
            nulls_first,
        })
    };
    list.iter().map(one).collect()
}

/// Is it descending, and do NULLs come first? To MariaDB a NULL is less than everything, to PostgreSQL
/// greater.
fn direction(ast: &OrderByExpr, dialect: Dialect) -> Result<(bool, bool), CallError> {
    let descending = match (&ast.options.sort, &ast.with_fill) {
        (None | Some(OrderBySort::Asc), None) => false,
        (Some(OrderBySort::Desc), None) => true,
        _ => return Err(unsupported(format!("ORDER BY {ast}"))),
    };
    match (dialect, ast.options.nulls_first) {
        (Dialect::Mysql, None) => Ok((descending, !descending)),
        (Dialect::Mysql, Some(_)) => Err(unsupported(format!("ORDER BY {ast}"))),
        (Dialect::Postgres, said) => Ok((descending, said.unwrap_or(descending))),
    }
}

/// The ORDER BY of an UPDATE or a DELETE.
pub(super) fn columns_in_order(
    list: &[OrderByExpr],
    scope: &mut Scope<'_>,
) -> Result<Vec<Order>, CallError> {
    let one = |ast: &OrderByExpr| match &ast.expr {
        Expr::Value(value) => Err(unsupported(format!("ORDER BY the constant {value}"))),
        expr => {
            let (descending, nulls_first) = direction(ast, scope.dialect())?;
            Ok(Order {
                by: expression(expr, scope)?,
                descending,
                nulls_first,
            })
        }
    };
    list.iter().map(one).collect()
}

fn by_number(
    value: &ast::Value,
    items: &[Expression],
    dialect: Dialect,
) -> Result<Expression, CallError> {
    let ast::Value::Number(number, _) = value else {
        return Err(unsupported(format!("ORDER BY the constant {value}")));
    };
    let place = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    let item = place.and_then(|place| items.get(place));
    let message = || format!("ORDER BY {number}: there is no such column");
    let missing = || dialect.error(Problem::NoSuchColumn, message());
    item.cloned().ok_or_else(missing)
}

/// Only where each item of the SELECT is one column.
fn by_alias(name: &ast::Ident, select: &Select, items: &[Expression]) -> Option<Expression> {
    let is_it = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => alias.value.eq_ignore_ascii_case(&name.value),
        _ => false,
    };
    let place = select.projection.iter().position(is_it)?;
    (items.len() == select.projection.len()).then(|| items[place].clone())
}

pub(super) fn is_key_order(order: &[Order], table: &Table, level: usize) -> bool {
    let is_part = |(order, column): (&Order, &usize)| {
        let by = matches!(order.by, Expression::Column { level: its, column: by } if its == level && by == *column);
        by && !order.descending
    };
    !order.is_empty()
        && order.len() <= table.primary.len()
        && order.iter().zip(&table.primary).all(is_part)
}

type Bound = Option<Expression>;

/// A number or a parameter.
pub(super) fn bound(expr: &Expr, scope: &mut Scope<'_>) -> Result<Expression, CallError> {
    match expression(expr, scope)? {
        bound @ (Expression::Constant(Value::Integer(_))
        | Expression::Parameter(_)
        | Expression::Argument(_)) => Ok(bound),
        _ => Err(unsupported(format!("LIMIT or OFFSET {expr}"))),
    }
}

/// LIMIT and OFFSET: a number or a parameter each.
fn bounds(
    clause: Option<&LimitClause>,
    scope: &mut Scope<'_>,
) -> Result<(Bound, Bound), CallError> {
    let mut bound = |expr: &Expr| bound(expr, scope);
    match clause {
        None => Ok((None, None)),
        Some(LimitClause::LimitOffset {
            limit: Some(limit),
            offset,
            limit_by,
        }) if limit_by.is_empty() => {
            let limit = bound(limit)?;
            let offset = offset.as_ref().map(|offset| bound(&offset.value));
            Ok((Some(limit), offset.transpose()?))
        }
        Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
            let offset = bound(offset)?;
            Ok((Some(bound(limit)?), Some(offset)))
        }
        Some(other) => Err(unsupported(format!("the clause{other}"))),
    }
}
