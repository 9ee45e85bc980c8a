//! The clauses of a statement. The parser knows those of many dialects; a server that does not have one
//! would refuse it on every call, or read it as something else. So the known parts are taken out of a
//! copy, and what is left must be what the smallest statement of the kind has.

mod written;

pub(super) use written::{delete, insert, update};

use super::dialect::Dialect;
use super::refusal::{lacking, not_allowed};
use crate::model::error::CallError;
use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Join, JoinConstraint, JoinOperator, LimitClause, OffsetRows,
    OrderByExpr, OrderByKind, OrderBySort, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier, Statement, TableAlias,
    TableFactor, TableWithJoins, Value, WildcardAdditionalOptions,
};
use sqlparser::parser::Parser;
use std::fmt::Display;

const QUERY: &str = "SELECT 1";

/// Checks the clauses of a query, except for its parts.
pub(super) fn query(query: &Query, dialect: Dialect) -> Result<(), CallError> {
    if !query.locks.is_empty() {
        return Err(not_allowed(
            "a locking clause in a sub-query, or one in another form than FOR UPDATE and LOCK IN \
             SHARE MODE at the end of the whole SELECT",
        ));
    }
    body(&query.body, dialect)?;
    if let Some(order_by) = &query.order_by {
        match &order_by.kind {
            OrderByKind::Expressions(list) if order_by.interpolate.is_none() => {
                order(list, dialect)?;
            }
            _ => return Err(not_allowed(format!("the clause {order_by}"))),
        }
    }
    if let Some(limit) = &query.limit_clause {
        bounds(limit, dialect)?;
    }
    let least = least_query(dialect);
    let rest = Query {
        body: least.body.clone(),
        order_by: None,
        limit_clause: None,
        with: None,
        ..query.clone()
    };
    nothing(&rest, &*least, QUERY, dialect)
}

fn body(body: &SetExpr, dialect: Dialect) -> Result<(), CallError> {
    match body {
        SetExpr::Values(values) if values.explicit_row => Err(not_allowed("VALUES ROW (…)")),
        SetExpr::Values(values) if values.value_keyword && dialect != Dialect::Mysql => {
            Err(lacking("VALUE for VALUES", dialect))
        }
        SetExpr::Query(_) if dialect == Dialect::Sqlite => {
            Err(lacking("a SELECT in brackets", dialect))
        }
        SetExpr::SetOperation {
            op, set_quantifier, ..
        } => {
            let is_known = match (op, set_quantifier) {
                (SetOperator::Union, SetQuantifier::All | SetQuantifier::None)
                | (SetOperator::Except | SetOperator::Intersect, SetQuantifier::None) => true,
                (SetOperator::Union, SetQuantifier::Distinct) => dialect != Dialect::Sqlite,
                _ => false,
            };
            match is_known {
                true => Ok(()),
                false => Err(not_allowed(format!("{op} {set_quantifier}"))),
            }
        }
        _ => Ok(()),
    }
}

/// Checks the clauses of a SELECT, except for its expressions.
pub(super) fn select(select: &Select, dialect: Dialect) -> Result<(), CallError> {
    match &select.distinct {
        None | Some(Distinct::Distinct) => {}
        Some(Distinct::All) => return Err(not_allowed("SELECT ALL")),
        Some(Distinct::On(_)) => return Err(not_allowed("DISTINCT ON")),
    }
    match &select.group_by {
        GroupByExpr::Expressions(_, with) if with.is_empty() => {}
        other => return Err(not_allowed(format!("{other}"))),
    }
    items(&select.projection)?;
    for from in &select.from {
        tables(from, dialect)?;
    }
    let SetExpr::Select(least) = *least_query(dialect).body else {
        unreachable!("it is a SELECT");
    };
    let rest = Select {
        distinct: None,
        projection: least.projection.clone(),
        from: Vec::new(),
        selection: None,
        group_by: least.group_by.clone(),
        having: None,
        // It was refused with its own words before.
        into: None,
        ..select.clone()
    };
    nothing(&rest, &*least, QUERY, dialect)
}

/// The columns of a SELECT or of RETURNING.
fn items(items: &[SelectItem]) -> Result<(), CallError> {
    let plain = WildcardAdditionalOptions::default();
    for item in items {
        match item {
            SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. } => {}
            SelectItem::Wildcard(options) if *options == plain => {}
            SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(_),
                options,
            ) if *options == plain => {}
            other => return Err(not_allowed(format!("{other} as a column"))),
        }
    }
    Ok(())
}

fn order(list: &[OrderByExpr], dialect: Dialect) -> Result<(), CallError> {
    for by in list {
        let is_known = matches!(
            by.options.sort,
            None | Some(OrderBySort::Asc) | Some(OrderBySort::Desc)
        );
        let nulls = by.options.nulls_first.is_some() && dialect == Dialect::Mysql;
        if !is_known || nulls || by.with_fill.is_some() {
            return Err(lacking(format!("ORDER BY {by}"), dialect));
        }
    }
    Ok(())
}

fn bounds(limit: &LimitClause, dialect: Dialect) -> Result<(), CallError> {
    let (limit, offset) = match limit {
        LimitClause::LimitOffset {
            limit: Some(limit),
            offset,
            limit_by,
        } if limit_by.is_empty() => match offset {
            Some(offset) if offset.rows != OffsetRows::None => {
                return Err(not_allowed(format!("{offset}")));
            }
            offset => (limit, offset.as_ref().map(|offset| &offset.value)),
        },
        LimitClause::OffsetCommaLimit { offset, limit } => (limit, Some(offset)),
        other => return Err(not_allowed(format!("the clause{other}"))),
    };
    bound(limit, dialect)?;
    offset.map_or(Ok(()), |offset| bound(offset, dialect))
}

/// MariaDB takes a number or a parameter.
fn bound(limit: &Expr, dialect: Dialect) -> Result<(), CallError> {
    let is_plain = matches!(limit, Expr::Value(value)
        if matches!(value.value, Value::Number(..) | Value::Placeholder(_)));
    match is_plain || dialect != Dialect::Mysql {
        true => Ok(()),
        false => Err(not_allowed(format!(
            "LIMIT {limit}; MariaDB takes a number or a ? there"
        ))),
    }
}

fn tables(from: &TableWithJoins, dialect: Dialect) -> Result<(), CallError> {
    for Join {
        global,
        join_operator,
        ..
    } in &from.joins
    {
        let is_known = match join_operator {
            JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_) => true,
            JoinOperator::Left(on)
            | JoinOperator::LeftOuter(on)
            | JoinOperator::Right(on)
            | JoinOperator::RightOuter(on) => *on != JoinConstraint::None,
            JoinOperator::FullOuter(_) => dialect != Dialect::Mysql,
            _ => false,
        };
        if !is_known || *global {
            return Err(lacking("a join of this kind", dialect));
        }
    }
    Ok(())
}

/// A table, a sub-query or a join in brackets, with its alias and nothing else.
pub(super) fn table(factor: &TableFactor, dialect: Dialect) -> Result<(), CallError> {
    let other = || Err(not_allowed(format!("{factor} as a table")));
    match factor {
        TableFactor::Table { name, alias, .. } => {
            let plain = TableFactor::Table {
                name: name.clone(),
                alias: alias.clone(),
                args: None,
                with_hints: Vec::new(),
                version: None,
                with_ordinality: false,
                partitions: Vec::new(),
                json_path: None,
                sample: None,
                index_hints: Vec::new(),
            };
            match plain == *factor && is_plain(alias.as_ref()) {
                true => Ok(()),
                false => other(),
            }
        }
        TableFactor::Derived {
            lateral: false,
            sample: None,
            alias,
            ..
        } if is_plain(alias.as_ref()) => match (alias, dialect) {
            (None, Dialect::Mysql | Dialect::Postgres) => Err(not_allowed(format!(
                "a sub-query in FROM without a name, which {} asks for",
                dialect.server()
            ))),
            _ => Ok(()),
        },
        TableFactor::NestedJoin {
            table_with_joins,
            alias: None,
        } => tables(table_with_joins, dialect),
        _ => other(),
    }
}

fn is_plain(alias: Option<&TableAlias>) -> bool {
    alias.is_none_or(|alias| alias.columns.is_empty() && alias.at.is_none())
}

fn least(text: &str, dialect: Dialect) -> Statement {
    let parsed = Parser::parse_sql(dialect.parser(), text);
    let mut parsed = parsed.expect("the smallest statement of its kind");
    parsed.pop().expect("one statement")
}

fn least_query(dialect: Dialect) -> Box<Query> {
    match least(QUERY, dialect) {
        Statement::Query(query) => query,
        _ => unreachable!("it is a query"),
    }
}

fn nothing<T: PartialEq + Display>(
    rest: &T,
    least: &T,
    text: &str,
    dialect: Dialect,
) -> Result<(), CallError> {
    if rest == least {
        return Ok(());
    }
    let rest = rest.to_string();
    let named = rest.strip_prefix(text).unwrap_or(&rest).trim().to_owned();
    let server = dialect.server();
    Err(not_allowed(format!(
        "this clause for {server}: {named}; it is of another dialect, a hint, or reads and writes \
         more than tables"
    )))
}
